#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace varve {

// Registers of x86-64 by their DWARF numbers (System V ABI, AMD64 supplement, figure 3.36).
inline constexpr std::uint32_t kRbx = 3, kRbp = 6, kRsp = 7, kReturnAddress = 16, kFrameRegisters = 17;

// What is known of the registers in a frame. The return address stands for the place in the code.
struct FrameRegisters {
  std::array<std::uint64_t, kFrameRegisters> values{};
  std::uint32_t known = 0;  // a bit a register

  std::optional<std::uint64_t> get(std::uint64_t number) const {
    if (number >= kFrameRegisters || (known >> number & 1) == 0) return std::nullopt;
    return values[static_cast<std::size_t>(number)];
  }
  void set(std::uint32_t number, std::uint64_t value) {
    values[number] = value;
    known |= 1u << number;
  }
};

// A part of a stack as it was: `start` is the address of its first byte. Lower bytes were pushed later.
struct StackBytes {
  std::uint64_t start = 0;
  std::span<const std::byte> bytes;

  std::optional<std::uint64_t> word(std::uint64_t address) const;
  std::uint64_t end() const { return start + bytes.size(); }
};

// Where a function keeps its caller's value of a register.
struct SavedRegister {
  enum class How : std::uint8_t { same, undefined, at_offset, is_offset, in_register, at_expression, is_expression };
  std::uint32_t number = 0;
  How how = How::same;
  std::int64_t value = 0;  // an offset from the canonical frame address, or a register
  std::string expression;  // of DWARF
};

// How to get from a frame to its caller's, at one place in a function: the row of its call frame table there.
struct FrameRules {
  std::uint64_t cfa_register = kRsp;
  std::int64_t cfa_offset = 0;
  std::string cfa_expression;  // where it is not empty it counts instead
  std::vector<SavedRegister> saved;
  bool signal = false;  // the frame of a signal handler: its caller stood at the address, not behind a call
};

// The canonical frame address: the value of the stack pointer in the caller, behind its call. Nothing when the
// registers or words it takes are not known.
std::optional<std::uint64_t> canonical_frame_address(const FrameRules& rules, const FrameRegisters& registers,
                                                     const StackBytes& stack);
// The registers of the caller. What cannot be told is not known there; the return address may be among that.
FrameRegisters caller_registers(const FrameRules& rules, std::uint64_t frame_address, const FrameRegisters& registers,
                                const StackBytes& stack);

}  // namespace varve
