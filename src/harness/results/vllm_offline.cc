// vllm bench latency --output-json (vllm/benchmarks/latency.py): {"avg_latency": s, "latencies": […], "percentiles":
// {"10": s, …}}; vllm bench throughput --output-json (vllm/benchmarks/throughput.py): {"elapsed_time", "num_requests",
// "total_num_tokens", "requests_per_second", "tokens_per_second"}; and sglang's bench_offline_throughput and
// bench_one_batch (python/sglang), an object a line: {"backend", "successful_requests", "total_latency",
// "request_throughput", …} and {"prefill_latency", "prefill_throughput", "median_decode_latency",
// "overall_throughput"}.
#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_vllm_latency(const Json& result) {
  return result.is_object() && result.contains("avg_latency") && result.contains("latencies");
}
bool is_vllm_throughput(const Json& result) {
  return result.is_object() && result.contains("elapsed_time") && result.contains("total_num_tokens") &&
         result.contains("tokens_per_second");
}
bool is_sglang_offline(const Json& result) {
  return result.is_object() && result.contains("total_latency") &&
         (result.contains("total_throughput") || result.contains("overall_throughput"));
}

bool is_vllm_offline(const ResultText& text) {
  if (text.json.empty()) return false;
  const Json& last = text.json.back();
  return is_vllm_latency(last) || is_vllm_throughput(last) || is_sglang_offline(last);
}

void read_vllm_latency(const Json& result, ResultMetrics& metrics) {
  const ResultMetrics::Kind time{"s", Better::lower, Combined::median};
  for (const Json& latency : array_member(result, "latencies")) {
    if (latency.is_number()) metrics.add("batch latency", latency.get<double>(), time);
  }
  metrics.add_member(result, "avg_latency", "mean batch latency", time);
}

void read_sglang_offline(const Json& result, ResultMetrics& metrics) {
  const ResultMetrics::Kind rate{"tokens/s", Better::higher}, time{"s", Better::lower};
  metrics.add_member(result, "output_throughput", "output throughput", rate);
  metrics.add_member(result, "total_throughput", "total token throughput", rate);
  metrics.add_member(result, "overall_throughput", "total token throughput", rate);
  metrics.add_member(result, "input_throughput", "input throughput", rate);
  metrics.add_member(result, "prefill_throughput", "prefill throughput", rate);
  metrics.add_member(result, "median_decode_throughput", "median decode throughput", rate);
  metrics.add_member(result, "request_throughput", "request throughput", {"requests/s", Better::higher});
  metrics.add_member(result, "total_latency", "duration", time);
  metrics.add_member(result, "prefill_latency", "prefill latency", time);
  metrics.add_member(result, "median_decode_latency", "median decode latency", time);
  for (const auto& [member, title] :
       {std::pair{"total_input_tokens", "input tokens"}, std::pair{"total_output_tokens", "output tokens"}}) {
    metrics.add_member(result, member, title, {"tokens", Better::unknown});
  }
}

void read_vllm_offline(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& result : text.json) {
    if (is_vllm_latency(result)) {
      read_vllm_latency(result, metrics);
    } else if (is_vllm_throughput(result)) {
      metrics.add_member(result, "tokens_per_second", "total token throughput", {"tokens/s", Better::higher});
      metrics.add_member(result, "requests_per_second", "request throughput", {"requests/s", Better::higher});
      metrics.add_member(result, "elapsed_time", "duration", {"s", Better::lower});
      metrics.add_member(result, "total_num_tokens", "tokens", {"tokens", Better::unknown});
      metrics.add_member(result, "num_requests", "requests", {"requests", Better::unknown});
    } else if (is_sglang_offline(result)) {
      read_sglang_offline(result, metrics);
    }
  }
}
}  // namespace

const ResultFormat kVllmOffline = {"vLLM or sglang offline JSON", is_vllm_offline, read_vllm_offline};

}  // namespace varve
