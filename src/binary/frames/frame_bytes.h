#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace varve {

// Reads the numbers of unwind tables one after the other. Every read after the end gives 0 and leaves ok() false.
class FrameBytes {
 public:
  explicit FrameBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }

  template <class Value>
  Value value() {
    Value read{};
    const auto bytes = take(sizeof read);
    if (bytes.size() == sizeof read) std::memcpy(&read, bytes.data(), sizeof read);
    return read;
  }
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > left()) {
      ok_ = false;
      at_ = bytes_.size();
      return {};
    }
    const auto taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return taken;
  }
  // LEB128 (DWARF 5, 7.6); bits beyond 64 are dropped.
  std::uint64_t uleb() {
    unsigned bits = 0;
    bool negative = false;
    return leb(bits, negative);
  }
  std::int64_t sleb() {
    unsigned bits = 0;
    bool negative = false;
    std::uint64_t number = leb(bits, negative);
    if (negative && bits < 64) number |= ~std::uint64_t{0} << bits;
    return static_cast<std::int64_t>(number);
  }

 private:
  std::uint64_t leb(unsigned& bits, bool& negative) {
    std::uint64_t number = 0;
    while (true) {
      const auto byte = value<std::uint8_t>();
      if (bits < 64) number |= std::uint64_t{byte & 0x7fu} << bits;
      bits += 7;
      negative = (byte & 0x40) != 0;
      if ((byte & 0x80) == 0) return number;
    }
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace varve
