// vllm bench serve --save-result (vllm/benchmarks/serve.py): one flat object, times in milliseconds. "request_rate" may
// be the text "inf".
#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"
#include "harness/results/serving.h"

namespace varve {

namespace {
bool is_vllm_serving(const ResultText& text) {
  return !text.json.empty() && is_serving(text.json.back()) && text.json.back().contains("completed");
}

void read_vllm_serving(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& result : text.json) read_serving(result, "e2el", metrics);
}
}  // namespace

const ResultFormat kVllmServing = {"vLLM serving JSON", is_vllm_serving, read_vllm_serving};

}  // namespace varve
