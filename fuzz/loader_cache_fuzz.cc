// ld.so.cache, which a root that somebody else made holds.
#include <elf.h>

#include "binary/loader/loader_cache.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cache = varve::read_loader_cache(memory_file(data, size), "fuzz");
  if (cache) (void)cache->find("libcuda.so.1", EM_X86_64);
  return 0;
}
