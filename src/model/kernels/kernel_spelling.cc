#include "model/kernels/kernel_spelling.h"

#include <cstddef>
#include <cstdint>

#include "base/text.h"
#include "model/kernels/name_tokens.h"

namespace varve {
namespace {

constexpr std::size_t kMostRead = std::size_t{64} << 10;

bool is_integer_type(std::string_view word) {
  return is_one_of(word, {"unsigned", "signed", "long", "int", "short", "char", "__int128"});
}

void drop(NameTokens& tokens, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) tokens[i].dropped = true;
}

// nvprof's "int=4", "bool=1" and "mode_t=2" as nsys writes them: "(int)4", "(bool)1", "(mode_t)2".
void same_arguments(NameTokens& tokens) {
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
void plain_numbers(NameTokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i);
    if (token == "(" && tokens[i].partner != kNoPartner) {
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
void plain_operands(NameTokens& tokens) {
  std::size_t lists = 0;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const std::string_view token = tokens.text(i), before = tokens.text(i - 1);
    const std::uint32_t close = tokens[i].partner;
    if (close != kNoPartner && token == "<") ++lists;
    if (close != kNoPartner && token == ">") --lists;
    const bool is_called =
        is_word(before) || is_one_of(before, {")", "]", "}", "*", "&"}) || (before == ">" && !tokens[i - 1].compares);
    const bool is_product = is_one_of(before, {"*", "&"}) && i > 1 && is_one_of(tokens.text(i - 2), {")", "*", "&"});
    if (lists == 0 || token != "(" || close == kNoPartner || (is_called && !is_product)) continue;
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
void same_lambdas(NameTokens& tokens) {
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
    } else if (token.starts_with("'lambda") && tokens.text(i + 1) == "(" && tokens[i + 1].partner != kNoPartner) {
      const auto number = parse_integer(token.substr(7, token.size() - 8));
      tokens[i].text = "{lambda";
      tokens[tokens[i + 1].partner].text = tokens.keep(")#" + std::to_string(number.value_or(-1) + 2) + "}");
    }
  }
}

// Behind the type that begins at `at`: words, a name with its arguments.
std::size_t end_of_type(const NameTokens& tokens, std::size_t at) {
  while (at < tokens.size()) {
    const std::string_view token = tokens.text(at);
    if (token == "<" && tokens[at].partner != kNoPartner) {
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
void const_behind(NameTokens& tokens) {
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
void drop_parameters(NameTokens& tokens) {
  const std::size_t count = tokens.size();
  const auto at = [&](std::size_t i) { return i < count ? tokens.text(i) : std::string_view(); };
  for (std::size_t i = 1; i < count; ++i) {
    if (at(i) != "(" || at(i - 1) != ">" || tokens[i - 1].compares || tokens[i].partner == kNoPartner) continue;
    if (is_one_of(at(i + 1), {"*", "&"})) continue;  // a pointer to a function
    std::size_t next = tokens[i].partner + std::size_t{1};
    if (at(next) == "const") ++next;
    if (next >= count || at(next) == "::") drop(tokens, i, next);
  }
  for (std::size_t i = 0, depth = 0; i < count; ++i) {
    if (tokens[i].partner != kNoPartner) depth += tokens[i].partner > i ? 1 : -1;
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

std::string joined(const NameTokens& tokens, std::size_t most) {
  std::string name;
  name.reserve(most);
  std::string_view before;
  const auto write = [&](std::string_view token) {
    if (stand_apart(before, token)) name += ' ';
    name += token;
    before = token;
  };
  for (const NameToken& token : tokens.all) {
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
  NameTokens tokens;
  if (!read_name_tokens(name, tokens)) return std::string(name);
  same_arguments(tokens);
  plain_numbers(tokens);
  plain_operands(tokens);
  same_lambdas(tokens);
  drop_parameters(tokens);
  const_behind(tokens);
  return joined(tokens, name.size());
}

}  // namespace varve
