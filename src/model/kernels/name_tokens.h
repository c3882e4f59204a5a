#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

constexpr std::string_view kAnonymous = "(anonymous namespace)";
constexpr std::uint32_t kNoPartner = UINT32_MAX;

// A name in pieces: words, numbers, "::", single signs, and a few groups that stand for one thing. Traces hold hundreds
// of thousands of long names, so that pieces stay where they stand in the name as far as they stay as they are.
struct NameToken {
  std::string_view text;
  std::uint32_t partner = kNoPartner;  // of a bracket its other half; kNoPartner of all others
  bool apart = false;                  // a blank stands before it
  bool dropped = false, const_follows = false;
  bool compares = false;  // "<" or ">" in an expression, which is no bracket
};
struct NameTokens {
  std::vector<NameToken> all;
  std::deque<std::string> made;  // those that do not stand in the name

  std::size_t size() const { return all.size(); }
  NameToken& operator[](std::size_t i) { return all[i]; }
  const NameToken& operator[](std::size_t i) const { return all[i]; }
  std::string_view text(std::size_t i) const { return all[i].text; }
  std::string_view keep(std::string text) { return made.emplace_back(std::move(text)); }
};

// The name in pieces, and which brackets belong together. False when it does not read as a C++ name: it has a sign that
// none has, its brackets do not close one another, or words stand side by side that no name has so.
bool read_name_tokens(std::string_view name, NameTokens& tokens);

bool is_word(std::string_view token);
bool is_one_of(std::string_view token, std::initializer_list<std::string_view> words);
// Words that another word may follow within one C++ name.
bool leads_on(std::string_view word);
// "std::enable_if<…>::type f<…>": such a type is written before the template that returns it.
bool follows_returned_type(const NameTokens& tokens, std::size_t at, std::size_t depth);
// Where the type begins of a template argument that is written "int=4" with its "=" at `equals`; 0: it is none.
std::size_t begin_of_argument(const NameTokens& tokens, std::size_t equals);

}  // namespace varve
