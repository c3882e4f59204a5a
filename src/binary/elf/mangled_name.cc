#include "binary/elf/mangled_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace varve {
namespace {

constexpr int kDeepest = 96;
constexpr std::size_t kMostSteps = 20'000;
constexpr std::size_t kLongestPiece = 4000;

struct Builtin {
  std::string_view code, name;
};
constexpr std::array<Builtin, 30> kBuiltins{{{"v", "void"},         {"w", "wchar_t"},
                                             {"b", "bool"},         {"c", "char"},
                                             {"a", "signed char"},  {"h", "unsigned char"},
                                             {"s", "short"},        {"t", "unsigned short"},
                                             {"i", "int"},          {"j", "unsigned int"},
                                             {"l", "long"},         {"m", "unsigned long"},
                                             {"x", "long long"},    {"y", "unsigned long long"},
                                             {"n", "__int128"},     {"o", "unsigned __int128"},
                                             {"f", "float"},        {"d", "double"},
                                             {"e", "long double"},  {"g", "__float128"},
                                             {"z", "..."},          {"DF16b", "std::bfloat16_t"},
                                             {"DF16_", "_Float16"}, {"DF32_", "_Float32"},
                                             {"DF64_", "_Float64"}, {"Dh", "half"},
                                             {"Du", "char8_t"},     {"Ds", "char16_t"},
                                             {"Di", "char32_t"},    {"Dn", "decltype(nullptr)"}}};
constexpr std::array<Builtin, 7> kAbbreviations{{{"St", "std"},
                                                 {"Sa", "std::allocator"},
                                                 {"Sb", "std::basic_string"},
                                                 {"Ss", "std::string"},
                                                 {"Si", "std::istream"},
                                                 {"So", "std::ostream"},
                                                 {"Sd", "std::iostream"}}};

// Reads pieces of the grammar; what a piece cannot be is noted once and ends all reading. Every piece that was begun
// still answers what it has.
class MangledReader {
 public:
  explicit MangledReader(std::string_view text) : text_(text) {}

  std::string encoding() {
    bool is_template = false;
    std::string name = this->name(is_template, 0);
    if (failed_) return name.empty() || is_marked_ ? name : name + "::" + mark();
    if (is_template || at_ >= text_.size() || peek(".")) return name;
    std::string parameters;
    while (!failed_ && at_ < text_.size() && !peek(".")) add(parameters, parameter(0));
    return name + "(" + parameters + mark() + (is_const_ ? ") const" : ")");
  }

 private:
  bool peek(std::string_view code) const { return text_.substr(std::min(at_, text_.size())).starts_with(code); }
  bool take(std::string_view code) {
    if (!peek(code)) return false;
    at_ += code.size();
    return true;
  }
  // Where reading stopped; said once, innermost.
  std::string mark() {
    if (!failed_ || std::exchange(is_marked_, true)) return "";
    return "…" + sha256_hex(text_).substr(0, 8);
  }
  static void add(std::string& list, const std::string& one) {
    if (!one.empty()) list += (list.empty() ? "" : ", ") + one;
  }
  // "v" alone stands for no parameters.
  std::string parameter(int depth) {
    std::string of = type(depth);
    return of == "void" ? "" : of;
  }
  std::string parameters_until_end(int depth) {
    std::string list;
    while (!failed_ && !take("E")) add(list, parameter(depth));
    return list;
  }
  std::string fail() {
    failed_ = true;
    return "";
  }
  bool may_go_on(int depth) {
    if (depth > kDeepest || ++steps_ > kMostSteps || at_ >= text_.size()) failed_ = true;
    return !failed_;
  }
  std::string remember(std::string piece) {
    if (piece.size() > kLongestPiece) failed_ = true;
    if (!failed_) substitutions_.push_back(piece);
    return piece;
  }

  std::string digits() {
    std::size_t end = at_;
    while (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0) ++end;
    std::string found(text_.substr(at_, end - at_));
    at_ = end;
    return found;
  }

  // "7ck_tile"; nothing when the text ends inside.
  std::string source_name() {
    const std::string number = digits();
    if (number.empty() || number.size() > 4) return fail();
    const std::size_t length = std::stoul(number);
    if (length > text_.size() - at_) return fail();
    std::string found(text_.substr(at_, length));
    at_ += length;
    if (found.starts_with("_GLOBAL__N")) found = "(anonymous namespace)";
    return found;
  }

  // "S_" is the first, "S0_" the second … piece that was remembered.
  std::string substitution() {
    for (const Builtin& one : kAbbreviations) {
      if (take(one.code)) return std::string(one.name);
    }
    if (!take("S")) return fail();
    const std::size_t end = text_.find('_', at_);
    const std::string_view code = text_.substr(at_, end == std::string_view::npos ? 0 : end - at_);
    if (code.size() > 3) return fail();
    std::size_t number = 0;
    for (const char c : code) {
      if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) return fail();
      number = number * 36 + static_cast<std::size_t>(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    if (!code.empty()) ++number;
    at_ += code.size();
    if (!take("_") || number >= substitutions_.size()) return fail();
    return substitutions_[number];
  }

  // "T_" is the first, "T0_" the second … argument of the template that is being read.
  std::string template_parameter() {
    if (!take("T")) return fail();
    const std::string number = digits();
    if (!take("_") || number.size() > 3) return fail();
    const std::size_t index = number.empty() ? 0 : std::stoul(number) + 1;
    return index < arguments_.size() ? arguments_[index] : "auto";
  }

  std::string name(bool& is_template, int depth) {
    if (!may_go_on(depth)) return "";
    if (take("N")) return nested_name(is_template, depth);
    if (take("Z")) return local_name(depth);
    take("L");
    const bool is_known = peek("S") && !peek("St");
    std::string found = take("St") ? "std::" + source_name() : is_known ? substitution() : source_name();
    if (failed_ || !peek("I")) return found;
    if (!is_known) remember(found);
    is_template = true;
    return found + template_arguments(depth);
  }

  std::string nested_name(bool& is_template, int depth) {
    while (take("r") || take("V")) {
    }
    const bool is_const = take("K");
    if (depth == 0) is_const_ = is_const;
    if (!take("R")) take("O");
    std::string found;
    bool is_known = false;  // already among what was remembered
    while (!failed_ && !take("E")) {
      if (at_ >= text_.size()) return fail() + found;
      is_template = false;
      if (peek("I")) {
        found += template_arguments(depth);
        is_template = true;
        is_known = false;
      } else if (peek("S") && found.empty()) {
        found = substitution();
        is_known = true;
      } else if (peek("T") && found.empty()) {
        found = template_parameter();
      } else {
        const std::string part = unqualified_name();
        if (failed_) break;
        found += (found.empty() ? "" : "::") + part;
        is_known = false;
      }
      if (!is_known && !peek("E")) remember(found);
    }
    return found;
  }

  std::string unqualified_name() {
    take("L");
    if (take("cl")) return "operator()";
    if (take("Ul")) return lambda();
    if (take("Ut")) {
      digits();
      return take("_") ? "{unnamed}" : fail();
    }
    return source_name();
  }

  std::string lambda() {
    const std::string parameters = parameters_until_end(1);
    const std::string number = digits();
    if (!take("_") || number.size() > 4) return fail();
    return "{lambda(" + parameters + ")#" + std::to_string(number.empty() ? 1 : std::stoul(number) + 2) + "}";
  }

  // What is declared inside a function: "Z encoding E name".
  std::string local_name(int depth) {
    bool is_template = false;
    std::string found = name(is_template, depth + 1);
    if (is_template && !failed_) type(depth + 1);  // what it returns
    const std::string parameters = parameters_until_end(depth + 1);
    if (!is_template) found += "(" + parameters + ")";
    if (failed_) return found;
    return found + "::" + unqualified_name();
  }

  std::string template_arguments(int depth) {
    take("I");
    std::string found;
    while (!failed_ && !take("E")) {
      if (take("Tn")) type(depth + 1);  // the declared type of the argument that follows
      const std::string one = failed_ ? "" : argument(depth + 1);
      if (depth == 0 && !failed_) arguments_.push_back(one);
      add(found, one);
      if (found.size() > kLongestPiece) fail();
    }
    if (failed_) add(found, mark());
    return "<" + found + ">";
  }

  std::string argument(int depth) {
    if (!may_go_on(depth)) return "";
    if (take("J")) {
      std::string found;
      while (!failed_ && !take("E")) add(found, argument(depth + 1));
      return found;
    }
    if (take("XadL_Z")) {
      std::string found = "&" + function_address(depth);
      if (!failed_ && !take("EE")) fail();
      return found;
    }
    if (take("L_Z")) {
      std::string found = function_address(depth);
      if (!failed_ && !take("E")) fail();
      return found;
    }
    if (take("L")) return literal(depth);
    if (take("X")) return fail();
    return type(depth);
  }

  // The name of a function, without its parameters.
  std::string function_address(int depth) {
    bool is_template = false;
    std::string found = name(is_template, depth + 1);
    while (!failed_ && !peek("E")) type(depth + 1);
    return found;
  }

  std::string literal(int depth) {
    const std::string of = type(depth);
    if (failed_) return "";
    const bool is_negative = take("n");
    std::string value = (is_negative ? "-" : "") + digits();
    if (!take("E")) return fail();
    if (of == "bool") return value == "0" ? "false" : "true";
    constexpr std::array<std::string_view, 8> kIntegers{"int",       "unsigned int",       "long",  "unsigned long",
                                                        "long long", "unsigned long long", "short", "unsigned short"};
    const bool is_integer = std::find(kIntegers.begin(), kIntegers.end(), of) != kIntegers.end();
    return is_integer ? value : "(" + of + ")" + value;
  }

  std::string type(int depth) {
    if (!may_go_on(depth)) return "";
    for (const Builtin& one : kBuiltins) {
      if (take(one.code)) return std::string(one.name);
    }
    if (take("u")) return remember(source_name());
    if (take("Dp")) return remember(type(depth + 1));
    if (take("PF")) return function_type(depth, "*");
    if (take("RF")) return function_type(depth, "&");
    if (take("P")) return remember(type(depth + 1) + "*");
    if (take("R")) return remember(type(depth + 1) + "&");
    if (take("O")) return remember(type(depth + 1) + "&&");
    if (take("K")) return remember(type(depth + 1) + " const");
    if (take("V")) return remember(type(depth + 1) + " volatile");
    if (take("F")) return function_type(depth, "");
    if (take("A")) {
      const std::string count = digits();
      if (!take("_")) return fail();
      return remember(type(depth + 1) + " [" + count + "]");
    }
    if (peek("T")) {
      std::string found = remember(template_parameter());
      return peek("I") ? remember(found + template_arguments(depth)) : found;
    }
    if (peek("S") && !peek("St")) {
      std::string found = substitution();
      return peek("I") ? remember(found + template_arguments(depth + 1)) : found;
    }
    bool is_template = false;
    std::string found = name(is_template, depth + 1);
    return remember(std::move(found));
  }

  // "void (int)", and with a sign what points to it: "void (*)(int)".
  std::string function_type(int depth, const std::string& sign) {
    const std::string returned = type(depth + 1), parameters = parameters_until_end(depth + 1);
    const std::string function = remember(returned + " (" + parameters + ")");
    return sign.empty() ? function : remember(returned + " (" + sign + ")(" + parameters + ")");
  }

  std::string_view text_;
  std::size_t at_ = 0, steps_ = 0;
  bool failed_ = false, is_marked_ = false;
  bool is_const_ = false;  // the member function itself
  std::vector<std::string> substitutions_, arguments_;
};

}  // namespace

std::string read_mangled_name(std::string_view symbol) {
  const bool is_name =
      symbol.starts_with("_ZN") || symbol.starts_with("_ZL") || symbol.starts_with("_ZSt") ||
      (symbol.size() > 2 && symbol.starts_with("_Z") && std::isdigit(static_cast<unsigned char>(symbol[2])) != 0);
  if (!is_name) return "";
  std::string name = MangledReader(symbol.substr(2)).encoding();
  const bool has_identifier =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
  return has_identifier ? name : "";
}

}  // namespace varve
