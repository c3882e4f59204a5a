// The tables of a page about kernels.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "report/kernels_page.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostSmall = 5;  // rows of a table beside the main one, unless a view asks for all

std::string share_of(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "–";
}

std::string joined(const std::set<std::string>& texts) {
  const std::vector<std::string> list(texts.begin(), texts.end());
  return list.size() > 2 ? fmt::format("{} kinds", list.size()) : join(list, ", ");
}

// "bf16 tensor": what it computes in, and whether on matrix units.
std::string computes_in(const RowGroup& group) {
  const std::string precision = joined(group.precisions);
  if (!group.tensor_cores) return precision;
  return precision.empty() ? "tensor cores" : precision + " tensor cores";
}

std::string made_by(const RowGroup& group) {
  if (group.sources.empty()) return group.compiled ? "(compiled)" : "";
  return joined(group.sources);
}

std::size_t rows_shown(std::size_t all, std::size_t most) { return most == 0 ? all : std::min(all, most); }

std::size_t fewer(const KernelView& view) { return view.most == 0 ? 0 : std::min(view.most, kMostSmall); }

// A column of a table of groups, and what stands in it.
struct GroupColumn {
  PageColumn column;
  std::function<std::string(const RowGroup&)> cell;
};

// The first groups, the others as one row, all in one row.
void fill(PageBlock& block, const std::vector<GroupColumn>& columns, const std::vector<RowGroup>& groups,
          std::size_t most, bool with_sum) {
  for (const GroupColumn& column : columns) block.columns.push_back(column.column);
  const auto add = [&](const RowGroup& group, Tone tone) {
    PageRow row{.cells = {}, .full_name = group.full_name, .tone = tone};
    for (const GroupColumn& column : columns) row.cells.push_back(column.cell(group));
    block.rows.push_back(std::move(row));
  };
  std::size_t shown = rows_shown(groups.size(), most);
  if (shown + 1 == groups.size()) ++shown;  // "1 other" needs a line as well
  for (std::size_t i = 0; i < shown; ++i) add(groups[i], Tone::plain);
  const auto plain_sum = [](const std::vector<RowGroup>& of, const std::string& name) {
    RowGroup sum = sum_of(of);
    sum.name = name;
    sum.families.clear();
    sum.sources.clear();
    sum.precisions.clear();
    sum.tensor_cores = sum.compiled = false;
    return sum;
  };
  if (shown < groups.size()) {
    const std::vector<RowGroup> rest(groups.begin() + static_cast<std::ptrdiff_t>(shown), groups.end());
    add(plain_sum(rest, fmt::format("{} others", rest.size())), Tone::dim);
  }
  if (with_sum && groups.size() > 1) add(plain_sum(groups, "in all"), Tone::bold);
}

TimeUnit unit_of(const std::vector<RowGroup>& groups) {
  std::int64_t largest = 0;
  for (const RowGroup& group : groups) largest = std::max(largest, group.time.total_ns);
  return time_unit_for(in_seconds(largest));
}

// Columns that say how long one of them takes, each in a unit of its own: they differ by orders of magnitude. A sum of
// samples has none.
std::vector<GroupColumn> duration_columns() {
  const auto column = [](const char* title, int gives_way, std::int64_t (*ns)(const Durations&)) {
    return GroupColumn{{title, true, gives_way}, [ns](const RowGroup& group) {
                         return group.time.has_spread() ? format_seconds(in_seconds(ns(group.time))) : "–";
                       }};
  };
  return {{{"mean", true, 1},
           [](const RowGroup& group) {
             if (group.time.count == 0) return std::string("–");
             return format_seconds(in_seconds(group.time.total_ns) / static_cast<double>(group.time.count));
           }},
          column("min", 4, [](const Durations& time) { return time.min_ns; }),
          column("p50", 6, [](const Durations& time) { return time.quantile(0.5); }),
          column("p99", 5, [](const Durations& time) { return time.quantile(0.99); }),
          column("max", 2, [](const Durations& time) { return time.max_ns; })};
}

const char* column_title(KernelGrouping grouping) {
  switch (grouping) {
    case KernelGrouping::family:
      return "family";
    case KernelGrouping::operation:
      return "operation";
    case KernelGrouping::library:
      return "made by";
    case KernelGrouping::rank:
      return "rank";
    case KernelGrouping::name:
    case KernelGrouping::step:
      break;
  }
  return "kernel";
}

GroupColumn name_column(const char* title) {
  return {{title, false, 0, true}, [](const RowGroup& group) { return group.name; }};
}

GroupColumn count_column(const char* title) {
  return {{title, true, 0}, [](const RowGroup& group) { return std::to_string(group.times()); }};
}

GroupColumn total_column(const TimeUnit& unit, const std::string& title = "time") {
  return {{unit_title(title, unit), true, 0},
          [unit](const RowGroup& group) { return unit.text(in_seconds(group.time.total_ns)); }};
}
}  // namespace

PageBlock kernel_block(const KernelsRecord& record, ProfileKind kind, const Profile& profile, const KernelView& view) {
  const auto groups = kernel_groups(record.record.kernels, profile, kMainActivities, view.grouping,
                                    {.columns = view.name_columns, .most = view.most});
  if (groups.empty()) return {};
  const RowGroup whole = sum_of(groups);
  const bool timed = whole.time.total_ns > 0, sampled = whole.samples > 0;
  const TimeUnit unit = time_unit_for(in_seconds(whole.time.total_ns));
  PageBlock block;
  const bool of_device = kind.quantity == Quantity::device_time;
  block.title = fmt::format("Kernels by {}", of_device ? "time on the device" : quantity_title(kind.quantity));
  std::vector<GroupColumn> columns;
  columns.push_back({{"share", true, 0}, [whole, timed](const RowGroup& group) {
                       return timed ? share_of(static_cast<double>(group.time.total_ns),
                                               static_cast<double>(whole.time.total_ns))
                                    : share_of(static_cast<double>(group.samples), static_cast<double>(whole.samples));
                     }});
  if (timed) columns.push_back(total_column(unit));
  columns.push_back(count_column(sampled ? "samples" : of_device ? "launches" : "times"));
  if (whole.time.count > 0) {
    for (GroupColumn& column : duration_columns()) columns.push_back(std::move(column));
  }
  const bool by_name = view.grouping == KernelGrouping::name || view.grouping == KernelGrouping::step;
  if (view.grouping != KernelGrouping::family) {
    columns.push_back(
        {{"family", false, by_name ? 0 : 7}, [](const RowGroup& group) { return joined(group.families); }});
  }
  columns.push_back(name_column(column_title(view.grouping)));
  if (view.grouping != KernelGrouping::library) columns.push_back({{"made by", false, 3}, made_by});
  columns.push_back({{"computes in", false, 8}, computes_in});
  fill(block, columns, groups, view.most, true);
  return block;
}

PageBlock operation_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  const bool by_family = view.grouping == KernelGrouping::family;
  const bool is_as_asked = by_family || view.grouping == KernelGrouping::operation;
  const KernelGrouping grouping = is_as_asked ? view.grouping : KernelGrouping::name;
  const auto groups = kernel_groups(record.record.kernels, profile, {Activity::operation}, grouping);
  if (groups.empty()) return {};
  const RowGroup whole = sum_of(groups);
  std::int64_t largest = 0;
  for (const RowGroup& group : groups) largest = std::max(largest, group.inclusive_ns());
  const TimeUnit unit = time_unit_for(in_seconds(largest));
  PageBlock block;
  block.title = "Operations on the host by their own time";
  std::vector<GroupColumn> columns;
  columns.push_back({{"share", true, 0}, [whole](const RowGroup& group) {
                       return share_of(static_cast<double>(group.time.total_ns),
                                       static_cast<double>(whole.time.total_ns));
                     }});
  columns.push_back(total_column(unit, "own"));
  // A sum of what was nested counts at each level: a family, and all of them, have none.
  columns.push_back({{unit_title("with nested", unit), true, 0}, [unit, by_family](const RowGroup& group) {
                       const bool is_sum = by_family || group.full_name.empty();
                       return is_sum ? std::string() : unit.text(in_seconds(group.inclusive_ns()));
                     }});
  columns.push_back(count_column("times"));
  columns.push_back({{"family", false, 7}, [by_family](const RowGroup& group) {
                       return by_family ? std::string() : joined(group.families);
                     }});
  columns.push_back(name_column(by_family ? "family" : "operation"));
  fill(block, columns, groups, view.most, true);
  return block;
}

PageBlock nesting_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  auto groups = kernel_groups(record.record.kernels, profile, {Activity::operation}, KernelGrouping::name);
  std::erase_if(groups, [](const RowGroup& group) { return group.nested_ns == 0; });
  if (groups.empty()) return {};
  std::stable_sort(groups.begin(), groups.end(),
                   [](const RowGroup& a, const RowGroup& b) { return a.inclusive_ns() > b.inclusive_ns(); });
  if (const std::size_t most = fewer(view); most > 0 && groups.size() > most) groups.resize(most);
  const TimeUnit unit = time_unit_for(in_seconds(groups.front().inclusive_ns()));
  PageBlock block;
  block.title = "Operations with all that they called";
  fill(block,
       {{{unit_title("time", unit), true, 0},
         [unit](const RowGroup& group) { return unit.text(in_seconds(group.inclusive_ns())); }},
        count_column("times"),
        name_column("operation")},
       groups, 0, false);
  return block;
}

PageBlock region_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  auto groups = kernel_groups(record.record.kernels, profile, {Activity::region}, KernelGrouping::name);
  if (groups.empty()) return {};
  std::stable_sort(groups.begin(), groups.end(),
                   [](const RowGroup& a, const RowGroup& b) { return a.inclusive_ns() > b.inclusive_ns(); });
  const TimeUnit unit = time_unit_for(in_seconds(groups.front().inclusive_ns()));
  PageBlock block;
  block.title = "Regions that the program marked";
  fill(block,
       {{{unit_title("time", unit), true, 0},
         [unit](const RowGroup& group) {
           return group.full_name.empty() ? std::string() : unit.text(in_seconds(group.inclusive_ns()));
         }},
        total_column(unit, "of it own"),
        count_column("times"),
        name_column("region")},
       groups, fewer(view), false);
  return block;
}

PageBlock copy_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  const auto groups = kernel_groups(record.record.kernels, profile, kCopyActivities, KernelGrouping::name);
  if (groups.empty()) return {};
  PageBlock block;
  block.title = "Copies and fills";
  const auto rate = [](const RowGroup& group) {
    if (group.bytes == 0 || group.time.total_ns == 0) return std::string("–");
    return fmt::format("{:.1f}", static_cast<double>(group.bytes) / static_cast<double>(group.time.total_ns));
  };
  fill(block,
       {total_column(unit_of(groups)), count_column("times"),
        GroupColumn{{"moved", true, 0},
                    [](const RowGroup& group) { return group.bytes == 0 ? "–" : format_bytes(group.bytes); }},
        GroupColumn{{"GB/s", true, 0}, rate}, name_column("what")},
       groups, fewer(view), false);
  return block;
}

PageBlock collective_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  const auto groups = kernel_groups(record.record.kernels, profile, {Activity::collective}, KernelGrouping::name);
  const bool sized = std::any_of(groups.begin(), groups.end(), [](const RowGroup& group) { return group.bytes > 0; });
  if (groups.empty() || !sized) return {};  // else the table of kernels says all there is
  const std::vector<GroupColumn> durations = duration_columns();
  PageBlock block;
  block.title = "Collectives";
  fill(block,
       {total_column(unit_of(groups)), count_column("times"), durations[1], durations[4],
        GroupColumn{{"message", true, 0},
                    [](const RowGroup& group) {
                      const std::uint64_t times = std::max<std::uint64_t>(1, group.time.count);
                      return group.bytes == 0 ? "–" : format_bytes(group.bytes / times);
                    }},
        name_column("collective")},
       groups, fewer(view), false);
  block.notes.push_back(
      "A collective takes as long as it waits for its last rank and then transfers: the shortest is "
      "nearest to the transfer. Message: the mean of one.");
  return block;
}

PageBlock call_block(const KernelsRecord& record, const Profile& profile, const KernelView& view) {
  struct Kind {
    Activity activity;
    const char* title;
  };
  const std::vector<Kind> kinds = {{Activity::launch, "launching kernels"},
                                   {Activity::synchronise, "waiting for the device"},
                                   {Activity::allocate, "allocating memory"},
                                   {Activity::call, "other calls"}};
  std::vector<RowGroup> sums;
  std::map<std::string, std::string> largest;
  for (const Kind& kind : kinds) {
    const auto groups = kernel_groups(record.record.kernels, profile, {kind.activity}, KernelGrouping::name);
    if (groups.empty()) continue;
    RowGroup sum = sum_of(groups);
    sum.name = sum.full_name = kind.title;
    std::vector<std::string> names;
    for (const RowGroup& group : groups) names.push_back(fmt::format("{} {}×", group.name, group.time.count));
    largest[sum.name] = and_more(names, view.most == 0 ? names.size() : 2);
    sums.push_back(std::move(sum));
  }
  if (sums.empty()) return {};
  PageBlock block;
  block.title = "Calls of the runtime on the host";
  std::vector<GroupColumn> columns = {total_column(unit_of(sums)), count_column("times")};
  for (GroupColumn& column : duration_columns()) columns.push_back(std::move(column));
  columns.push_back(name_column("what"));
  columns.push_back({{"most of it", false, 0}, [&](const RowGroup& group) { return largest[group.name]; }});
  fill(block, columns, sums, 0, false);
  return block;
}

PageBlock step_block(const TraceSource& source, const KernelView& view) {
  const std::vector<TraceStep>& steps = source.steps.steps;
  if (steps.empty()) return {};
  std::int64_t largest = 0;
  for (const TraceStep& step : steps) largest = std::max({largest, step.length_ns, step.kernel_ns});
  const TimeUnit unit = time_unit_for(in_seconds(largest));
  const bool saw_kernels = source.absence == KernelAbsence::none_absent;
  PageBlock block;
  block.title = "Steps" + (source.rank >= 0 ? fmt::format(" of rank {}", source.rank) : std::string());
  std::set<Part> parts;
  for (const TraceStep& step : steps) {
    for (const auto& [part, ns] : step.parts) parts.insert(part);
  }
  block.columns = {{"step", false, 0},
                   {unit_title("from", unit), true, 2},
                   {unit_title("long", unit), true, 0},
                   {unit_title(saw_kernels ? "kernels" : "operations", unit), true, 0}};
  for (const Part part : parts) block.columns.push_back({part_title(part), true, 5});
  block.columns.push_back({"", false, 0});
  const std::size_t shown = rows_shown(steps.size(), view.most);
  for (std::size_t i = 0; i < shown; ++i) {
    const TraceStep& step = steps[i];
    PageRow row{.cells = {step.name, unit.text(in_seconds(step.start_ns) - in_seconds(steps.front().start_ns)),
                          unit.text(in_seconds(step.length_ns)), unit.text(in_seconds(step.kernel_ns))},
                .full_name = "",
                .tone = step.complete ? Tone::plain : Tone::dim};
    std::int64_t divided_ns = 0;  // of all devices
    for (const auto& [part, ns] : step.parts) divided_ns = add_ns(divided_ns, ns);
    for (const Part part : parts) {
      const auto at = step.parts.find(part);
      row.cells.push_back(
          share_of(at == step.parts.end() ? 0 : static_cast<double>(at->second), static_cast<double>(divided_ns)));
    }
    row.cells.emplace_back(step.complete ? "" : "incomplete");
    block.rows.push_back(std::move(row));
  }
  if (shown < steps.size())
    block.notes.push_back(fmt::format("{} more steps: --top 0 shows all", steps.size() - shown));
  return block;
}

}  // namespace varve
