#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace varve {

// A field of a message as protocol buffers write it (protobuf.dev, "Encoding"): a number that the schema gives a name,
// and either a number or bytes: a text, another message or packed numbers, which only the schema can tell.
struct ProtobufField {
  std::uint32_t number = 0;
  bool is_bytes = false;
  std::uint64_t value = 0;           // of a varint or of 4 or 8 fixed bytes, as they stand there
  std::span<const std::byte> bytes;  // part of the message

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::int64_t integer() const { return static_cast<std::int64_t>(value); }  // int32, int64, enum and bool
  double real() const { return std::bit_cast<double>(value); }
};

// A varint at the beginning of `bytes`, which loses it; false when it does not end there or within 10 bytes.
bool take_varint(std::span<const std::byte>& bytes, std::uint64_t& value);

// The fields of one message, one after the other. Copies nothing, trusts nothing: a length is only ever compared with
// what is there.
class ProtobufReader {
 public:
  // The bytes must live longer.
  explicit ProtobufReader(std::span<const std::byte> message) : rest_(message) {}

  // The next field; false at the end and where the rest is no field: then is_damaged() is true.
  bool next(ProtobufField& field);
  bool is_damaged() const { return damaged_; }
  std::size_t left() const { return rest_.size(); }  // bytes behind the last whole field

 private:
  std::span<const std::byte> rest_;
  bool damaged_ = false;
};

}  // namespace varve
