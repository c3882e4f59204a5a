// python -m sglang.bench_serving --output-file FILE (python/sglang/bench_serving.py): one object a line, and every
// execution adds a line to the file.
#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"
#include "harness/results/serving.h"

namespace varve {

namespace {
bool is_sglang_serving(const ResultText& text) {
  return !text.json.empty() && is_serving(text.json.back()) &&
         (text.json.back().contains("total_output_tokens_retokenized") ||
          text.json.back().contains("mean_e2e_latency_ms"));
}

void read_sglang_serving(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& result : text.json) {
    read_serving(result, "e2e_latency", metrics);
    metrics.add_member(result, "input_throughput", "input throughput", {"tokens/s", Better::higher});
    metrics.add_member(result, "accept_length", "accept length", {"tokens", Better::higher, Combined::mean});
  }
}
}  // namespace

const ResultFormat kSglangServing = {"sglang serving JSON", is_sglang_serving, read_sglang_serving};

}  // namespace varve
