#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace varve {

// A line of a text as readers see it: without its end, without escape sequences of terminals, blanks behind it and the
// marks that quoting puts before it ("> ", "`"), numbers of lines and marks of a diff. It is valid until the next line.
struct TextLine {
  std::string_view text;
  std::int64_t number = 0;  // from 1
  // Which bytes stand in it, a bit for all that have the same lower six bits: most of what readers look for they need
  // not search. Of a line that was put together by a reader all.
  std::uint64_t bytes = ~std::uint64_t{0};
  bool is_quoted = false;  // "> " stood before it
};

constexpr std::uint64_t bytes_of(std::string_view text) {
  std::uint64_t bytes = 0;
  for (const char c : text) bytes |= std::uint64_t{1} << (static_cast<unsigned char>(c) & 63U);
  return bytes;
}

// A text that a reader looks for, and its bytes, told when the program is compiled.
struct SoughtText {
  template <std::size_t N>
  consteval SoughtText(const char (&literal)[N]) : text(literal, N - 1), bytes(bytes_of(text)) {}
  std::string_view text;
  std::uint64_t bytes;
};
// Whether it may stand in the line: false is sure.
inline bool may_hold(const TextLine& line, const SoughtText& sought) { return (sought.bytes & ~line.bytes) == 0; }
inline bool holds(const TextLine& line, const SoughtText& sought) {
  return may_hold(line, sought) && line.text.find(sought.text) != std::string_view::npos;
}

constexpr std::size_t kLineCap = std::size_t{16} << 10;  // bytes of a line that are looked at; the rest is passed over

// Cuts bytes into lines as they come. Memory is bounded by kLineCap, whatever the bytes are.
class LineCutter {
 public:
  using Take = std::function<void(const TextLine&)>;
  explicit LineCutter(Take take) : take_(std::move(take)) {}
  void add(std::string_view bytes);
  void end();  // a last line without an end
  std::int64_t lines() const { return number_; }

 private:
  void give(std::string_view raw);
  std::string_view without_container(std::string_view text);
  std::string_view without_number(std::string_view text);
  std::optional<std::string_view> without_diff(std::string_view text);

  Take take_;
  std::string open_;  // the start of a line whose end has not come
  bool is_long_ = false;
  std::int64_t number_ = 0;
  std::string cleaned_, logged_;
  std::string container_;                    // whose name may stand before lines
  std::int64_t listed_ = -1;                 // the number that somebody put before the last line; -1: none
  std::int64_t taken_away_ = 0, added_ = 0;  // lines of a hunk of a diff that are still to come
  bool is_in_diff_ = false;                  // a fence of Markdown says that it is one
};

// Whether the line opens or closes a fence of Markdown: ``` or ~~~, a language may follow.
bool is_fence(std::string_view line);

}  // namespace varve
