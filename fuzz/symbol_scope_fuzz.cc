// libFuzzer target for the tables that the loader binds symbols by: clang++ -std=c++20
// -fsanitize=fuzzer,address,undefined -Isrc fuzz/symbol_scope_fuzz.cc
// src/binary/{symbol_scope,symbol_scope_reader,dynamic_section_image,elf_headers}.cc src/world/file_reader.cc
// src/base/{text,result}.cc -lfmt
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "binary/loader/symbol_scope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  varve::FileHandle file(memfd_create("fuzz", MFD_CLOEXEC));
  if (!file || write(file.fd(), data, size) != static_cast<ssize_t>(size)) return 0;
  auto reader = varve::FileReader::open(file.fd(), "fuzz");
  if (!reader) return 0;
  auto symbols = varve::DynamicSymbols::read(*reader, "fuzz");
  if (!symbols) return 0;
  (void)symbols->defines("f", nullptr);
  // Itself as the only file of its scope, and as the one whose versions it wants.
  const varve::DynamicSymbols* scope[] = {&*symbols};
  (void)varve::unbound_symbols(*symbols, scope, [&](const std::string&) { return &*symbols; });
  return 0;
}
