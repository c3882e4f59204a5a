#include "model/kernels/kernel_spelling.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::size_t kMostRead = std::size_t{64} << 10;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::string_view kAnonymous = "(anonymous namespace)";

bool is_word(const std::string& token) { return !token.empty() && is_name_letter(token.front()); }

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

// A name in pieces: words, numbers, "::", single signs, and a few groups that stand for one thing.
struct Tokens {
  std::vector<std::string> text;
  std::vector<bool> apart;           // a blank stands before it
  std::vector<std::size_t> partner;  // of a bracket its other half; kNone of all others
  std::vector<bool> dropped;
  std::vector<bool> const_follows;
};

// "operator()" and "operator[]" are words; other operators would upset the brackets.
bool read_operator(std::string_view rest, std::size_t& length, std::string& word) {
  std::size_t at = 0;
  while (at < rest.size() && rest[at] == ' ') ++at;
  if (rest.substr(at).starts_with("()") || rest.substr(at).starts_with("[]")) {
    word += rest.substr(at, 2);
    length = at + 2;
    return true;
  }
  return at < rest.size() && at > 0 && is_name_letter(rest[at]);  // a conversion: "operator bool"
}

// The word that begins at `at`, and how far it goes; empty when an operator is in the way.
std::string read_word(std::string_view name, std::size_t& at) {
  std::size_t end = at;
  while (end < name.size() && is_name_letter(name[end])) ++end;
  std::string word(name.substr(at, end - at));
  at = end;
  if (word == "auto" && end + 1 < name.size() && name[end] == ':' && is_digit(name[end + 1])) {  // of a generic lambda
    word += ':';
    ++at;
    return word + read_word(name, at);
  }
  if (word != "operator") return word;
  std::size_t length = 0;
  if (!read_operator(name.substr(at), length, word)) return "";
  at += length;
  return word;
}

// Groups of signs that stand for one thing, and their one spelling; LLVM writes 'lambda'(int), and 'lambda0'(int) for
// the second.
std::string read_group(std::string_view rest, std::size_t& at) {
  for (const std::string_view anonymous :
       {kAnonymous, std::string_view("<unnamed>"), std::string_view("{anonymous}")}) {
    if (!rest.starts_with(anonymous)) continue;
    at += anonymous.size();
    return std::string(kAnonymous);
  }
  std::size_t length = rest.starts_with("::") ? 2 : 0;
  if (rest.starts_with("'lambda")) {
    const std::size_t end = rest.find('\'', 1);
    length = end == std::string_view::npos || end > 12 ? 0 : end + 1;
  }
  at += length;
  return std::string(rest.substr(0, length));
}

// False when the name has a sign that no C++ name has.
bool split_tokens(std::string_view name, Tokens& tokens) {
  constexpr std::size_t kLettersPerToken = 4;
  tokens.text.reserve(name.size() / kLettersPerToken);
  bool apart = false;
  for (std::size_t at = 0; at < name.size();) {
    if (name[at] == ' ') {
      apart = true;
      ++at;
      continue;
    }
    std::string token;
    if (std::string_view("(<{:'").find(name[at]) != std::string_view::npos) token = read_group(name.substr(at), at);
    if (token.empty() && is_name_letter(name[at])) {
      token = read_word(name, at);
    } else if (token.empty() && std::string_view("<>(){}[],*&#-!").find(name[at]) != std::string_view::npos) {
      token = name[at++];
    }
    if (token.empty()) return false;
    tokens.text.push_back(std::move(token));
    tokens.apart.push_back(apart);
    apart = false;
  }
  return !tokens.text.empty();
}

char closing_of(char opening) {
  constexpr std::string_view kOpen = "<({[", kClose = ">)}]";
  const std::size_t which = kOpen.find(opening);
  return which == std::string_view::npos ? '\0' : kClose[which];
}

// False when the brackets do not close one another.
bool pair_brackets(Tokens& tokens) {
  tokens.partner.assign(tokens.text.size(), kNone);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < tokens.text.size(); ++i) {
    const std::string& token = tokens.text[i];
    if (token.size() != 1) continue;
    if (closing_of(token[0]) != '\0') {
      open.push_back(i);
    } else if (is_one_of(token, {">", ")", "}", "]"})) {
      if (open.empty() || closing_of(tokens.text[open.back()][0]) != token[0]) return false;
      tokens.partner[i] = open.back();
      tokens.partner[open.back()] = i;
      open.pop_back();
    }
  }
  return open.empty();
}

// "std::enable_if<…>::type f<…>": such a type is written before the template that returns it.
bool follows_returned_type(const Tokens& tokens, std::size_t at, std::size_t depth) {
  return depth == 0 && at > 3 && tokens.text[at - 1] == "type" && tokens.text[at - 2] == "::" &&
         tokens.text[at - 3] == ">";
}

// Two words stand side by side in a C++ name only where one of them is one of a few.
bool reads_as_cxx(const Tokens& tokens) {
  if (!is_word(tokens.text.front()) && tokens.text.front() != kAnonymous) return false;
  std::size_t depth = 0;
  bool has_list = false;
  for (std::size_t i = 1; i < tokens.text.size(); ++i) {
    const std::string &token = tokens.text[i], &before = tokens.text[i - 1];
    if (token == "-" && (i + 1 >= tokens.text.size() || !is_digit(tokens.text[i + 1][0]))) return false;
    const bool opens = tokens.partner[i] != kNone && tokens.partner[i] > i;
    if (opens && depth == 0 && tokens.apart[i] && is_word(before) && !before.starts_with("operator")) return false;
    if (opens) ++depth;
    if (tokens.partner[i] != kNone && !opens) --depth;
    has_list = has_list || (opens && (token == "<" || token == "("));
    if (!is_word(token) || leads_on(token) || follows_returned_type(tokens, i, depth)) continue;
    if (before == ">" || (is_word(before) && !leads_on(before))) return false;
  }
  return has_list;
}

void drop(Tokens& tokens, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) tokens.dropped[i] = true;
}

// "(unsigned long)4096" and "4096ul" are 4096; "(bool)1" is true.
void plain_numbers(Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.text.size(); ++i) {
    std::string& token = tokens.text[i];
    if (token == "(" && tokens.partner[i] != kNone) {
      const std::size_t close = tokens.partner[i];
      const std::size_t number =
          close + 1 < tokens.text.size() && tokens.text[close + 1] == "-" ? close + 2 : close + 1;
      if (number >= tokens.text.size() || !is_digit(tokens.text[number][0]) || close == i + 1) continue;
      const bool is_integer = std::all_of(tokens.text.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                          tokens.text.begin() + static_cast<std::ptrdiff_t>(close), is_integer_type);
      const bool is_bool = close == i + 2 && tokens.text[i + 1] == "bool";
      if (is_bool && tokens.text[number] == "0") tokens.text[number] = "false";
      if (is_bool && tokens.text[number] == "1") tokens.text[number] = "true";
      if (is_integer || is_bool) drop(tokens, i, close + 1);
    } else if (is_digit(token[0])) {
      const std::size_t digits = token.find_first_not_of("0123456789");
      const std::string ending = digits == std::string::npos ? "" : to_lower(token.substr(digits));
      if (is_one_of(ending, {"u", "l", "ul", "ll", "ull"})) token.resize(digits);
    }
  }
}

// nsys "[lambda(int) (instance 1)]" and LLVM "'lambda'(int)" as "{lambda(int)#1}".
void same_lambdas(Tokens& tokens) {
  for (std::size_t i = 0; i + 1 < tokens.text.size(); ++i) {
    const std::string& token = tokens.text[i];
    if (token == "[" && tokens.text[i + 1] == "lambda") {
      const std::size_t close = tokens.partner[i];
      // [ lambda ( … ) ( instance 3 ) ]
      if (close < i + 8 || tokens.text[close - 1] != ")" || tokens.text[close - 3] != "instance") continue;
      tokens.text[i] = "{";
      tokens.text[close] = "}";
      tokens.text[close - 4] = "#";
      drop(tokens, close - 3, close - 2);
      drop(tokens, close - 1, close);
    } else if (token.starts_with("'lambda") && tokens.text[i + 1] == "(" && tokens.partner[i + 1] != kNone) {
      const auto number = parse_integer(token.substr(7, token.size() - 8));
      tokens.text[i] = "{lambda";
      tokens.text[tokens.partner[i + 1]] = ")#" + std::to_string(number.value_or(-1) + 2) + "}";
    }
  }
}

// Behind the type that begins at `at`: words, a name with its arguments.
std::size_t end_of_type(const Tokens& tokens, std::size_t at) {
  while (at < tokens.text.size()) {
    const std::string& token = tokens.text[at];
    if (token == "<" && tokens.partner[at] != kNone) {
      at = tokens.partner[at] + 1;
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
  for (std::size_t i = 0; i + 1 < tokens.text.size(); ++i) {
    if (tokens.text[i] != "const" || tokens.dropped[i]) continue;
    const bool begins = i == 0 || is_one_of(tokens.text[i - 1], {"(", "<", ","});
    const std::size_t end = begins ? end_of_type(tokens, i + 1) : i;
    if (!begins || end == i + 1) continue;
    drop(tokens, i, i + 1);
    tokens.const_follows[end - 1] = true;
  }
}

// Parameters behind the arguments of a template, and what stands before the name.
void drop_parameters(Tokens& tokens) {
  const std::size_t count = tokens.text.size();
  const auto at = [&](std::size_t i) -> std::string_view { return i < count ? tokens.text[i] : std::string_view(); };
  for (std::size_t i = 1; i < count; ++i) {
    if (at(i) != "(" || at(i - 1) != ">" || tokens.partner[i] == kNone) continue;
    if (is_one_of(at(i + 1), {"*", "&"})) continue;  // a pointer to a function
    std::size_t next = tokens.partner[i] + 1;
    if (at(next) == "const") ++next;
    if (next >= count || at(next) == "::") drop(tokens, i, next);
  }
  for (std::size_t i = 0, depth = 0; i < count; ++i) {
    if (tokens.partner[i] != kNone) depth += tokens.partner[i] > i ? 1 : -1;
    if (is_word(tokens.text[i]) && follows_returned_type(tokens, i, depth)) drop(tokens, 0, i);
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {  // "f<1, void g<int>(int)::…>": nsys writes the void, others do not
    const bool begins = i == 0 || is_one_of(at(i - 1), {"<", ","});
    if (begins && at(i) == "void" && (is_word(tokens.text[i + 1]) || at(i + 1) == kAnonymous) && !leads_on(at(i + 1)))
      drop(tokens, i, i + 1);
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
  for (std::size_t i = 0; i < tokens.text.size(); ++i) {
    if (!tokens.dropped[i]) write(tokens.text[i]);
    if (tokens.const_follows[i]) write("const");
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
  if (name.size() > kMostRead || name.find_first_of("<(") == std::string_view::npos) return std::string(name);
  Tokens tokens;
  if (!split_tokens(name, tokens) || !pair_brackets(tokens) || !reads_as_cxx(tokens)) return std::string(name);
  tokens.dropped.assign(tokens.text.size(), false);
  tokens.const_follows.assign(tokens.text.size(), false);
  plain_numbers(tokens);
  same_lambdas(tokens);
  drop_parameters(tokens);
  const_behind(tokens);
  return joined(tokens, name.size());
}

}  // namespace varve
