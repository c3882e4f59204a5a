// The tables of a page about kernels that set ranks or devices side by side.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "base/units.h"
#include "report/kernels_page.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostRanks = 16;  // unless a view asks for all
constexpr std::size_t kMostLate = 3;    // whom a rank waited for, the longest first

// "rank 3 1.2, rank 0 0.1", "nobody"
std::string late_ranks(const RankWaiting& row, const TimeUnit& unit) {
  std::vector<std::pair<std::int64_t, std::int32_t>> late;
  for (const auto& [rank, ns] : row.waiting_for) late.emplace_back(-ns, rank);
  std::sort(late.begin(), late.end());
  std::vector<std::string> texts;
  for (const auto& [ns, rank] : late) texts.push_back(fmt::format("rank {} {}", rank, unit.text(in_seconds(-ns))));
  return texts.empty() ? "nobody" : and_more(texts, kMostLate);
}

struct RankSums {
  std::int64_t kernel_ns = 0, collective_ns = 0, copy_ns = 0;
  std::uint64_t kernels = 0;
};

std::map<Place, RankSums> sums_of_ranks(const KernelsRecord& record, const Profile& profile) {
  std::map<Place, RankSums> ranks;
  for (const ProfileRow& row : profile.rows) {
    const bool copies = kCopyActivities.contains(row.key.activity);
    if (!copies && !kMainActivities.contains(row.key.activity)) continue;
    RankSums& rank = ranks[{row.key.place.rank, row.key.place.device, -1}];
    const bool collective = row.key.activity == Activity::collective ||
                            record.record.kernels[row.key.kernel].meaning.family == Family::collective;
    if (copies) {
      rank.copy_ns = add_ns(rank.copy_ns, row.time.total_ns);
    } else {
      std::int64_t& sum = collective ? rank.collective_ns : rank.kernel_ns;
      sum = add_ns(sum, row.time.total_ns);
      rank.kernels = add_counts(rank.kernels, row.time.count);
    }
  }
  return ranks;
}

// Of ranks in their order: all where a table has room for them, else those in front by `before`, which a note tells.
template <class Row, class Before>
std::vector<Row> ranks_shown(std::vector<Row> rows, const KernelView& view, Before before,
                             const char* what_the_rest_has, PageBlock& block) {
  const std::size_t most = view.most == 0 ? rows.size() : std::max(view.most, kMostRanks);
  if (rows.size() <= most) return rows;
  std::stable_sort(rows.begin(), rows.end(), before);
  block.notes.push_back(fmt::format("{} more, {}: --top 0 shows all", rows.size() - most, what_the_rest_has));
  rows.resize(most);
  return rows;
}
struct ShownWindow {
  const TraceSource* source;
  const DividedWindow* window;
  std::int64_t length_ns = 0, idle_ns = 0;
};

// "3 (device 0)", "0", "b.json (device 0)": devices of several traces without ranks are told apart by their files.
std::string window_name(const ShownWindow& shown, bool by_rank, bool several) {
  const std::string device = shown.window->device >= 0 ? std::to_string(shown.window->device) : "";
  if (!by_rank && !several) return device.empty() ? "?" : device;
  const std::string name = by_rank ? std::to_string(shown.window->rank) : shown.source->file;
  return name + (device.empty() ? "" : fmt::format(" (device {})", device));
}
}  // namespace

PageBlock rank_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  const std::map<Place, RankSums> ranks = sums_of_ranks(record, profile);
  if (ranks.size() < 2) return {};
  std::int64_t largest = 0;
  for (const auto& [place, rank] : ranks) largest = std::max({largest, rank.kernel_ns, rank.collective_ns});
  const TimeUnit unit = time_unit_for(in_seconds(largest));
  PageBlock block;
  const bool by_rank = ranks.rbegin()->first.rank >= 0;
  block.title = by_rank ? "Ranks" : "Devices";
  block.columns = {{by_rank ? "rank" : "device", true, 0},
                   {unit_title("kernels", unit), true, 0},
                   {unit_title("collectives", unit), true, 0},
                   {unit_title("copies", unit), true, 0},
                   {"launches", true, 0}};
  const std::vector<std::pair<Place, RankSums>> all(ranks.begin(), ranks.end());
  const auto longer = [](const auto& a, const auto& b) { return a.second.kernel_ns > b.second.kernel_ns; };
  for (const auto& [place, rank] : ranks_shown(all, view, longer, "of no more time in kernels", block)) {
    std::string name = by_rank ? std::to_string(place.rank) : std::to_string(place.device);
    if (by_rank && place.rank < 0) name = "?";
    if (by_rank && place.device >= 0) name += fmt::format(" (device {})", place.device);
    block.rows.push_back({{name, unit.text(in_seconds(rank.kernel_ns)), unit.text(in_seconds(rank.collective_ns)),
                           unit.text(in_seconds(rank.copy_ns)), std::to_string(rank.kernels)},
                          "",
                          Tone::plain});
  }
  return block;
}

PageBlock divided_windows_block(const KernelsRecord& record, const KernelView& view) {
  std::vector<ShownWindow> windows;
  std::set<Part> parts;
  std::int64_t longest = 0;
  bool by_rank = true;
  for (const TraceSource& source : record.sources) {
    for (const DividedWindow& window : source.windows) {
      ShownWindow& shown = windows.emplace_back(ShownWindow{&source, &window});
      for (const auto& [part, ns] : window.parts) {
        shown.length_ns = add_ns(shown.length_ns, ns);
        if (part >= Part::idle_launch) shown.idle_ns = add_ns(shown.idle_ns, ns);
        if (ns > 0) parts.insert(std::min(part, Part::idle_launch));
      }
      longest = std::max(longest, shown.length_ns);
      by_rank = by_rank && window.rank >= 0;
    }
  }
  if (windows.size() < 2) return {};
  std::stable_sort(windows.begin(), windows.end(), [](const ShownWindow& a, const ShownWindow& b) {
    return std::tie(a.window->rank, a.window->device) < std::tie(b.window->rank, b.window->device);
  });
  PageBlock block;
  block.title = by_rank ? "Where the window of each rank went" : "Where the window of each device went";
  const TimeUnit unit = time_unit_for(in_seconds(longest));
  block.columns = {{by_rank ? "rank" : "device", true, 0}, {unit_title("window", unit), true, 0}};
  for (const Part part : parts)
    block.columns.push_back({part < Part::idle_launch ? part_title(part) : "idle", true, 0});
  const auto idler = [](const ShownWindow& a, const ShownWindow& b) { return a.idle_ns > b.idle_ns; };
  for (const ShownWindow& shown : ranks_shown(windows, view, idler, "idle for no longer", block)) {
    PageRow row{{window_name(shown, by_rank, record.sources.size() > 1), unit.text(in_seconds(shown.length_ns))},
                "",
                Tone::plain};
    for (const Part part : parts) {
      const auto at = shown.window->parts.find(part);
      const std::int64_t told_ns = at == shown.window->parts.end() ? 0 : at->second;
      const auto ns = static_cast<double>(part < Part::idle_launch ? told_ns : shown.idle_ns);
      row.cells.push_back(
          fmt::format("{:.1f} %", 100 * ns / static_cast<double>(std::max<std::int64_t>(shown.length_ns, 1))));
    }
    block.rows.push_back(std::move(row));
  }
  return block;
}

PageBlock waiting_block(const RankReport& report, const KernelView& view) {
  std::int64_t largest = 0;
  std::vector<const RankWaiting*> rows;
  for (const RankWaiting& row : report.ranks) {
    largest = std::max({largest, row.transfer_ns, row.waiting_ns, row.waited_for_ns});
    if (row.common > 0) rows.push_back(&row);
  }
  PageBlock block;
  block.title = "Collectives over ranks: transferring, and waiting for whoever came last";
  if (!report.ranks.empty()) block.notes.push_back(report.detail);
  const TimeUnit unit = time_unit_for(in_seconds(largest));
  block.columns = {{"rank", true, 0},
                   {"collectives", true, 1},
                   {unit_title("transfer", unit), true, 0},
                   {unit_title("waiting", unit), true, 0},
                   {unit_title("others waited for it", unit), true, 0},
                   {unit_title("it waited for", unit), false, 0}};
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->rank < b->rank; });
  const auto later = [](const auto* a, const auto* b) { return a->waited_for_ns > b->waited_for_ns; };
  for (const RankWaiting* row : ranks_shown(rows, view, later, "whom others waited for no longer", block)) {
    block.rows.push_back(
        {{std::to_string(row->rank), std::to_string(row->common), unit.text(in_seconds(row->transfer_ns)),
          unit.text(in_seconds(row->waiting_ns)), unit.text(in_seconds(row->waited_for_ns)), late_ranks(*row, unit)},
         "",
         Tone::plain});
  }
  return block;
}

}  // namespace varve
