// JMH (Java): -rf json -rff FILE (JSONResultFormat.java), [{"benchmark", "mode": "thrpt" "avgt" "sample" "ss",
// "params", "primaryMetric": {"score", "scoreUnit": "ops/us" "ns/op"}}], and the table that it prints at its end:
//   Benchmark   (size)   Mode  Cnt    Score   Error   Units
//   Sum.add         64  thrpt    5  123.456 ± 3.210  ops/us
// Rows of profilers have names with a ':' or '·' in them, and mean what their profiler says; those of percentiles are
// times.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_jmh_mode(std::string_view word) {
  return word == "thrpt" || word == "avgt" || word == "sample" || word == "ss";
}

ResultMetrics::Kind jmh_kind(std::string_view mode, std::string_view unit) {
  return {std::string(unit), mode == "thrpt" ? Better::higher : Better::lower, Combined::median};
}

const Json* jmh_rows(const ResultText& text) {
  if (text.json.empty() || !text.json.front().is_array() || text.json.front().empty()) return nullptr;
  const Json& first = text.json.front().front();
  const bool is = first.is_object() && first.contains("benchmark") && is_jmh_mode(text_member(first, "mode")) &&
                  first.contains("primaryMetric");
  return is ? &text.json.front() : nullptr;
}

void read_jmh_json(const Json& rows, ResultMetrics& metrics) {
  for (const Json& row : rows) {
    if (!row.is_object() || !row.contains("primaryMetric")) continue;
    std::string name = text_member(row, "benchmark");
    if (const auto params = row.find("params"); params != row.end() && params->is_object()) {
      for (const auto& [param, value] : params->items())
        name += " " + param + "=" + text_member(*params, param.c_str());
    }
    const Json& metric = row["primaryMetric"];
    const std::string mode = text_member(row, "mode");
    metrics.add_member(metric, "score", name + ", " + mode, jmh_kind(mode, text_member(metric, "scoreUnit")));
  }
}

struct JmhRow {
  std::string name;
  std::string_view mode, unit;
  double score;
};

std::optional<JmhRow> jmh_row(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  const auto mode = std::find_if(words.begin(), words.end(), is_jmh_mode);
  // Behind it: a count unless it is a percentile's, the score, ± and its error where there are several, the unit.
  const std::ptrdiff_t behind = words.end() - mode;
  if (mode == words.begin() || behind < 3) return std::nullopt;
  const std::string_view unit = words.back();
  if (!unit.starts_with("ops/") && !unit.ends_with("/op")) return std::nullopt;
  const auto sign = std::find(mode, words.end(), "±");
  const auto score = sign == words.end() ? words.end() - 2 : sign - 1;
  const std::optional<double> value = parse_number(*score);
  std::string name = join({words.begin(), mode}, " ");
  const std::size_t mark = std::min(name.find(':'), name.find("·"));
  if (!value || (mark != std::string::npos && !std::string_view(name).substr(mark).starts_with(":p"))) {
    return std::nullopt;
  }
  return JmhRow{std::move(name), *mode, unit, *value};
}

bool is_jmh_head(std::string_view line) {
  const std::vector<std::string_view> words = split_words(line);
  return words.size() >= 4 && words.front() == "Benchmark" && words.back() == "Units" &&
         std::find(words.begin(), words.end(), "Mode") != words.end();
}

bool is_jmh(const ResultText& text) {
  return jmh_rows(text) != nullptr || std::any_of(text.lines.begin(), text.lines.end(), is_jmh_head);
}

void read_jmh(const ResultText& text, ResultMetrics& metrics) {
  if (const Json* rows = jmh_rows(text)) return read_jmh_json(*rows, metrics);
  bool in_table = false;
  for (const std::string_view line : text.lines) {
    in_table = in_table || is_jmh_head(line);
    const std::optional<JmhRow> row = in_table ? jmh_row(line) : std::nullopt;
    if (row) metrics.add(fmt::format("{}, {}", row->name, row->mode), row->score, jmh_kind(row->mode, row->unit));
  }
}
}  // namespace

const ResultFormat kJmh = {"JMH's results", is_jmh, read_jmh};

}  // namespace varve
