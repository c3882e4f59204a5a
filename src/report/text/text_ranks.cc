#include "report/text/text_ranks.h"

#include <fmt/format.h>

#include <algorithm>

namespace varve {

namespace {
std::string milliseconds(std::int64_t ns) { return fmt::format("{:.3f} ms", static_cast<double>(ns) / 1e6); }

// "rank 3 (1.2 ms), rank 0 (0.1 ms)": whom it waited for, the longest first, at most three.
std::string waited_for(const RankWaiting& row) {
  std::vector<std::pair<std::int64_t, std::int32_t>> late;
  for (const auto& [rank, ns] : row.waiting_for) late.emplace_back(-ns, rank);
  std::sort(late.begin(), late.end());
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, late.size()); ++i) {
    text += fmt::format("{}rank {} ({})", i == 0 ? ", for " : ", ", late[i].second, milliseconds(-late[i].first));
  }
  return text;
}
}  // namespace

std::string text_ranks(const RankReport& report) {
  if (report.ranks.empty()) return "";
  std::string text = "collectives: " + report.detail + "\n";
  for (const RankWaiting& row : report.ranks) {
    if (row.common == 0) continue;
    text += fmt::format("  rank {}: {} collectives, transferred {}, waited {}{}\n", row.rank, row.common,
                        milliseconds(row.transfer_ns), milliseconds(row.waiting_ns), waited_for(row));
  }
  return text;
}

}  // namespace varve
