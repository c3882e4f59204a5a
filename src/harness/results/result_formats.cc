#include "harness/results/result_formats.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {
constexpr const char* kReadResultDoing = "reading a result of the program";

// The narrower forms stand first: sglang's result has all members by which vLLM's is told.
const ResultFormat* const kResultFormats[] = {
    &kGoogleBenchmark, &kHyperfine,    &kPytestBenchmark, &kNvbench,    &kSglangServing,
    &kVllmServing,     &kAiperf,       &kVllmOffline,     &kLlamaBench, &kRedisBenchmark,
    &kMlperfLog,       &kMlperfDetail, &kServingText,     &kNcclTests,  &kJmh,
    &kCriterion};
}  // namespace

const ResultFormat* result_format_of(const ResultText& text) {
  for (const ResultFormat* format : kResultFormats) {
    if (format->is(text)) return format;
  }
  return nullptr;
}

std::vector<std::string> result_format_names() {
  std::vector<std::string> names;
  for (const ResultFormat* format : kResultFormats) names.emplace_back(format->name);
  return names;
}

Status read_result(std::string_view text, const std::string& where, ReportedMetrics& reported) {
  const ResultText result = result_text(text);
  const ResultFormat* format = result_format_of(result);
  if (format == nullptr) {
    return Error{kReadResultDoing, where, "it is in no form that is known: " + join(result_format_names(), ", "),
                 "name a number in it with --metric-from 'REGEX' or --metric-json FILE#/pointer"};
  }
  ResultMetrics metrics(format->name, reported);
  format->read(result, metrics);
  if (metrics.count() == 0) return Error{kReadResultDoing, where, std::string(format->name) + " without a number", ""};
  return Done{};
}

}  // namespace varve
