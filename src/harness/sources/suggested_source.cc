#include "harness/sources/suggested_source.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "harness/readings/output_pattern.h"
#include "harness/results/result_formats.h"
#include "harness/sources/printed_tables.h"
#include "tables/metric_direction.h"

namespace varve {

namespace {
constexpr std::size_t kMostTried = 8;

// "Requests/sec:  19019.38" as 'Requests/sec: *([0-9.,]+)'; "" for a line that names no rate. A number that its unit
// follows at once, as in 367.16MB, is left alone: the next unit may print it in another.
std::string rate_pattern(std::string_view line) {
  static const RE2 named_number(R"(\s*([A-Za-z][^:=0-9']*?)\s*([:=])\s*([0-9][0-9.,]*)(?:\s+([^,;(]*).*)?)");
  std::string name, sign, number, unit;
  if (!RE2::FullMatch(re2::StringPiece(line.data(), line.size()), named_number, &name, &sign, &number, &unit))
    return "";
  const bool is_rate = metric_kind(name, "") == MetricKind::rate || metric_kind(name, unit) == MetricKind::rate;
  if (!is_rate || !printed_number(number)) return "";
  std::string expression;
  for (const char c : name) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) expression += '\\';
    expression += c;
  }
  return expression + (sign == "=" ? " *= *" : ": *") + "([0-9.,]+)";
}
}  // namespace

std::string suggested_source(std::string_view printed) {
  if (const ResultFormat* format = result_format_of(result_text(printed))) {
    return fmt::format("it prints {}, which --results - reads", format->name);
  }
  std::vector<std::string> lines;
  LineFeed feed;
  const auto take = [&](std::string_view line) { lines.emplace_back(line); };
  feed.add(printed, take);
  feed.end(take);
  // A loop prints one name many times; the first line of a name that stands once is looked for in all the others.
  std::map<std::string, std::vector<std::size_t>> named;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (std::string expression = rate_pattern(lines[i]); !expression.empty()) named[std::move(expression)].push_back(i);
  }
  std::map<std::size_t, std::string> once;
  for (const auto& [expression, places] : named) {
    if (places.size() == 1) once.emplace(places.front(), expression);
  }
  std::size_t tried = 0;
  for (const auto& [place, expression] : once) {
    if (++tried > kMostTried) break;
    const Result<OutputPattern> pattern = OutputPattern::make(expression);
    if (!pattern) continue;
    std::size_t found = 0;
    for (const std::string& other : lines) found += pattern->find(other).size();
    if (found != 1) continue;
    return fmt::format("it prints \"{}\", which --metric-from '{}' reads", clean_utf8(trim(lines[place]), 100),
                       expression);
  }
  return suggested_table(lines);
}

}  // namespace varve
