#include "model/fact.h"

#include <fmt/format.h>

#include "base/text.h"

namespace varve {

Fact known_fact(Value value, std::string source, Standing standing) {
  return {.value = std::move(value), .standing = standing, .source = std::move(source), .detail = {}};
}

Fact missing_fact(Missing reason, std::string source, std::string detail) {
  return {.value = std::nullopt, .missing = reason, .source = std::move(source), .detail = std::move(detail)};
}

bool same_fact(const Fact& a, const Fact& b) {
  if (a.is_known() && b.is_known()) return *a.value == *b.value;
  return !a.is_known() && !b.is_known() && a.missing == Missing::not_applicable && b.missing == Missing::not_applicable;
}

std::string value_text(const Value& value) {
  struct {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(bool flag) const { return flag ? "yes" : "no"; }
    std::string operator()(const std::vector<std::string>& list) const {
      return list.empty() ? "none" : join(list, ", ");
    }
  } text;
  return std::visit(text, value);
}

std::string fact_text(const Fact& fact) {
  if (fact.is_known()) return value_text(*fact.value);
  const std::string text = missing_title(fact.missing);
  return fact.detail.empty() ? text : text + " (" + fact.detail + ")";
}

}  // namespace varve
