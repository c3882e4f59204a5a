#include "model/kernels/name_tokens.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/kernels/kernel_spelling.h"

namespace varve {
namespace {

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

}  // namespace

bool is_word(std::string_view token) { return !token.empty() && sign_of(token.front()) == Sign::letter; }

bool is_one_of(std::string_view token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return word.size() == token.size() && (word.empty() || word.front() == token.front()) && word == token;
  });
}
bool leads_on(std::string_view word) {
  return is_one_of(word, {"void",     "unsigned", "signed", "long",     "int",    "short",        "char",   "const",
                          "volatile", "float",    "double", "bool",     "class",  "struct",       "enum",   "typename",
                          "typeid",   "restrict", "auto",   "instance", "static", "__restrict__", "unnamed"});
}

namespace {

// "operator()" and "operator[]" are words; other operators would upset the brackets. `word` is "operator", `at` behind
// it; false when an operator is in the way.
bool read_operator(std::string_view name, std::size_t& at, std::string_view& word, NameTokens& tokens) {
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
std::string_view read_word(std::string_view name, std::size_t& at, NameTokens& tokens) {
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
bool split_tokens(std::string_view name, NameTokens& tokens) {
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
bool is_comparison(const NameTokens& tokens, std::uint32_t at, const std::vector<std::uint32_t>& open) {
  const std::string_view token = tokens.text(at);
  if (open.empty() || tokens.text(open.back()) != "(" || at == 0) return false;
  const std::string_view before = tokens.text(at - 1);
  return token == ">" || (token == "<" && (before == ")" || is_digit(before[0])));
}

// False when the brackets do not close one another.
bool pair_brackets(NameTokens& tokens) {
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

}  // namespace

bool follows_returned_type(const NameTokens& tokens, std::size_t at, std::size_t depth) {
  return depth == 0 && at > 3 && tokens.text(at - 1) == "type" && tokens.text(at - 2) == "::" &&
         tokens.text(at - 3) == ">";
}

std::size_t begin_of_argument(const NameTokens& tokens, std::size_t equals) {
  std::size_t begin = equals;
  while (begin > 0 && (is_word(tokens.text(begin - 1)) || tokens.text(begin - 1) == "::")) --begin;
  const std::size_t sign = equals + 1 < tokens.size() && tokens.text(equals + 1) == "-" ? equals + 2 : equals + 1;
  const bool has_number = sign < tokens.size() && is_digit(tokens.text(sign)[0]);
  return has_number && begin < equals && begin > 0 && is_one_of(tokens.text(begin - 1), {"<", ","}) ? begin : 0;
}

namespace {

// Whether a sign may stand where it does: most operators only in expressions, which are arguments of templates.
bool sign_fits(const NameTokens& tokens, std::size_t at, bool in_list) {
  const std::string_view token = tokens.text(at), next = at + 1 < tokens.size() ? tokens.text(at + 1) : "";
  if (token == "-" && !next.empty() && is_digit(next[0])) return true;
  if (token == "=" && begin_of_argument(tokens, at) != 0) return true;
  if (is_one_of(token, {"+", "/", "%", "|", "^", "?", ":"})) return in_list;
  if (token == "-") return in_list && (next == "(" || is_word(next));
  if (token != "=") return true;
  return in_list && (next == "=" || is_one_of(tokens.text(at - 1), {"=", "!"}) || tokens[at - 1].compares);
}

// Two words stand side by side in a C++ name only where one of them is one of a few.
bool reads_as_cxx(const NameTokens& tokens) {
  if (!is_word(tokens.text(0)) && tokens.text(0) != kAnonymous) return false;
  std::size_t depth = 0, lists = 0;
  bool has_list = false;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i), before = tokens.text(i - 1);
    const std::uint32_t partner = tokens[i].partner;
    if (!sign_fits(tokens, i, lists > 0)) return false;
    const bool opens = partner != kNoPartner && partner > i;
    if (opens && depth == 0 && tokens[i].apart && is_word(before) && !before.starts_with("operator")) return false;
    if (opens) ++depth;
    if (partner != kNoPartner && !opens) --depth;
    if (partner != kNoPartner && token == "<") ++lists;
    if (partner != kNoPartner && token == ">") --lists;
    has_list = has_list || (opens && (token == "<" || token == "("));
    if (!is_word(token)) continue;
    const bool may_stand_side_by_side =
        (before != ">" || tokens[i - 1].compares) && (!is_word(before) || leads_on(before));
    if (may_stand_side_by_side || leads_on(token) || follows_returned_type(tokens, i, depth)) continue;
    return false;
  }
  return has_list;
}

}  // namespace

bool read_name_tokens(std::string_view name, NameTokens& tokens) {
  return split_tokens(name, tokens) && pair_brackets(tokens) && reads_as_cxx(tokens);
}

}  // namespace varve
