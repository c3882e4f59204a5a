// The call frame tables of an ELF file, and the code before a place to which a call may return. The file is also a
// stack that is walked with its own tables.
#include "binary/elf/symbols.h"
#include "binary/frames/code_file.h"
#include "kernels/stacks/stack_walk.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::FileReader file = memory_file(data, size);
  const auto symbols = varve::SymbolTable::read(file.fd(), "fuzz");
  if (!symbols) return 0;
  varve::CodeFile code(file, "fuzz", *symbols);
  const auto find = [&](std::uint64_t address) -> varve::FrameCode {
    const auto place = symbols->virtual_address(address);
    return place ? varve::FrameCode{&code, *place} : varve::FrameCode{};
  };
  const varve::StackBytes stack{0x7f0000000000, std::as_bytes(std::span(data, size))};
  for (std::uint64_t offset = 0; offset < size; offset += 1 + size / 16) {
    const std::uint64_t address = symbols->virtual_address(offset).value_or(offset);
    (void)code.rules_at(address);
    (void)code.call_before_address(address);
    varve::FrameRegisters registers;
    registers.set(varve::kRsp, stack.start + offset);
    registers.set(varve::kRbp, stack.start + size / 2);
    registers.set(varve::kReturnAddress, offset);
    (void)varve::walk_stack(registers, stack, find);
    code.trim();
  }
  return 0;
}
