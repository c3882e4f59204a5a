// libFuzzer target for the reader of ld.so.cache: clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Isrc
// fuzz/loader_cache_fuzz.cc src/binary/loader/loader_cache.cc src/world/file_reader.cc src/base/result.cc -lfmt
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "binary/loader/loader_cache.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  varve::FileHandle file(memfd_create("fuzz", MFD_CLOEXEC));
  if (!file || write(file.fd(), data, size) != static_cast<ssize_t>(size)) return 0;
  auto reader = varve::FileReader::open(file.fd(), "fuzz");
  if (!reader) return 0;
  auto cache = varve::read_loader_cache(*reader, "fuzz");
  if (cache) (void)cache->find("libcuda.so.1", EM_X86_64);
  return 0;
}
