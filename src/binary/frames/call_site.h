#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace varve {

// What stands before a place to which a call may return (Intel 64 manual, volume 2: CALL, near).
struct CallSite {
  enum class Kind : std::uint8_t { none, direct, indirect };
  Kind kind = Kind::none;
  std::uint64_t target = 0;  // of a direct call, in the same addresses as the place
};
inline constexpr std::size_t kLongestCall = 8;

// `before` are the bytes in front of `return_address`, at most kLongestCall of them. What ends in the bytes of an
// indirect call by chance is taken for one.
CallSite call_before(std::span<const std::byte> before, std::uint64_t return_address);

// The address of the slot through which a stub of a procedure linkage table jumps; nothing for other code. `code` is
// what stands at `address`, 16 bytes suffice.
std::optional<std::uint64_t> stub_slot(std::span<const std::byte> code, std::uint64_t address);

// How a function may go on in another one without a call: the jump that ends it leads to `target`, or to a place that
// only the running program knows. `code` is the function's, from `address` on.
enum class TailJump { none, direct, indirect };
TailJump tail_jump(std::span<const std::byte> code, std::uint64_t address, std::uint64_t target);

}  // namespace varve
