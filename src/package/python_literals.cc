#include "package/python_literals.h"

#include <optional>
#include <utility>

#include "base/text.h"

namespace varve {

namespace {
constexpr int kMostLevels = 16;
constexpr int kMostValues = 65536;
constexpr std::size_t kMostNames = 4096;

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

class Reader {
 public:
  explicit Reader(std::string_view source) : text_(source) {}

  std::map<std::string, PythonValue> read_all() {
    std::map<std::string, PythonValue> constants;
    while (at_ < text_.size() && constants.size() < kMostNames) {
      const std::size_t start = at_;
      if (is_name_start(peek())) read_assignment(constants);
      at_ = start;
      skip_statement();
    }
    return constants;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || (peek() == '\\' && peek(1) == '\n')) at_ += peek() == '\\' ? 2 : 1;
  }

  void skip_comment() {
    while (at_ < text_.size() && peek() != '\n') ++at_;
  }

  // Inside brackets line ends and comments count as blanks.
  void skip_space() {
    while (at_ < text_.size()) {
      skip_blanks();
      if (peek() == '#') {
        skip_comment();
      } else if (peek() == '\n' || peek() == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string read_name() {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  void read_assignment(std::map<std::string, PythonValue>& constants) {
    std::vector<std::string> names = {read_name()};
    skip_blanks();
    if (peek() == ':' && !skip_annotation()) return;
    while (peek() == '=' && peek(1) != '=') {
      ++at_;
      skip_blanks();
      const std::size_t here = at_;
      if (is_name_start(peek()) && names.size() < 8) {
        std::string next = read_name();
        skip_blanks();
        if (peek() == '=' && peek(1) != '=') {
          names.push_back(std::move(next));
          continue;
        }
        at_ = here;
      }
      std::optional<PythonValue> value = read_value(0);
      skip_blanks();
      if (!value || (at_ < text_.size() && std::string_view("\r\n#;").find(peek()) == std::string_view::npos)) return;
      for (const std::string& name : names) constants[name] = *value;
      return;
    }
  }

  // ": Optional[str] " up to the equals sign on the same line.
  bool skip_annotation() {
    while (at_ < text_.size() && peek() != '\n' && peek() != '=') ++at_;
    return peek() == '=';
  }

  // To the beginning of the next logical line: strings, brackets and joined lines are passed over whole.
  void skip_statement() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '"' || c == '\'') {
        std::string ignored;
        if (!read_quoted(true, ignored)) skip_comment();
        continue;
      }
      if (c == '#') {
        skip_comment();
        continue;
      }
      ++at_;
      if (c == '\\' && peek() == '\n') ++at_;
      if (c == '(' || c == '[' || c == '{') ++depth;
      if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
      if (c == '\n' && depth == 0) return;
    }
  }

  std::optional<PythonValue> read_value(int level) {
    if (level > kMostLevels || ++values_ > kMostValues) return std::nullopt;
    const char c = peek();
    if (c == '"' || c == '\'') return read_text();
    if (c == '[' || c == '(') return read_list(level, c == '[' ? ']' : ')');
    if (c == '{') return read_mapping(level);
    if (is_digit(c) || ((c == '-' || c == '.') && is_digit(peek(1)))) return read_number();
    if (is_name_start(c)) return read_word(level);
    return std::nullopt;
  }

  std::optional<PythonValue> read_number() {
    const std::size_t begin = at_++;
    while (is_name_part(peek()) || peek() == '.') ++at_;
    return PythonValue{PythonValue::Kind::number, std::string(text_.substr(begin, at_ - begin)), {}, {}};
  }

  // A string with a prefix, a constant by name, or a call that makes a mapping.
  std::optional<PythonValue> read_word(int level) {
    const std::size_t begin = at_;
    while (is_name_part(peek()) || peek() == '.') ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word == "None") return PythonValue{PythonValue::Kind::none, {}, {}, {}};
    if (word == "True" || word == "False") return PythonValue{PythonValue::Kind::boolean, std::string(word), {}, {}};
    if ((peek() == '"' || peek() == '\'') && word.size() <= 2 &&
        word.find_first_not_of("rRuUbB") == std::string_view::npos) {
      at_ = begin;
      return read_text();
    }
    if (peek() == '(' && (word == "dict" || word == "OrderedDict" || word.ends_with(".OrderedDict"))) {
      return read_mapping_call(level);
    }
    return std::nullopt;
  }

  // OrderedDict({…}), OrderedDict([(key, value), …]), OrderedDict()
  std::optional<PythonValue> read_mapping_call(int level) {
    ++at_;
    skip_space();
    PythonValue result{PythonValue::Kind::mapping, {}, {}, {}};
    if (peek() != ')') {
      std::optional<PythonValue> inner = read_value(level + 1);
      if (!inner) return std::nullopt;
      if (inner->kind == PythonValue::Kind::list) {
        for (PythonValue& pair : inner->items) {
          if (pair.items.size() != 2) return std::nullopt;
          result.entries.push_back({std::move(pair.items[0].text), std::move(pair.items[1])});
        }
      } else if (inner->kind == PythonValue::Kind::mapping) {
        result = std::move(*inner);
      } else {
        return std::nullopt;
      }
      skip_space();
      if (peek() == ',') ++at_;
      skip_space();
    }
    if (peek() != ')') return std::nullopt;
    ++at_;
    return result;
  }

  // One or more strings side by side.
  std::optional<PythonValue> read_text() {
    PythonValue value{PythonValue::Kind::text, {}, {}, {}};
    while (true) {
      bool raw = false;
      while (is_name_start(peek())) {
        raw = raw || peek() == 'r' || peek() == 'R';
        ++at_;
      }
      if (!read_quoted(raw, value.text)) return std::nullopt;
      skip_blanks();
      if (peek() != '"' && peek() != '\'') return value;
    }
  }

  // At a quote; false when the string does not end.
  bool read_quoted(bool raw, std::string& into) {
    const char quote = peek();
    const std::string long_quote(3, quote);
    const bool is_long = starts(long_quote);
    at_ += is_long ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = peek();
      if (is_long ? starts(long_quote) : c == quote) {
        at_ += is_long ? 3 : 1;
        return true;
      }
      if (c == '\n' && !is_long) return false;
      if (c == '\\' && at_ + 1 < text_.size()) {
        read_escape(raw, into);
        continue;
      }
      into += c;
      ++at_;
    }
    return false;
  }

  // The escapes that versions and paths contain; others stay as they are written.
  void read_escape(bool raw, std::string& into) {
    const char next = peek(1);
    at_ += 2;
    if (raw || std::string_view("\\'\"nt\n").find(next) == std::string_view::npos) {
      into += '\\';
      into += next;
    } else if (next == 'n' || next == 't') {
      into += next == 'n' ? '\n' : '\t';
    } else if (next != '\n') {
      into += next;
    }
  }

  std::optional<PythonValue> read_list(int level, char close) {
    ++at_;
    PythonValue list{PythonValue::Kind::list, {}, {}, {}};
    bool comma = false;
    for (skip_space(); peek() != close; skip_space()) {
      std::optional<PythonValue> item = read_value(level + 1);
      if (!item) return std::nullopt;
      list.items.push_back(std::move(*item));
      skip_space();
      comma = peek() == ',';
      if (comma) {
        ++at_;
      } else if (peek() != close) {
        return std::nullopt;
      }
    }
    ++at_;
    if (close == ')' && list.items.size() == 1 && !comma) return PythonValue(list.items.front());
    return list;
  }

  std::optional<PythonValue> read_mapping(int level) {
    ++at_;
    PythonValue mapping{PythonValue::Kind::mapping, {}, {}, {}};
    for (skip_space(); peek() != '}'; skip_space()) {
      const std::optional<PythonValue> key = read_value(level + 1);
      skip_space();
      if (!key || peek() != ':') return std::nullopt;
      ++at_;
      skip_space();
      std::optional<PythonValue> value = read_value(level + 1);
      if (!value) return std::nullopt;
      mapping.entries.push_back({key->text, std::move(*value)});
      skip_space();
      if (peek() == ',') {
        ++at_;
      } else if (peek() != '}') {
        return std::nullopt;
      }
    }
    ++at_;
    return mapping;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int values_ = 0;
};
}  // namespace

const PythonValue* PythonValue::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::map<std::string, PythonValue> python_constants(std::string_view source) { return Reader(source).read_all(); }

const PythonValue* find_constant(const std::map<std::string, PythonValue>& constants, std::string_view path) {
  const std::size_t dot = path.find('.');
  const auto found = constants.find(std::string(path.substr(0, dot)));
  if (found == constants.end()) return nullptr;
  return dot == std::string_view::npos ? &found->second : found->second.find(path.substr(dot + 1));
}

}  // namespace varve
