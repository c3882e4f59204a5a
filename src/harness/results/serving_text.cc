// What vllm bench serve and sglang.bench_serving print (vllm/benchmarks/serve.py, python/sglang/bench_serving.py):
// lines of "Name (unit):   value" between "==== Serving Benchmark Result ====" and a line of "=". The names of metrics
// are those of their JSON.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
struct ServingLine {
  std::string_view title;  // in lower case, without its unit
  const char* name;
  const char* unit;
  Better better;
};

constexpr ServingLine kServingLines[] = {
    {"output token throughput", "output throughput", "tokens/s", Better::higher},
    {"total token throughput", "total token throughput", "tokens/s", Better::higher},
    {"total throughput", "total token throughput", "tokens/s", Better::higher},
    {"input token throughput", "input throughput", "tokens/s", Better::higher},
    {"request throughput", "request throughput", "requests/s", Better::higher},
    {"request goodput", "request goodput", "requests/s", Better::higher},
    {"total input tokens", "input tokens", "tokens", Better::unknown},
    {"total generated tokens", "output tokens", "tokens", Better::unknown},
    {"successful requests", "completed requests", "requests", Better::unknown},
    {"failed requests", "failed requests", "requests", Better::lower},
    {"benchmark duration", "duration", "s", Better::lower},
    {"accept length", "accept length", "tokens", Better::higher},
};

constexpr std::pair<std::string_view, std::string_view> kServingTimes[] = {
    {"ttft", "time to first token"}, {"tpot", "time per output token"},  {"itl", "inter-token latency"},
    {"e2el", "request latency"},     {"e2e latency", "request latency"},
};

bool opens_serving_result(std::string_view line) {
  return line.starts_with("===") && line.find("Serving Benchmark Result") != std::string_view::npos;
}

bool is_serving_text(const ResultText& text) {
  return std::any_of(text.lines.begin(), text.lines.end(),
                     [](std::string_view line) { return opens_serving_result(trim(line)); });
}

// "p99 time to first token" for "p99 ttft"; empty for any other title.
std::string serving_time_name(std::string_view title) {
  const std::size_t space = title.find(' ');
  if (space == std::string_view::npos) return "";
  const std::string_view statistic = title.substr(0, space), what = title.substr(space + 1);
  const bool percentile = statistic.starts_with('p') && parse_number(statistic.substr(1)).has_value();
  if (!percentile && statistic != "mean" && statistic != "median") return "";
  for (const auto& [abbreviation, name] : kServingTimes) {
    if (what == abbreviation) return std::string(statistic) + " " + std::string(name);
  }
  return "";
}

struct ServingNumber {
  std::string title;  // in lower case, without its unit
  std::string_view unit;
  double value = 0;
};

std::optional<ServingNumber> serving_number(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<double> value = parse_number(trim(line.substr(colon + 1)));
  const std::string_view head = line.substr(0, colon);
  const std::size_t bracket = head.find(" (");
  const std::string_view unit = bracket == std::string_view::npos ? "" : head.substr(bracket);
  if (!value || unit == " (retokenized)") return std::nullopt;
  return ServingNumber{to_lower(trim(head.substr(0, bracket))), unit, *value};
}

// Rates first, as their JSON has it: the first is what the verdict is about. What is printed first is a count.
void read_serving_text(const ResultText& text, ResultMetrics& metrics) {
  std::vector<ServingNumber> numbers;
  bool inside = false;
  for (const std::string_view line : text.lines) {
    const std::string_view shown = trim(line);
    if (opens_serving_result(shown)) {
      inside = true;
    } else if (inside && shown.starts_with("===")) {
      inside = false;
    } else if (inside) {
      if (std::optional<ServingNumber> number = serving_number(shown)) numbers.push_back(std::move(*number));
    }
  }
  for (const ServingLine& each : kServingLines) {
    for (const ServingNumber& number : numbers) {
      if (number.title == each.title) metrics.add(each.name, number.value, {each.unit, each.better});
    }
  }
  for (const ServingNumber& number : numbers) {
    const std::string time = serving_time_name(number.title);
    if (!time.empty() && number.unit == " (ms)") metrics.add(time, number.value, {"ms", Better::lower});
  }
}
}  // namespace

const ResultFormat kServingText = {"vLLM or sglang serving text", is_serving_text, read_serving_text};

}  // namespace varve
