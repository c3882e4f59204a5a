#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace.h"

namespace varve {

enum class JsonToken {
  object,
  end_object,
  array,
  end_array,
  key,
  text,
  number,   // and everything else that is no text: true, false, null, NaN; as it stands there
  end,      // of the bytes, where JSON may end
  damaged,  // what follows is no JSON, or the bytes end where they must not; there is nothing more to read
};

// JSON (RFC 8259) as it streams by, token by token, for traces that are one document of hundreds of megabytes: the
// memory is that of a block and of the longest text, and nesting costs a bit a level instead of the stack.
// White space, commas and colons are passed over without a look at where they stand.
class JsonStream {
 public:
  explicit JsonStream(TraceInput& input) : input_(input) {}

  JsonToken next();
  // Of the last key, text or number, without its quotes and with its escapes resolved; valid until the next call.
  std::string_view text() const { return text_; }
  std::uint64_t at() const { return base_ + token_; }  // byte of the trace where the last token begins
  std::size_t depth() const { return is_object_.size(); }

  // Passes over the rest of the object or array that has just begun. False: damaged before its end.
  bool skip();
  // Why reading stopped, when it was neither damage nor the end: reading or inflating failed.
  const Status& status() const { return status_; }

 private:
  bool fill();  // more bytes behind those that are there; false: there are none
  bool take_text();
  void take_word();
  JsonToken opened(bool is_object);
  JsonToken closed(bool is_object);
  void unescape(std::string_view raw);

  TraceInput& input_;
  Status status_ = Done{};
  std::string buffer_, unescaped_;
  std::string_view text_;
  std::size_t from_ = 0, token_ = 0;  // in buffer_
  std::uint64_t base_ = 0;            // of buffer_'s first byte, in the trace
  std::vector<bool> is_object_;       // what the open brackets are
  bool wants_key_ = false, is_damaged_ = false;
};

// A value to be taken out of an object: by where it stands below it, "dispatch_info.grid_size.x" or, in what every
// element of an array holds, "mem_banks[].size".
struct JsonWish {
  std::string_view path;
  std::int64_t* number = nullptr;  // one of the two; whole numbers only
  std::string* text = nullptr;
};

// Reads the object that has just begun to its end and fills what is wished for; what is not there stays as it was, and
// of several the last counts. False: damaged before its end.
bool take_object(JsonStream& stream, std::span<const JsonWish> wishes);

// Calls `take(key, token)` for every key of the object that has just begun, with the token that its value begins with;
// an object or array that begins there is for `take` to read to its end. False: damaged, or `take` said so.
template <class Take>
bool each_key(JsonStream& stream, Take take) {
  while (true) {
    JsonToken token = stream.next();
    if (token == JsonToken::end_object) return true;
    if (token != JsonToken::key) return false;
    const std::string key(stream.text());
    token = stream.next();
    if (token == JsonToken::damaged || token == JsonToken::end) return false;
    if (!take(key, token)) return false;
  }
}

// Calls `take()` for every object in the array that has just begun, which it is to read to its end; passes over all
// else in it. False: damaged, or `take` said so.
template <class Take>
bool each_object(JsonStream& stream, Take take) {
  while (true) {
    const JsonToken token = stream.next();
    if (token == JsonToken::end_array) return true;
    if (token == JsonToken::damaged || token == JsonToken::end || token == JsonToken::end_object) return false;
    if (token == JsonToken::array && !stream.skip()) return false;
    if (token == JsonToken::object && !take()) return false;
  }
}

// Passes over a value by the token that it begins with.
inline bool skip_value(JsonStream& stream, JsonToken token) {
  return (token != JsonToken::object && token != JsonToken::array) || stream.skip();
}

}  // namespace varve
