#pragma once
#include <string>
#include <string_view>

namespace varve {

// Takes out of a log what hides its messages, piece by piece: escape sequences of terminals (ECMA-48: CSI, OSC and the
// two-byte ones), zero bytes (UTF-16), backspaces. Quotation marks of print are those of programs. Carriage returns and
// an "\n" that is spelt out (a message inside a line of JSON) become blanks. Line ends stay, so that lines keep their
// numbers.
class LogCleaner {
 public:
  void add(std::string_view raw, std::string& cleaned);  // appends

 private:
  enum class State { text, escape, control_sequence, command, backslash, general_block, punctuation_block };
  void step(char c, std::string& cleaned);
  void add_open_bytes(std::string& cleaned);

  State state_ = State::text;
  int length_ = 0;  // of the sequence: a stray escape does not swallow a log
};

}  // namespace varve
