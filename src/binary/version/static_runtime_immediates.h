#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace varve {

// A 32-bit constant that x86-64 code stores to memory (c7 /0 imm32: mov dword ptr [address], imm32) or loads into a
// register (b8+r imm32). Found by these bytes alone, at every offset: nothing is disassembled, so some are no
// instructions at all (Intel SDM volume 2, MOV and section 2.1.5).
struct StoredNumber {
  std::uint32_t value = 0;
  bool to_memory = false;
  bool plain_address = false;        // [register] without displacement, as a getter writes to its argument
  bool before_return = false;        // a ret (c3) follows within 4 bytes: "xor eax, eax; ret", "pop rbp; ret"
  std::uint8_t register_number = 0;  // of the address: 0 rax, 1 rcx, 2 rdx, 6 rsi, 7 rdi; of b8+r: the target
};

// The longest form, c7 ModRM SIB disp32 imm32, and the 5 bytes in which a return is looked for.
inline constexpr std::size_t kLongestStore = 16;

// Every such constant whose bytes start in [0, limit) and end inside `code`.
std::vector<StoredNumber> stored_numbers(std::span<const std::byte> code, std::size_t limit, bool registers_too);

}  // namespace varve
