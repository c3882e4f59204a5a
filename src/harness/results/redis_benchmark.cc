// redis-benchmark --csv (src/redis-benchmark.c). From 6.2 on with a line of headings, "test","rps","avg_latency_ms",
// "min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"; before that "PING","86206.90".
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
bool is_redis_head(const std::vector<std::string>& cells) {
  return cells.size() > 2 && cells[0] == "test" && cells[1] == "rps";
}

// A quoted name and a quoted number, and nothing else.
bool is_old_redis_row(std::string_view line, const std::vector<std::string>& cells) {
  return cells.size() == 2 && line.starts_with('"') && line.ends_with('"') && parse_number(cells[1]).has_value();
}

bool is_redis_benchmark(const ResultText& text) {
  int old_rows = 0;
  for (const std::string_view line : text.lines) {
    const std::vector<std::string> cells = csv_cells(trim(line));
    if (is_redis_head(cells)) return true;
    if (!is_old_redis_row(trim(line), cells)) {
      if (!trim(line).empty()) return false;
      continue;
    }
    ++old_rows;
  }
  return old_rows > 0;
}

void read_redis_benchmark(const ResultText& text, ResultMetrics& metrics) {
  std::vector<std::string> head;
  for (const std::string_view line : text.lines) {
    const std::vector<std::string> cells = csv_cells(trim(line));
    if (is_redis_head(cells)) {
      head = cells;
      continue;
    }
    const std::optional<double> rate = cells.size() > 1 ? parse_number(cells[1]) : std::nullopt;
    if (!rate || (!head.empty() && cells.size() != head.size())) continue;
    metrics.add(cells[0], *rate, {"requests/s", Better::higher, Combined::median});
    for (std::size_t i = 2; i < head.size(); ++i) {
      const std::optional<double> latency = parse_number(cells[i]);
      if (!latency || !head[i].ends_with("_latency_ms")) continue;
      const std::string which = head[i].substr(0, head[i].find('_'));
      metrics.add(cells[0] + " " + which + " latency", *latency, {"ms", Better::lower, Combined::median});
    }
  }
}
}  // namespace

const ResultFormat kRedisBenchmark = {"redis-benchmark CSV", is_redis_benchmark, read_redis_benchmark};

}  // namespace varve
