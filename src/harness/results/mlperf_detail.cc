// mlperf_log_detail.txt of LoadGen (loadgen/results.cc, loadgen/logging.cc of mlcommons/inference) and the logs of
// MLPerf Training (mlcommons/logging): lines of ":::MLLOG {"key": …, "value": …, "time_ms": …}". Of inference the keys
// are "result_samples_per_second", "result_99.00_percentile_latency_ns", "result_validity"; of training the time
// between "run_start" and "run_stop" is the result. "result_token_throughput" of LoadGen 4 is no rate a second and is
// left out; what was scheduled is what was asked for, and counts only where nothing says what was completed.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
constexpr std::string_view kMllog = ":::MLLOG ";

// The object of a line; not an object for any other line. Launchers may put ranks before it.
Json mllog_entry(std::string_view line) {
  const std::size_t at = line.find(kMllog);
  if (at == std::string_view::npos) return {};
  Result<Json> entry = parse_json(std::string(trim(line.substr(at + kMllog.size()))), "reading a result", "");
  return entry ? std::move(*entry) : Json();
}

bool is_mlperf_detail(const ResultText& text) {
  for (const std::string_view line : text.lines) {
    const Json entry = mllog_entry(line);
    const std::string key = text_member(entry, "key");
    if (key.starts_with("result_") || key == "run_stop") return true;
  }
  return false;
}

std::string words_of_key(std::string_view key) {
  std::string words(key);
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

bool is_mlperf_rate(std::string_view key) { return key.ends_with("_per_sec") || key.ends_with("_per_second"); }

void read_mlperf_result(std::string_view key, const Json& entry, ResultMetrics& metrics) {
  key.remove_prefix(std::string_view("result_").size());
  if (key == "validity" && text_member(entry, "value") != "VALID") {
    metrics.note("LoadGen calls the result " + clean_utf8(text_member(entry, "value"), 40));
  }
  const std::optional<double> value = number_member(entry, "value");
  if (!value) return;
  if (key.ends_with("_ns")) {
    metrics.add(words_of_key(key.substr(0, key.size() - 3)), *value * 1e-9, {"s", Better::lower, Combined::median});
  } else if (is_mlperf_rate(key)) {
    metrics.add(words_of_key(key), *value, {"", Better::higher, Combined::median});
  }
}

void read_mlperf_detail(const ResultText& text, ResultMetrics& metrics) {
  std::optional<double> started, stopped;
  std::string status;
  const bool completed = text.text.find("\"result_completed_samples_per_sec") != std::string_view::npos;
  for (const std::string_view line : text.lines) {
    const Json entry = mllog_entry(line);
    const std::string key = text_member(entry, "key");
    const bool asked_for = completed && key.starts_with("result_scheduled_");
    if (key.starts_with("result_") && !asked_for) read_mlperf_result(key, entry, metrics);
    if (key == "run_start" && !started) started = number_member(entry, "time_ms");
    if (key != "run_stop") continue;
    stopped = number_member(entry, "time_ms");
    const auto metadata = entry.find("metadata");
    if (metadata != entry.end()) status = text_member(*metadata, "status");
  }
  if (!started || !stopped || *stopped <= *started) return;
  metrics.add("time to train", (*stopped - *started) * 1e-3, {"s", Better::lower, Combined::median});
  if (!status.empty() && status != "success") metrics.note("the training ended with " + clean_utf8(status, 40));
}
}  // namespace

const ResultFormat kMlperfDetail = {"MLPerf detail log", is_mlperf_detail, read_mlperf_detail};

}  // namespace varve
