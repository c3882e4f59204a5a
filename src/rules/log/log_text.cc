#include "rules/log/log_text.h"

#include <array>

namespace varve {

namespace {
constexpr char kEscape = '\x1b';
constexpr int kLongestSequence = 256;  // a hyperlink's address

// Whether a byte of plain text needs a second look.
constexpr std::array<bool, 256> special_bytes() {
  std::array<bool, 256> special{};
  special['\0'] = special['\b'] = special['\r'] = special['\\'] = true;
  special[static_cast<unsigned char>(kEscape)] = true;
  return special;
}
constexpr std::array<bool, 256> kSpecial = special_bytes();
}  // namespace

void LogCleaner::step(char c, std::string& cleaned) {
  if (c == '\n') {
    if (state_ == State::backslash) cleaned += '\\';
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
    case State::text:
      break;
  }
  if (c == kEscape) {
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
