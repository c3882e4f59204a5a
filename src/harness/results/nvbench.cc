// NVBench --json FILE (nvbench/json_printer.cu of NVIDIA/nvbench): {"meta", "devices", "benchmarks": [{"name",
// "states": [{"name", "device", "axis_values": [{"name", "type", "value"}], "is_skipped", "skip_reason",
// "summaries": [{"tag": "nv/cold/time/gpu/mean", "name", "hint": "duration", "data": [{"name": "value", "type":
// "float64", "value": "1.2e-05"}]}]}]}]}. Numbers are written as texts.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"

namespace varve {

namespace {
struct NvbenchSummary {
  const char* tag;
  const char* title;
  ResultMetrics::Kind kind;
};

// What speaks of speed; noise, sample counts and sizes do not.
const NvbenchSummary kNvbenchSummaries[] = {
    {"nv/cold/time/gpu/mean", "", {"s", Better::lower, Combined::median}},
    {"nv/batch/time/gpu/mean", " batch", {"s", Better::lower, Combined::median}},
    {"nv/cold/time/cpu/mean", " CPU time", {"s", Better::lower, Combined::median}},
    {"nv/cold/bw/item_rate", " items", {"items/s", Better::higher, Combined::median}},
    {"nv/cold/bw/global/bytes_per_second", " bandwidth", {"bytes/s", Better::higher, Combined::median}},
};

bool is_nvbench(const ResultText& text) {
  if (text.json.empty()) return false;
  const Json& rows = array_member(text.json.front(), "benchmarks");
  return !rows.empty() && rows.front().is_object() && rows.front().contains("states");
}

std::optional<double> nvbench_value(const Json& summary) {
  for (const Json& datum : array_member(summary, "data")) {
    if (text_member(datum, "name") == "value") return number_member(datum, "value");
  }
  return std::nullopt;
}

std::string nvbench_state_name(const Json& benchmark, const Json& state) {
  std::string name = text_member(benchmark, "name");
  for (const Json& axis : array_member(state, "axis_values")) {
    const std::optional<double> number = number_member(axis, "value");
    std::string value = text_member(axis, "value");
    if (value.empty() && number) value = fmt::format("{:g}", *number);
    name += fmt::format(" {}={}", text_member(axis, "name"), value);
  }
  return name;
}

void read_nvbench(const ResultText& text, ResultMetrics& metrics) {
  for (const Json& benchmark : array_member(text.json.front(), "benchmarks")) {
    for (const Json& state : array_member(benchmark, "states")) {
      const std::string name = nvbench_state_name(benchmark, state);
      if (state.is_object() && state.value("is_skipped", Json(false)) == true) {
        metrics.note(name + " was skipped: " + text_member(state, "skip_reason"));
        continue;
      }
      for (const Json& summary : array_member(state, "summaries")) {
        const std::string tag = text_member(summary, "tag");
        for (const NvbenchSummary& known : kNvbenchSummaries) {
          const std::optional<double> value = tag == known.tag ? nvbench_value(summary) : std::nullopt;
          if (value) metrics.add(name + known.title, *value, known.kind);
        }
      }
    }
  }
}
}  // namespace

const ResultFormat kNvbench = {"NVBench JSON", is_nvbench, read_nvbench};

}  // namespace varve
