#include "image/image_requirement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace varve {

namespace {
using Operator = RequirementTerm::Operator;
using Numbers = std::vector<std::int64_t>;

constexpr std::size_t kMaxText = 65536;

Error requirement_failure(std::string_view term, std::string found) {
  return {"reading what an image requires", fmt::format("\"{}\"", clean_utf8(term, 200)), std::move(found),
          "The container runtime may refuse to start the image"};
}

// "470.57.02" as numbers, zeros at the end left out; nothing when it is no version.
std::optional<Numbers> version_of(std::string_view text) {
  Numbers numbers;
  for (const std::string_view part : split(text, '.')) {
    if (part.empty() || part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    const std::optional<std::int64_t> number = parse_integer(part);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  if (numbers.empty()) return std::nullopt;
  while (!numbers.empty() && numbers.back() == 0) numbers.pop_back();
  return numbers;
}

bool is_version_name(std::string_view name) { return name == "cuda" || name == "driver" || name == "arch"; }

Result<RequirementTerm> parse_term(std::string_view text) {
  struct Sign {
    std::string_view text;
    Operator comparison;
  };
  // The longer ones first: "<=" is not "<".
  static constexpr std::array kSigns = {
      Sign{"!=", Operator::not_equal}, Sign{"<=", Operator::less_or_equal}, Sign{">=", Operator::greater_or_equal},
      Sign{"=", Operator::equal},      Sign{"<", Operator::less},           Sign{">", Operator::greater}};
  const std::size_t begin = text.find_first_of("=!<>");
  if (begin == 0 || begin == std::string_view::npos)
    return requirement_failure(text, "this is not NAME OPERATOR VALUE");
  const std::string_view rest = text.substr(begin);
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& s) { return rest.starts_with(s.text); });
  if (sign == kSigns.end()) return requirement_failure(text, "this is not NAME OPERATOR VALUE");
  RequirementTerm term{std::string(text.substr(0, begin)), sign->comparison,
                       std::string(rest.substr(sign->text.size()))};
  if (term.value.empty() || term.value.find_first_of("=!<>") != std::string::npos) {
    return requirement_failure(text, "this is not NAME OPERATOR VALUE");
  }
  if (is_version_name(term.name) && !version_of(term.value))
    return requirement_failure(text, "the value is not a version");
  const bool is_ordered = term.comparison != Operator::equal && term.comparison != Operator::not_equal;
  if (term.name == "brand" && is_ordered) return requirement_failure(text, "brands have no order");
  return term;
}

template <class T>
bool holds(const T& left, Operator comparison, const T& right) {
  switch (comparison) {
    case Operator::equal:
      return left == right;
    case Operator::not_equal:
      return left != right;
    case Operator::less:
      return left < right;
    case Operator::less_or_equal:
      return left <= right;
    case Operator::greater:
      return left > right;
    case Operator::greater_or_equal:
      return left >= right;
  }
  return false;
}

Held evaluate_term(const RequirementTerm& term, const RequirementFacts& facts) {
  if (term.name == "brand") {
    if (!facts.brand) return Held::unknown;
    return holds(*facts.brand, term.comparison, term.value) ? Held::yes : Held::no;
  }
  const std::optional<std::string> none;
  const std::optional<std::string>& fact = term.name == "cuda"     ? facts.cuda
                                           : term.name == "driver" ? facts.driver
                                           : term.name == "arch"   ? facts.arch
                                                                   : none;
  if (!fact) return Held::unknown;
  const std::optional<Numbers> left = version_of(*fact);
  const std::optional<Numbers> right = version_of(term.value);
  if (!left || !right) return Held::unknown;
  return holds(*left, term.comparison, *right) ? Held::yes : Held::no;
}
}  // namespace

Result<ImageRequirement> parse_image_requirement(std::string_view text) {
  if (text.size() > kMaxText) return requirement_failure(text, "it is longer than 64 KiB");
  ImageRequirement requirement;
  for (const std::string_view alternative : split_words(text)) {
    std::vector<RequirementTerm> terms;
    for (const std::string_view part : split(alternative, ',')) {
      Result<RequirementTerm> term = parse_term(part);
      if (!term) return term.error();
      terms.push_back(std::move(*term));
    }
    requirement.any_of.push_back(std::move(terms));
  }
  return requirement;
}

Held evaluate_requirement(const ImageRequirement& requirement, const RequirementFacts& facts) {
  if (requirement.any_of.empty()) return Held::yes;
  Held any = Held::no;
  for (const std::vector<RequirementTerm>& terms : requirement.any_of) {
    Held all = Held::yes;
    for (const RequirementTerm& term : terms) {
      const Held held = evaluate_term(term, facts);
      if (held == Held::no) all = Held::no;
      if (held == Held::unknown && all == Held::yes) all = Held::unknown;
    }
    if (all == Held::yes) return Held::yes;
    if (all == Held::unknown) any = Held::unknown;
  }
  return any;
}

bool are_requirements_disabled(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("NVIDIA_DISABLE_REQUIRE");
  if (found == environment.end()) return false;
  static constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  return std::find(kTrue.begin(), kTrue.end(), found->second) != kTrue.end();
}

}  // namespace varve
