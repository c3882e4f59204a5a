#include "package/python_metadata.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostRequirements = 4096;
constexpr std::size_t kMostField = 256;
constexpr int kMostMarkerLevels = 32;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

std::string without_blanks(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '(' && c != ')') result += c;
  }
  return result;
}

enum class Truth { no, yes, unknown };

Truth truth(bool value) { return value ? Truth::yes : Truth::no; }

struct Operand {
  std::string text;
  std::string variable;  // the name of a variable; empty for a quoted string
  bool known = true;
};

// PEP 508's marker grammar, without its version arithmetic beyond dotted numbers.
class MarkerReader {
 public:
  MarkerReader(std::string_view text, const MarkerContext& context) : text_(text), context_(context) {}

  // Nothing: not understood.
  std::optional<Truth> read() {
    const Truth value = read_or(0);
    skip();
    return failed_ || at_ != text_.size() ? std::nullopt : std::optional(value);
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  bool take_word(std::string_view word) {
    skip();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && is_name_char(rest[word.size()]))) return false;
    at_ += word.size();
    return true;
  }

  Truth read_or(int level) {
    Truth value = read_and(level);
    while (!failed_ && take_word("or")) {
      const Truth other = read_and(level);
      if (value == Truth::yes || other == Truth::yes) {
        value = Truth::yes;
      } else if (other == Truth::unknown) {
        value = Truth::unknown;
      }
    }
    return value;
  }

  Truth read_and(int level) {
    Truth value = read_term(level);
    while (!failed_ && take_word("and")) {
      const Truth other = read_term(level);
      if (value == Truth::no || other == Truth::no) {
        value = Truth::no;
      } else if (other == Truth::unknown) {
        value = Truth::unknown;
      }
    }
    return value;
  }

  Truth read_term(int level) {
    skip();
    if (at_ < text_.size() && text_[at_] == '(' && level < kMostMarkerLevels) {
      ++at_;
      const Truth value = read_or(level + 1);
      skip();
      failed_ = failed_ || at_ >= text_.size() || text_[at_] != ')';
      if (!failed_) ++at_;
      return value;
    }
    const Operand left = read_operand();
    const std::string comparison = read_operator();
    const Operand right = read_operand();
    return failed_ ? Truth::unknown : compare(left, comparison, right);
  }

  std::string read_operator() {
    if (take_word("not")) {
      failed_ = failed_ || !take_word("in");
      return "not in";
    }
    if (take_word("in")) return "in";
    skip();
    for (const std::string_view sign : {"===", "==", "!=", "<=", ">=", "~=", "<", ">"}) {
      if (!text_.substr(at_).starts_with(sign)) continue;
      at_ += sign.size();
      return std::string(sign);
    }
    failed_ = true;
    return {};
  }

  Operand read_operand() {
    skip();
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      const std::size_t end = text_.find(text_[at_], at_ + 1);
      if (end != std::string_view::npos) {
        Operand operand{std::string(text_.substr(at_ + 1, end - at_ - 1)), {}, true};
        at_ = end + 1;
        return operand;
      }
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    failed_ = failed_ || at_ == begin;
    return variable(std::string(text_.substr(begin, at_ - begin)));
  }

  Operand variable(const std::string& name) const {
    const auto is = [&](std::string value) { return Operand{std::move(value), name, true}; };
    if (name == "platform_system") return is("Linux");
    if (name == "sys_platform" || name == "sys.platform") return is("linux");
    if (name == "platform_machine" || name == "platform.machine") return is("x86_64");
    if (name == "os_name" || name == "os.name") return is("posix");
    if (name == "implementation_name") return is("cpython");
    if (name == "platform_python_implementation") return is("CPython");
    if (name == "extra") return is({});
    if (name == "python_version" || name == "python_full_version") {
      return {context_.python, name, !context_.python.empty()};
    }
    return {{}, name, false};
  }

  Truth compare(const Operand& left, const std::string& sign, const Operand& right) const {
    if (left.variable == "extra" || right.variable == "extra") {
      const std::string wanted = normal_package_name(left.variable == "extra" ? right.text : left.text);
      return truth((sign == "!=") != context_.extras.contains(wanted));
    }
    if (!left.known || !right.known) return Truth::unknown;
    if (sign == "in") return truth(right.text.find(left.text) != std::string::npos);
    if (sign == "not in") return truth(right.text.find(left.text) == std::string::npos);
    const bool versions = left.variable.starts_with("python") || right.variable.starts_with("python");
    const int order = versions ? compare_dotted(left.text, right.text) : left.text.compare(right.text);
    if (sign == "==" || sign == "===") return truth(order == 0);
    if (sign == "!=") return truth(order != 0);
    if (sign == "<") return truth(order < 0);
    if (sign == "<=") return truth(order <= 0);
    if (sign == ">") return truth(order > 0);
    return truth(order >= 0);  // ">=", and "~=" without its upper bound
  }

  std::string_view text_;
  const MarkerContext& context_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

void add_header(PackageMetadata& metadata, std::string_view name, const std::string& value) {
  const std::string key = to_lower(name.substr(0, 32));
  if (key == "name" && metadata.name.empty()) metadata.name = clean_utf8(value, kMostField);
  if (key == "version" && metadata.version.empty()) metadata.version = clean_utf8(value, kMostField);
  if (key == "requires-dist" && metadata.requirements.size() < kMostRequirements) {
    metadata.requirements.push_back(clean_utf8(value));
  }
}
}  // namespace

std::string normal_package_name(std::string_view name) {
  std::string result;
  for (const char c : to_lower(trim(name))) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && result.ends_with('-')) continue;
    result += separator ? '-' : c;
  }
  return result;
}

PackageMetadata parse_metadata(std::string_view text) {
  PackageMetadata metadata;
  std::string_view name;
  std::string value;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (trim(line).empty()) break;
    if (line.front() == ' ' || line.front() == '\t') {
      if (value.size() < 65536) value += " " + std::string(trim(line));
      continue;
    }
    if (!name.empty()) add_header(metadata, name, value);
    const std::size_t colon = line.find(':');
    name = colon == std::string_view::npos ? std::string_view() : trim(line.substr(0, colon));
    value = colon == std::string_view::npos ? std::string() : std::string(trim(line.substr(colon + 1, 65536)));
  }
  if (!name.empty()) add_header(metadata, name, value);
  return metadata;
}

std::optional<PackageRequirement> parse_requirement(std::string_view text) {
  const std::size_t semicolon = text.find(';');
  PackageRequirement requirement;
  if (semicolon != std::string_view::npos) requirement.marker = trim(text.substr(semicolon + 1));
  std::string_view rest = trim(text.substr(0, semicolon));
  std::size_t end = 0;
  while (end < rest.size() && is_name_char(rest[end])) ++end;
  if (end == 0) return std::nullopt;
  requirement.name = clean_utf8(rest.substr(0, end), kMostField);
  rest = trim(rest.substr(end));
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    for (const std::string_view extra : split(rest.substr(1, close - 1), ',')) {
      requirement.extras.push_back(normal_package_name(extra));
    }
    rest = trim(rest.substr(close + 1));
  }
  if (!rest.starts_with('@')) requirement.specifier = clean_utf8(without_blanks(rest), kMostField);
  return requirement;
}

bool marker_applies(std::string_view marker, const MarkerContext& context) {
  if (trim(marker).empty()) return true;
  return MarkerReader(marker, context).read().value_or(Truth::unknown) != Truth::no;
}

bool marker_needs_extra(std::string_view marker, const MarkerContext& context) {
  return marker_applies(marker, context) && !marker_applies(marker, {.python = context.python, .extras = {}});
}

int compare_dotted(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> left = split(a, '.'), right = split(b, '.');
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::int64_t x = i < left.size() ? parse_integer(left[i]).value_or(0) : 0;
    const std::int64_t y = i < right.size() ? parse_integer(right[i]).value_or(0) : 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

}  // namespace varve
