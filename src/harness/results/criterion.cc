// What criterion (Rust) prints of each benchmark: "alloc    time:   [2.5094 ms 2.5306 ms 2.5553 ms]", its estimate
// between the ends of its interval; a long name stands on a line of its own before. The lines that compare with the
// time before have percentages there. What another measurement than time counts is left out.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
struct CriterionUnit {
  std::string_view name;
  double seconds;
};
constexpr CriterionUnit kCriterionUnits[] = {{"ps", 1e-12}, {"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6},
                                             {"μs", 1e-6},  {"ms", 1e-3}, {"s", 1}};

struct CriterionTime {
  std::string_view name;  // empty: it stands on the line before
  double seconds;
};

std::optional<CriterionTime> criterion_time(std::string_view line) {
  const std::size_t at = line.find("time:");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view estimate = trim(line.substr(at + 5));
  if (!estimate.starts_with('[') || !estimate.ends_with(']')) return std::nullopt;
  const std::vector<std::string_view> words = split_words(estimate.substr(1, estimate.size() - 2));
  if (words.size() != 6) return std::nullopt;
  const std::optional<double> value = parse_number(words[2]);
  for (const CriterionUnit& unit : kCriterionUnits) {
    if (value && words[3] == unit.name) return CriterionTime{trim(line.substr(0, at)), *value * unit.seconds};
  }
  return std::nullopt;
}

bool is_criterion(const ResultText& text) {
  return std::any_of(text.lines.begin(), text.lines.end(),
                     [](std::string_view line) { return criterion_time(line).has_value(); });
}

void read_criterion(const ResultText& text, ResultMetrics& metrics) {
  std::string_view before;
  for (const std::string_view line : text.lines) {
    if (const std::optional<CriterionTime> time = criterion_time(line)) {
      metrics.add(time->name.empty() ? before : time->name, time->seconds, {"s", Better::lower, Combined::median});
    }
    before = trim(line);
  }
}
}  // namespace

const ResultFormat kCriterion = {"criterion's results", is_criterion, read_criterion};

}  // namespace varve
