// aiperf profile (profile_export_aiperf.json) and genai-perf (profile_export_genai_perf.json), ai-dynamo/aiperf and
// triton-inference-server/perf_analyzer: {"request_throughput": {"unit": "requests/sec", "avg": …}, "request_latency":
// {"unit": "ms", "avg", "min", "max", "p50", "p90", "p99", …}, …}. Early versions of aiperf put them into "records".
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/results/result_formats.h"

namespace varve {

namespace {
struct AiperfMember {
  const char* member;
  const char* title;
  Better better;
  bool spreads;  // over requests: percentiles say something
};

// What a client of an inference server is asked for; telemetry and configuration are left out.
constexpr AiperfMember kAiperfMembers[] = {
    {"output_token_throughput", "output token throughput", Better::higher, false},
    {"total_token_throughput", "total token throughput", Better::higher, false},
    {"request_throughput", "request throughput", Better::higher, false},
    {"goodput", "goodput", Better::higher, false},
    {"output_token_throughput_per_user", "output token throughput per user", Better::higher, true},
    {"time_to_first_token", "time to first token", Better::lower, true},
    {"ttft", "time to first token", Better::lower, true},
    {"time_to_second_token", "time to second token", Better::lower, true},
    {"inter_token_latency", "inter-token latency", Better::lower, true},
    {"inter_chunk_latency", "inter-chunk latency", Better::lower, true},
    {"request_latency", "request latency", Better::lower, true},
    {"output_sequence_length", "output sequence length", Better::unknown, false},
    {"input_sequence_length", "input sequence length", Better::unknown, false},
    {"request_count", "requests", Better::unknown, false},
    {"error_request_count", "failed requests", Better::lower, false},
};

bool is_aiperf_number(const Json& root, const char* member) {
  const auto found = root.find(member);
  return found != root.end() && found->is_object() && found->contains("avg") && found->contains("unit");
}

// The object that holds them; nullptr: there is none.
const Json* aiperf_records(const ResultText& text) {
  if (text.json.empty() || !text.json.front().is_object()) return nullptr;
  const Json* root = &text.json.front();
  if (const auto records = root->find("records"); records != root->end() && records->is_object()) root = &*records;
  const bool is = is_aiperf_number(*root, "request_latency") || is_aiperf_number(*root, "request_throughput");
  return is ? root : nullptr;
}

bool is_aiperf(const ResultText& text) { return aiperf_records(text) != nullptr; }

// "tokens/sec/user" as everybody else writes it.
std::string aiperf_unit(std::string unit) {
  for (const auto& [from, to] : {std::pair{"/second", "/s"}, std::pair{"/sec", "/s"}}) {
    if (const std::size_t at = unit.find(from); at != std::string::npos) unit.replace(at, std::string(from).size(), to);
  }
  return unit == "sec" || unit == "seconds" ? "s" : unit;
}

void read_aiperf(const ResultText& text, ResultMetrics& metrics) {
  const Json& records = *aiperf_records(text);
  for (const AiperfMember& each : kAiperfMembers) {
    if (!is_aiperf_number(records, each.member)) continue;
    const Json& number = records[each.member];
    const ResultMetrics::Kind kind{aiperf_unit(text_member(number, "unit")), each.better};
    if (!each.spreads) {
      metrics.add_member(number, "avg", each.title, kind);
      continue;
    }
    for (const char* statistic : {"p50", "avg", "p90", "p95", "p99"}) {
      const std::string name = std::string(statistic) == "avg" ? "mean" : statistic;
      metrics.add_member(number, statistic, name + " " + each.title, kind);
    }
  }
  const auto failed = is_aiperf_number(records, "error_request_count")
                          ? number_member(records["error_request_count"], "avg")
                          : std::nullopt;
  if (failed && *failed > 0) metrics.note(fmt::format("{} requests failed", *failed));
  const auto cancelled = text.json.front().find("was_cancelled");
  if (cancelled != text.json.front().end() && *cancelled == true) metrics.note("the run was cancelled");
}
}  // namespace

const ResultFormat kAiperf = {"aiperf or genai-perf JSON", is_aiperf, read_aiperf};

}  // namespace varve
