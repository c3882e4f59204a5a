// The tables of symbols of an ELF file, and the names in them.
#include "binary/elf/build_id.h"
#include "binary/elf/demangle.h"
#include "binary/elf/symbols.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::FileReader file = memory_file(data, size);
  (void)varve::read_build_id(file, "fuzz");
  const auto table = varve::SymbolTable::read(file.fd(), "fuzz");
  if (!table) return 0;
  for (std::uint64_t offset = 0; offset < size; offset += 1 + size / 64) {
    auto range = table->find(table->virtual_address(offset).value_or(offset));
    if (range) (void)varve::demangle(range->symbol);
  }
  return 0;
}
