#include "rules/log/log_text.h"

#include <array>

namespace varve {

namespace {
constexpr char kEscape = '\x1b';
// UTF-8 of U+2018, U+2019, U+201C and U+201D: these two bytes and a third.
constexpr unsigned char kGeneralBlock = 0xe2, kPunctuationBlock = 0x80;
constexpr int kLongestSequence = 256;  // a hyperlink's address

// Whether a byte of plain text needs a second look.
constexpr std::array<bool, 256> special_bytes() {
  std::array<bool, 256> special{};
  special['\0'] = special['\b'] = special['\r'] = special['\\'] = true;
  special[static_cast<unsigned char>(kEscape)] = special[kGeneralBlock] = true;
  return special;
}
constexpr std::array<bool, 256> kSpecial = special_bytes();
}  // namespace

// The bytes of a character that turned out to be no quotation mark.
void LogCleaner::add_open_bytes(std::string& cleaned) {
  if (state_ != State::general_block && state_ != State::punctuation_block) return;
  cleaned += static_cast<char>(kGeneralBlock);
  if (state_ == State::punctuation_block) cleaned += static_cast<char>(kPunctuationBlock);
}

void LogCleaner::step(char c, std::string& cleaned) {
  if (c == '\n') {
    if (state_ == State::backslash) cleaned += '\\';
    add_open_bytes(cleaned);
    state_ = State::text;
    cleaned += c;
    return;
  }
  ++length_;
  switch (state_) {
    case State::escape:
      state_ = c == '[' ? State::control_sequence : c == ']' ? State::command : State::text;
      return;
    case State::control_sequence:
      if ((c >= '@' && c <= '~') || length_ > kLongestSequence) state_ = State::text;
      return;
    case State::command:
      if (c == '\a' || length_ > kLongestSequence) state_ = State::text;
      if (c == kEscape) state_ = State::escape;  // ESC \ ends it
      return;
    case State::backslash:
      state_ = State::text;
      if (c == 'n' || c == 'r' || c == 't') {
        cleaned += "  ";
        return;
      }
      cleaned += '\\';
      if (c == '\\') {
        state_ = State::backslash;
        return;
      }
      break;
    case State::general_block:
      if (static_cast<unsigned char>(c) == kPunctuationBlock) {
        state_ = State::punctuation_block;
        return;
      }
      add_open_bytes(cleaned);
      state_ = State::text;
      break;
    case State::punctuation_block: {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_single = byte == 0x98 || byte == 0x99, is_double = byte == 0x9c || byte == 0x9d;
      if (is_single || is_double) {
        cleaned += is_single ? '\'' : '"';
        state_ = State::text;
        return;
      }
      add_open_bytes(cleaned);
      state_ = State::text;
      break;
    }
    case State::text:
      break;
  }
  if (static_cast<unsigned char>(c) == kGeneralBlock) {
    state_ = State::general_block;
  } else if (c == kEscape) {
    state_ = State::escape;
    length_ = 0;
  } else if (c == '\\') {
    state_ = State::backslash;
  } else if (c == '\r') {
    cleaned += ' ';
  } else if (c != '\0' && c != '\b') {
    cleaned += c;
  }
}

void LogCleaner::add(std::string_view raw, std::string& cleaned) {
  std::size_t at = 0;
  while (at < raw.size()) {
    std::size_t end = at;
    if (state_ == State::text) {
      while (end < raw.size() && !kSpecial[static_cast<unsigned char>(raw[end])]) ++end;
      cleaned.append(raw, at, end - at);
    }
    if (end < raw.size()) step(raw[end++], cleaned);
    at = end;
  }
}

}  // namespace varve
