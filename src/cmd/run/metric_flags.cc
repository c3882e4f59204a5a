#include "cmd/run/metric_flags.h"

#include "harness/readings/reported.h"
#include "model/words/names.h"

namespace varve {

std::vector<Flag> metric_flags(MetricFlags& flags) {
  return {
      {"--metric-from", "REGEX", &flags.from_output,
       "a number in what the program prints, taken by the one group: 'GFLOP/s: ([0-9.]+)'"},
      {"--metric-json", "FILE#/PTR", &flags.from_json, "a number in a JSON file that the program writes"},
      {"--results", "FILE", &flags.results,
       "a result of Google Benchmark, hyperfine, pytest-benchmark, vLLM, sglang, aiperf, llama-bench, redis-benchmark, "
       "nccl-tests, NVBench, MLPerf, JMH or criterion, told by its content; - is what the program prints"},
      {"--several", "WAY", &flags.several, "how several values of one metric in a unit become one",
       one_of(combining_words())},
      {"--same", "METRIC", &flags.same_metrics,
       "a count (tokens, samples, steps) that must be the same on both sides before rates are compared"},
      {"--same-output", "FILE", &flags.same_outputs,
       "a file that must have the same content on both sides; - is what the program prints"},
      {"--tolerance", "R", &flags.tolerance, "how much numbers in them may differ, relative (0)", between(0, 1)},
      {"--cache", "STATE", &flags.cache_state,
       "what the units find in caches, for the protocol: warm, flushed, rotated …"},
      {"--client", "PATH", &flags.client_path, "how clients reach what is measured, for the protocol: loopback HTTP …"},
  };
}

Status set_metrics(const MetricFlags& flags, RunPlan& plan) {
  for (const std::string& expression : flags.from_output) {
    Result<OutputPattern> pattern = OutputPattern::make(expression);
    if (!pattern) return pattern.error();
    plan.sources.patterns.push_back(std::move(*pattern));
  }
  for (const std::string& text : flags.from_json) {
    Result<JsonNumber> number = json_number_from(text);
    if (!number) return number.error();
    plan.sources.numbers.push_back(std::move(*number));
  }
  const auto append = [](const std::vector<std::string>& more, std::vector<std::string>& all) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(flags.results, plan.sources.results);
  append(flags.same_metrics, plan.same_metrics);
  append(flags.same_outputs, plan.same_outputs);
  if (flags.several) plan.sources.several = combined_from(*flags.several);
  if (flags.tolerance) plan.tolerance = *flags.tolerance;
  if (!flags.cache_state.empty()) plan.cache_state = flags.cache_state;
  if (!flags.client_path.empty()) plan.client_path = flags.client_path;
  return Done{};
}

}  // namespace varve
