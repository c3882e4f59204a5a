// libFuzzer target for the ELF reader: clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Isrc fuzz/elf_fuzz.cc
// src/binary/{symbols,demangle,build_id,elf_headers}.cc src/world/file_reader.cc src/base/{hash,text,result}.cc -lfmt
// -lcrypto
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "binary/elf/build_id.h"
#include "binary/elf/demangle.h"
#include "binary/elf/symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || write(fd, data, size) != static_cast<ssize_t>(size)) return 0;
  if (auto reader = varve::FileReader::open(fd, "fuzz")) (void)varve::read_build_id(*reader, "fuzz");
  auto table = varve::SymbolTable::read(fd, "fuzz");
  close(fd);
  if (!table) return 0;
  for (std::uint64_t offset = 0; offset < size; offset += 1 + size / 64) {
    auto range = table->find(table->virtual_address(offset).value_or(offset));
    if (range) (void)varve::demangle(range->symbol);
  }
  return 0;
}
