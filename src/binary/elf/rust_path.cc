// The newer mangling of Rust ("_RNv…", RFC 2603): a path is read from the left, and what was written before is referred
// to by its place.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <utility>

#include "binary/elf/rust_name.h"

namespace varve {

namespace {
constexpr int kDeepestPath = 100;
constexpr int kMostParts = 20'000;  // references make a short symbol long
constexpr std::size_t kLongest = std::size_t{16} << 10;

// The types that are one letter, from 'a' on; empty: none.
constexpr std::string_view kBasic[26] = {"i8",    "bool", "char", "f64", "str",  "f32",  "",    "u8", "isize",
                                         "usize", "",     "i32",  "u32", "i128", "u128", "_",   "",   "",
                                         "i16",   "u16",  "()",   "...", "",     "i64",  "u64", "!"};

class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  std::optional<std::string> read() {
    path();
    if (failed_ || text_.empty()) return std::nullopt;
    if (at_ < text_.size() && text_[at_] != '.') {  // the crate that asked for it
      const std::size_t size = out_.size();
      path();
      out_.resize(std::min(size, out_.size()));
    }
    if (failed_ || (at_ < text_.size() && text_[at_] != '.')) return std::nullopt;
    return out_;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char letter) {
    if (peek() != letter || letter == '\0') return false;
    ++at_;
    return true;
  }
  char next() {
    if (at_ >= text_.size()) failed_ = true;
    return failed_ ? '\0' : text_[at_++];
  }
  void put(std::string_view text) {
    if (out_.size() + text.size() > kLongest) failed_ = true;
    if (!failed_) out_ += text;
  }

  // "_" is 0, "0_" is 1; a crate's hash may be larger than any number that matters.
  std::uint64_t base62() {
    if (take('_')) return 0;
    std::uint64_t value = 0;
    while (!failed_) {
      const char letter = next();
      if (letter == '_') return value + 1;
      const int digit = letter >= '0' && letter <= '9'   ? letter - '0'
                        : letter >= 'a' && letter <= 'z' ? letter - 'a' + 10
                        : letter >= 'A' && letter <= 'Z' ? letter - 'A' + 36
                                                         : -1;
      if (digit < 0) failed_ = true;
      value = value * 62 + static_cast<std::uint64_t>(digit < 0 ? 0 : digit);
    }
    return 0;
  }
  std::uint64_t disambiguator() { return take('s') ? base62() + 1 : 0; }

  std::string_view identifier() {
    take('u');  // Punycode: shown as it stands
    std::size_t length = 0;
    if (!take('0')) {  // no digit follows a zero: the next identifier may begin there
      const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), length);
      if (problem != std::errc()) return fail();
      at_ = static_cast<std::size_t>(end - text_.data());
    }
    take('_');
    if (length > text_.size() - at_) return fail();
    const std::string_view name = text_.substr(at_, length);
    at_ += length;
    return name;
  }
  std::string_view fail() {
    failed_ = true;
    return "";
  }

  // One level further in; false: it is enough.
  bool enter() {
    if (++depth_ > kDeepestPath || ++parts_ > kMostParts) failed_ = true;
    return !failed_;
  }

  template <class Read>
  void refer(Read read) {
    const std::size_t from = at_ - 1;
    const std::uint64_t place = base62();
    if (place >= from) failed_ = true;
    if (failed_) return;
    const std::size_t back = at_;
    at_ = static_cast<std::size_t>(place);
    read();
    at_ = back;
  }

  void path() {
    if (!enter()) return;
    switch (next()) {
      case 'C':
        disambiguator();
        put(identifier());
        break;
      case 'N':
        nested();
        break;
      case 'M':
        skip_place();
        put("<");
        type();
        put(">");
        break;
      case 'X':
        skip_place();
        trait_of_type();
        break;
      case 'Y':
        trait_of_type();
        break;
      case 'I':
        path();
        put(in_type_ ? "<" : "::<");
        list([this] { argument(); });
        put(">");
        break;
      case 'B':
        refer([this] { path(); });
        break;
      default:
        failed_ = true;
    }
    --depth_;
  }
  // Where an implementation stands, which nobody writes.
  void skip_place() {
    disambiguator();
    const std::size_t size = out_.size();
    path();
    out_.resize(std::min(size, out_.size()));
  }
  void trait_of_type() {
    put("<");
    type();
    put(" as ");
    as_type([this] { path(); });
    put(">");
  }
  void nested() {
    const char space = next();
    path();
    const std::uint64_t number = disambiguator();
    const std::string_view name = identifier();
    if (space == 'C') {
      put(fmt::format("::{{closure#{}}}", number));
    } else if (space >= 'A' && space <= 'Z') {
      const std::string kind = space == 'S' ? "shim" : std::string(1, space);
      put(fmt::format("::{{{}{}{}#{}}}", kind, name.empty() ? "" : ":", name, number));
    } else if (!name.empty()) {
      put("::");
      put(name);
    }
  }

  // Up to 'E', with commas between.
  template <class Read>
  int list(Read read) {
    int count = 0;
    for (; !failed_ && !take('E'); ++count) {
      if (count > 0) put(", ");
      read();
    }
    return count;
  }
  void argument() {
    if (take('L')) {
      base62();
      put("'_");
    } else if (take('K')) {
      constant();
    } else {
      type();
    }
  }
  void reference(std::string_view mark) {
    put(mark);
    if (take('L')) base62();
    type();
  }

  // What is written in a type has its arguments without the colons that they have behind a function.
  template <class Read>
  void as_type(Read read) {
    const bool before = std::exchange(in_type_, true);
    read();
    in_type_ = before;
  }

  void type() {
    if (!enter()) return;
    as_type([this] { any_type(); });
    --depth_;
  }
  void any_type() {
    const char letter = next();
    if (letter >= 'a' && letter <= 'z') {
      const std::string_view name = kBasic[letter - 'a'];
      if (name.empty()) failed_ = true;
      put(name);
    } else {
      compound(letter);
    }
  }
  void compound(char letter) {
    switch (letter) {
      case 'A':
        put("[");
        type();
        put("; ");
        constant();
        put("]");
        break;
      case 'S':
        put("[");
        type();
        put("]");
        break;
      case 'T':
        put("(");
        if (list([this] { type(); }) == 1) put(",");
        put(")");
        break;
      case 'R':
        reference("&");
        break;
      case 'Q':
        reference("&mut ");
        break;
      case 'P':
        reference("*const ");
        break;
      case 'O':
        reference("*mut ");
        break;
      case 'F':
        function();
        break;
      case 'D':
        traits();
        break;
      case 'B':
        refer([this] { type(); });
        break;
      default:
        --at_;
        path();
    }
  }
  void function() {
    if (take('G')) base62();
    take('U');
    if (take('K') && !take('C')) identifier();
    put("fn(");
    list([this] { type(); });
    put(")");
    if (take('u')) return;  // of nothing
    put(" -> ");
    type();
  }
  void traits() {
    if (take('G')) base62();
    put("dyn ");
    for (int count = 0; !failed_ && !take('E'); ++count) {
      if (count > 0) put(" + ");
      path();
      associated_types();
    }
    if (!take('L')) failed_ = true;
    base62();
  }
  // "Output = u32", among the arguments of the trait that was written.
  void associated_types() {
    if (peek() != 'p') return;
    const bool has_arguments = out_.ends_with('>');
    if (has_arguments) out_.pop_back();
    put(has_arguments ? ", " : "<");
    for (int count = 0; take('p'); ++count) {
      if (count > 0) put(", ");
      put(identifier());
      put(" = ");
      type();
    }
    put(">");
  }
  void constant() {
    if (!enter()) return;
    if (take('p')) {
      put("_");
    } else if (take('B')) {
      refer([this] { constant(); });
    } else {
      const char type = next();  // a basic one
      if (take('n')) put("-");
      number_of(type);
    }
    --depth_;
  }
  // Digits of base 16 up to '_'.
  void number_of(char type) {
    std::string digits;
    for (char digit = next(); !failed_ && digit != '_'; digit = next()) digits += digit;
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    const bool is_number = problem == std::errc() && end == digits.data() + digits.size();
    if (is_number && type == 'b') {
      put(value != 0 ? "true" : "false");
    } else if (is_number && type == 'c' && value >= 0x20 && value < 0x7f) {
      put(fmt::format("'{}'", static_cast<char>(value)));
    } else {
      put(is_number ? std::to_string(value) : "0x" + digits);
    }
  }

  std::string_view text_;  // behind "_R"
  std::size_t at_ = 0;
  std::string out_;
  int depth_ = 0, parts_ = 0;
  bool failed_ = false, in_type_ = false;
};
}  // namespace

std::optional<std::string> rust_path(std::string_view symbol) {
  if (!symbol.starts_with("_R")) return std::nullopt;
  return PathReader(symbol.substr(2)).read();
}

}  // namespace varve
