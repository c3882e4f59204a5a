#include "harness/results/serving.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {

// Little's law: requests a second times the time of one are those under way on average, and no more than the clients.
void check_little(const Json& result, const std::string& mean_end_to_end, ResultMetrics& metrics) {
  const auto rate = number_member(result, "request_throughput");
  const auto time = number_member(result, mean_end_to_end.c_str());
  const auto most = number_member(result, "max_concurrency");
  if (!rate || !time || !most || *most <= 0) return;
  const double under_way = *rate * *time / 1000;
  if (under_way <= 1.01 * *most) return;
  metrics.work_fault(fmt::format("{} requests/s of {} ms each are {:.4g} under way, but at most {} were let in", *rate,
                                 *time, under_way, *most));
}

void read_times(const Json& result, const std::string& member, const std::string& title, ResultMetrics& metrics) {
  const ResultMetrics::Kind time{"ms", Better::lower, Combined::median};
  const std::string end = "_" + member + "_ms";
  for (const char* statistic : {"median", "mean"}) {
    metrics.add_member(result, (statistic + end).c_str(), fmt::format("{} {}", statistic, title), time);
  }
  for (const auto& [name, value] : result.items()) {  // those that were asked for: p50, p99, p99.9
    if (!name.starts_with('p') || !name.ends_with(end)) continue;
    const std::string percentile = name.substr(1, name.size() - 1 - end.size());
    if (parse_number(percentile))
      metrics.add_member(result, name.c_str(), fmt::format("p{} {}", percentile, title), time);
  }
}

}  // namespace

bool is_serving(const Json& result) {
  // Of embeddings and scores there is no output, and no throughput of it.
  return result.is_object() && result.contains("request_throughput") && result.contains("duration") &&
         result.contains("total_input_tokens") && result.contains("completed");
}

void read_serving(const Json& result, const char* end_to_end, ResultMetrics& metrics) {
  const auto rate = [](const char* unit) { return ResultMetrics::Kind{unit, Better::higher}; };
  metrics.add_member(result, "output_throughput", "output throughput", rate("tokens/s"));
  metrics.add_member(result, "total_token_throughput", "total token throughput", rate("tokens/s"));
  metrics.add_member(result, "total_throughput", "total token throughput", rate("tokens/s"));
  metrics.add_member(result, "request_throughput", "request throughput", rate("requests/s"));
  metrics.add_member(result, "request_goodput", "request goodput", rate("requests/s"));
  read_times(result, "ttft", "time to first token", metrics);
  read_times(result, "tpot", "time per output token", metrics);
  read_times(result, "itl", "inter-token latency", metrics);
  read_times(result, end_to_end, "request latency", metrics);
  metrics.add_member(result, "total_input_tokens", "input tokens", {"tokens", Better::unknown});
  metrics.add_member(result, "total_output_tokens", "output tokens", {"tokens", Better::unknown});
  metrics.add_member(result, "completed", "completed requests", {"requests", Better::unknown});
  metrics.add_member(result, "failed", "failed requests", {"requests", Better::lower});
  metrics.add_member(result, "duration", "duration", {"s", Better::lower});
  const auto done = number_member(result, "completed"), asked = number_member(result, "num_prompts");
  if (done && asked && *done < *asked) {
    metrics.note(fmt::format("{} of {} requests were completed", *done, *asked));
  }
  check_little(result, fmt::format("mean_{}_ms", end_to_end), metrics);
}

}  // namespace varve
