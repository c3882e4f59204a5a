#include "model/kernels/kernel_spelling.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::size_t kMostRead = std::size_t{64} << 10;
constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::string_view kAnonymous = "(anonymous namespace)";

// What a byte of a C++ name may be.
enum class Sign : std::uint8_t { none, letter, blank, mark, group };  // group: it may begin one of several signs
constexpr std::array<Sign, 256> kSigns = [] {
  std::array<Sign, 256> signs{};
  for (std::size_t i = 0; i < signs.size(); ++i) {
    const char c = static_cast<char>(i);
    if (is_name_letter(c)) signs[i] = Sign::letter;
    if (c == ' ') signs[i] = Sign::blank;
    if (std::string_view(">)}[],*&#-!=+/%|^?").find(c) != std::string_view::npos) signs[i] = Sign::mark;
    if (std::string_view("(<{:'").find(c) != std::string_view::npos) signs[i] = Sign::group;
  }
  return signs;
}();
Sign sign_of(char c) { return kSigns[static_cast<unsigned char>(c)]; }

bool is_word(std::string_view token) { return !token.empty() && sign_of(token.front()) == Sign::letter; }

bool is_one_of(std::string_view token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return word.size() == token.size() && (word.empty() || word.front() == token.front()) && word == token;
  });
}
// Words that another word may follow within one C++ name.
bool leads_on(std::string_view word) {
  return is_one_of(word, {"void",     "unsigned", "signed", "long",     "int",    "short",        "char",   "const",
                          "volatile", "float",    "double", "bool",     "class",  "struct",       "enum",   "typename",
                          "typeid",   "restrict", "auto",   "instance", "static", "__restrict__", "unnamed"});
}
bool is_integer_type(std::string_view word) {
  return is_one_of(word, {"unsigned", "signed", "long", "int", "short", "char", "__int128"});
}

// A name in pieces: words, numbers, "::", single signs, and a few groups that stand for one thing. Traces hold hundreds
// of thousands of long names, so that pieces stay where they stand in the name as far as they stay as they are.
struct Token {
  std::string_view text;
  std::uint32_t partner = kNone;  // of a bracket its other half; kNone of all others
  bool apart = false;             // a blank stands before it
  bool dropped = false, const_follows = false;
  bool compares = false;  // "<" or ">" in an expression, which is no bracket
};
struct Tokens {
  std::vector<Token> all;
  std::deque<std::string> made;  // those that do not stand in the name

  std::size_t size() const { return all.size(); }
  Token& operator[](std::size_t i) { return all[i]; }
  const Token& operator[](std::size_t i) const { return all[i]; }
  std::string_view text(std::size_t i) const { return all[i].text; }
  std::string_view keep(std::string text) { return made.emplace_back(std::move(text)); }
};

// "operator()" and "operator[]" are words; other operators would upset the brackets. `word` is "operator", `at` behind
// it; false when an operator is in the way.
bool read_operator(std::string_view name, std::size_t& at, std::string_view& word, Tokens& tokens) {
  const std::string_view rest = name.substr(at);
  std::size_t blanks = 0;
  while (blanks < rest.size() && rest[blanks] == ' ') ++blanks;
  const std::string_view next = rest.substr(blanks);
  if (next.starts_with("()") || next.starts_with("[]")) {
    word = blanks == 0 ? name.substr(at - word.size(), word.size() + 2)
                       : tokens.keep(std::string(word).append(next.substr(0, 2)));
    at += blanks + 2;
    return true;
  }
  return !next.empty() && blanks > 0 && is_name_letter(next.front());  // a conversion: "operator bool"
}

// The word that begins at `at`, and how far it goes; empty when an operator is in the way.
std::string_view read_word(std::string_view name, std::size_t& at, Tokens& tokens) {
  const std::size_t begin = at;
  const auto pass_letters = [&] {
    while (at < name.size() && sign_of(name[at]) == Sign::letter) ++at;
  };
  pass_letters();
  std::string_view word = name.substr(begin, at - begin);
  if (word == "auto" && at + 1 < name.size() && name[at] == ':' && is_digit(name[at + 1])) {  // of a generic lambda
    ++at;
    pass_letters();
    return name.substr(begin, at - begin);
  }
  return word != "operator" || read_operator(name, at, word, tokens) ? word : std::string_view();
}

char closing_of(char opening) {
  switch (opening) {
    case '<':
      return '>';
    case '(':
      return ')';
    case '{':
      return '}';
    case '[':
      return ']';
    default:
      return '\0';
  }
}

// Groups of signs that stand for one thing, and their one spelling; LLVM writes 'lambda'(int), and 'lambda0'(int) for
// the second.
std::string_view read_group(std::string_view rest, std::size_t& at) {
  if (rest.starts_with('<') && !rest.starts_with("<u")) return {};
  for (const std::string_view anonymous :
       {kAnonymous, std::string_view("<unnamed>"), std::string_view("{anonymous}")}) {
    if (!rest.starts_with(anonymous)) continue;
    at += anonymous.size();
    return kAnonymous;
  }
  std::size_t length = rest.starts_with("::") ? 2 : rest.starts_with(':') ? 1 : 0;
  if (rest.starts_with("'lambda")) {
    const std::size_t end = rest.find('\'', 1);
    length = end == std::string_view::npos || end > 12 ? 0 : end + 1;
  }
  at += length;
  return rest.substr(0, length);
}

// False when the name has a sign that no C++ name has.
bool split_tokens(std::string_view name, Tokens& tokens) {
  constexpr std::size_t kLettersPerToken = 4;
  tokens.all.reserve(name.size() / kLettersPerToken);
  bool apart = false;
  for (std::size_t at = 0; at < name.size();) {
    const Sign sign = sign_of(name[at]);
    if (sign == Sign::blank) {
      apart = true;
      ++at;
      continue;
    }
    std::string_view token;
    if (sign == Sign::letter) {
      token = read_word(name, at, tokens);
    } else if (sign == Sign::mark) {
      token = name.substr(at++, 1);
    } else if (sign == Sign::group) {
      token = read_group(name.substr(at), at);
      if (token.empty() && closing_of(name[at]) != '\0') token = name.substr(at++, 1);
    }
    if (token.empty()) return false;
    tokens.all.push_back({.text = token, .apart = apart});
    apart = false;
  }
  return tokens.size() > 0;
}

// Whether a "<" or ">" compares: demanglers put expressions into brackets, in which no list ends, and no list begins
// behind a number or a bracket.
bool is_comparison(const Tokens& tokens, std::uint32_t at, const std::vector<std::uint32_t>& open) {
  const std::string_view token = tokens.text(at);
  if (open.empty() || tokens.text(open.back()) != "(" || at == 0) return false;
  const std::string_view before = tokens.text(at - 1);
  return token == ">" || (token == "<" && (before == ")" || is_digit(before[0])));
}

// False when the brackets do not close one another.
bool pair_brackets(Tokens& tokens) {
  std::vector<std::uint32_t> open;
  std::size_t lists = 0;
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i);
    if (token.size() != 1) continue;
    tokens[i].compares = lists > 0 && is_comparison(tokens, i, open);
    if (tokens[i].compares) continue;
    if (token == "<") ++lists;
    if (token == ">" && lists > 0) --lists;
    if (closing_of(token[0]) != '\0') {
      open.push_back(i);
    } else if (token[0] == '>' || token[0] == ')' || token[0] == '}' || token[0] == ']') {
      if (open.empty() || closing_of(tokens.text(open.back())[0]) != token[0]) return false;
      tokens[i].partner = open.back();
      tokens[open.back()].partner = i;
      open.pop_back();
    }
  }
  return open.empty();
}

// "std::enable_if<…>::type f<…>": such a type is written before the template that returns it.
bool follows_returned_type(const Tokens& tokens, std::size_t at, std::size_t depth) {
  return depth == 0 && at > 3 && tokens.text(at - 1) == "type" && tokens.text(at - 2) == "::" &&
         tokens.text(at - 3) == ">";
}

// Where the type begins of a template argument that is written "int=4" with its "=" at `equals`; 0: it is none.
std::size_t begin_of_argument(const Tokens& tokens, std::size_t equals) {
  std::size_t begin = equals;
  while (begin > 0 && (is_word(tokens.text(begin - 1)) || tokens.text(begin - 1) == "::")) --begin;
  const std::size_t sign = equals + 1 < tokens.size() && tokens.text(equals + 1) == "-" ? equals + 2 : equals + 1;
  const bool has_number = sign < tokens.size() && is_digit(tokens.text(sign)[0]);
  return has_number && begin < equals && begin > 0 && is_one_of(tokens.text(begin - 1), {"<", ","}) ? begin : 0;
}

// Whether a sign may stand where it does: most operators only in expressions, which are arguments of templates.
bool sign_fits(const Tokens& tokens, std::size_t at, bool in_list) {
  const std::string_view token = tokens.text(at), next = at + 1 < tokens.size() ? tokens.text(at + 1) : "";
  if (token == "-" && !next.empty() && is_digit(next[0])) return true;
  if (token == "=" && begin_of_argument(tokens, at) != 0) return true;
  if (is_one_of(token, {"+", "/", "%", "|", "^", "?", ":"})) return in_list;
  if (token == "-") return in_list && (next == "(" || is_word(next));
  if (token != "=") return true;
  return in_list && (next == "=" || is_one_of(tokens.text(at - 1), {"=", "!"}) || tokens[at - 1].compares);
}

// Two words stand side by side in a C++ name only where one of them is one of a few.
bool reads_as_cxx(const Tokens& tokens) {
  if (!is_word(tokens.text(0)) && tokens.text(0) != kAnonymous) return false;
  std::size_t depth = 0, lists = 0;
  bool has_list = false;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i), before = tokens.text(i - 1);
    const std::uint32_t partner = tokens[i].partner;
    if (!sign_fits(tokens, i, lists > 0)) return false;
    const bool opens = partner != kNone && partner > i;
    if (opens && depth == 0 && tokens[i].apart && is_word(before) && !before.starts_with("operator")) return false;
    if (opens) ++depth;
    if (partner != kNone && !opens) --depth;
    if (partner != kNone && token == "<") ++lists;
    if (partner != kNone && token == ">") --lists;
    has_list = has_list || (opens && (token == "<" || token == "("));
    if (!is_word(token)) continue;
    const bool may_stand_side_by_side =
        (before != ">" || tokens[i - 1].compares) && (!is_word(before) || leads_on(before));
    if (may_stand_side_by_side || leads_on(token) || follows_returned_type(tokens, i, depth)) continue;
    return false;
  }
  return has_list;
}

void drop(Tokens& tokens, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) tokens[i].dropped = true;
}

// nvprof's "int=4", "bool=1" and "mode_t=2" as nsys writes them: "(int)4", "(bool)1", "(mode_t)2".
void same_arguments(Tokens& tokens) {
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    if (tokens.text(i) != "=") continue;
    const std::size_t begin = begin_of_argument(tokens, i);
    if (begin == 0) continue;
    std::string type = "(";
    for (std::size_t at = begin; at < i; ++at) {
      if (at > begin && is_word(tokens.text(at)) && is_word(tokens.text(at - 1))) type += ' ';
      type += tokens.text(at);
    }
    const std::size_t number = tokens.text(i + 1) == "-" ? i + 2 : i + 1;
    bool is_integer = true;
    for (std::size_t at = begin; at < i; ++at) is_integer = is_integer && is_integer_type(tokens.text(at));
    const bool is_bool = type == "(bool";
    if (is_bool && tokens.text(number) == "0") tokens[number].text = "false";
    if (is_bool && tokens.text(number) == "1") tokens[number].text = "true";
    drop(tokens, begin, i);
    tokens[i].dropped = is_integer || is_bool;
    tokens[i].text = tokens.keep(type + ")");
  }
}

// "(unsigned long)4096" and "4096ul" are 4096; "(bool)1" is true.
void plain_numbers(Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i);
    if (token == "(" && tokens[i].partner != kNone) {
      const std::size_t close = tokens[i].partner;
      const std::size_t number = close + 1 < tokens.size() && tokens.text(close + 1) == "-" ? close + 2 : close + 1;
      if (number >= tokens.size() || !is_digit(tokens.text(number)[0]) || close == i + 1) continue;
      bool is_integer = true;
      for (std::size_t at = i + 1; at < close; ++at) is_integer = is_integer && is_integer_type(tokens.text(at));
      const bool is_bool = close == i + 2 && tokens.text(i + 1) == "bool";
      if (is_bool && tokens.text(number) == "0") tokens[number].text = "false";
      if (is_bool && tokens.text(number) == "1") tokens[number].text = "true";
      if (is_integer || is_bool) drop(tokens, i, close + 1);
    } else if (is_digit(token[0])) {
      const std::size_t digits = token.find_first_not_of("0123456789");
      if (digits == std::string_view::npos || token.size() - digits > 3) continue;
      const std::string ending = to_lower(std::string(token.substr(digits)));
      if (is_one_of(ending, {"u", "l", "ul", "ll", "ull"})) tokens[i].text = token.substr(0, digits);
    }
  }
}

// Brackets that hold a number, a call or other brackets alone, as one demangler writes them around every operand.
void plain_operands(Tokens& tokens) {
  std::size_t lists = 0;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i), before = tokens.text(i - 1);
    const std::uint32_t close = tokens[i].partner;
    if (close != kNone && token == "<") ++lists;
    if (close != kNone && token == ">") --lists;
    const bool is_called =
        is_word(before) || is_one_of(before, {")", "]", "}", "*", "&"}) || (before == ">" && !tokens[i - 1].compares);
    const bool is_product = is_one_of(before, {"*", "&"}) && i > 1 && is_one_of(tokens.text(i - 2), {")", "*", "&"});
    if (lists == 0 || token != "(" || close == kNone || (is_called && !is_product)) continue;
    const std::string_view inside = tokens.text(i + 1);
    const std::size_t first = inside == "-" || is_word(inside) ? i + 2 : i + 1;  // of a number or brackets
    const bool holds_brackets = inside != "-" && tokens.text(first) == "(" && tokens[first].partner + 1 == close;
    const std::string_view number = tokens.text(close - 1);
    const bool is_number = is_digit(number[0]) || is_one_of(number, {"true", "false"});
    if (!holds_brackets && !(is_number && close == (inside == "-" ? i + 3 : i + 2))) continue;
    tokens[i].dropped = tokens[close].dropped = true;
  }
}

// nsys "[lambda(int) (instance 1)]" and LLVM "'lambda'(int)" as "{lambda(int)#1}".
void same_lambdas(Tokens& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i);
    if (token == "[" && tokens.text(i + 1) == "lambda") {
      const std::size_t close = tokens[i].partner;
      // [ lambda ( … ) ( instance 3 ) ]
      if (close < i + 8 || tokens.text(close - 1) != ")" || tokens.text(close - 3) != "instance") continue;
      tokens[i].text = "{";
      tokens[close].text = "}";
      tokens[close - 4].text = "#";
      drop(tokens, close - 3, close - 2);
      drop(tokens, close - 1, close);
    } else if (token.starts_with("'lambda") && tokens.text(i + 1) == "(" && tokens[i + 1].partner != kNone) {
      const auto number = parse_integer(token.substr(7, token.size() - 8));
      tokens[i].text = "{lambda";
      tokens[tokens[i + 1].partner].text = tokens.keep(")#" + std::to_string(number.value_or(-1) + 2) + "}");
    }
  }
}

// Behind the type that begins at `at`: words, a name with its arguments.
std::size_t end_of_type(const Tokens& tokens, std::size_t at) {
  while (at < tokens.size()) {
    const std::string_view token = tokens.text(at);
    if (token == "<" && tokens[at].partner != kNone) {
      at = tokens[at].partner + std::size_t{1};
    } else if (is_word(token) || token == "::" || token == kAnonymous) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// "const float *" as "float const *".
void const_behind(Tokens& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens.text(i) != "const" || tokens[i].dropped) continue;
    const bool begins = i == 0 || is_one_of(tokens.text(i - 1), {"(", "<", ","});
    const std::size_t end = begins ? end_of_type(tokens, i + 1) : i;
    if (!begins || end == i + 1) continue;
    drop(tokens, i, i + 1);
    tokens[end - 1].const_follows = true;
  }
}

// Parameters behind the arguments of a template, and what stands before the name.
void drop_parameters(Tokens& tokens) {
  const std::size_t count = tokens.size();
  const auto at = [&](std::size_t i) { return i < count ? tokens.text(i) : std::string_view(); };
  for (std::size_t i = 1; i < count; ++i) {
    if (at(i) != "(" || at(i - 1) != ">" || tokens[i - 1].compares || tokens[i].partner == kNone) continue;
    if (is_one_of(at(i + 1), {"*", "&"})) continue;  // a pointer to a function
    std::size_t next = tokens[i].partner + std::size_t{1};
    if (at(next) == "const") ++next;
    if (next >= count || at(next) == "::") drop(tokens, i, next);
  }
  for (std::size_t i = 0, depth = 0; i < count; ++i) {
    if (tokens[i].partner != kNone) depth += tokens[i].partner > i ? 1 : -1;
    if (depth == 0 && is_word(at(i)) && follows_returned_type(tokens, i, depth)) drop(tokens, 0, i);
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {  // "f<1, void g<int>(int)::…>": nsys writes the void, others do not
    if (at(i) != "void") continue;
    const bool begins = i == 0 || is_one_of(at(i - 1), {"<", ","});
    if (begins && (is_word(at(i + 1)) || at(i + 1) == kAnonymous) && !leads_on(at(i + 1))) drop(tokens, i, i + 1);
  }
}

bool stand_apart(std::string_view before, std::string_view token) {
  if (before == ",") return true;
  if (before.empty() || !is_name_letter(token.front())) return before == ">" && token == kAnonymous;
  if (is_one_of(token, {"const", "volatile"}))
    return is_name_letter(before.back()) || is_one_of(before, {")", "*", "&", ">"});
  return is_name_letter(before.back()) || before == ">";
}

std::string joined(const Tokens& tokens, std::size_t most) {
  std::string name;
  name.reserve(most);
  std::string_view before;
  const auto write = [&](std::string_view token) {
    if (stand_apart(before, token)) name += ' ';
    name += token;
    before = token;
  };
  for (const Token& token : tokens.all) {
    if (!token.dropped) write(token.text);
    if (token.const_follows) write("const");
    if (token.compares) before = "=";  // what follows is an operand
  }
  return name;
}

std::string_view without_descriptor(std::string_view name) {
  constexpr std::string_view kEndings[] = {" [clone .kd]", ".kd"};
  for (bool found = true; found;) {
    name = trim(name);
    found = false;
    for (const std::string_view ending : kEndings) {
      found = found || (name.size() > ending.size() && name.ends_with(ending));
      if (name.size() > ending.size() && name.ends_with(ending)) name.remove_suffix(ending.size());
    }
  }
  return name;
}

}  // namespace

std::string canonical_spelling(std::string_view demangled) {
  const std::string_view name = without_descriptor(demangled);
  if (name.size() > kMostRead || (name.find('<') == name.npos && name.find('(') == name.npos)) return std::string(name);
  Tokens tokens;
  if (!split_tokens(name, tokens) || !pair_brackets(tokens) || !reads_as_cxx(tokens)) return std::string(name);
  same_arguments(tokens);
  plain_numbers(tokens);
  plain_operands(tokens);
  same_lambdas(tokens);
  drop_parameters(tokens);
  const_behind(tokens);
  return joined(tokens, name.size());
}

}  // namespace varve
