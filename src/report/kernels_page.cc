#include "report/kernels_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostTraces = 4;   // that get a line each
constexpr std::size_t kMostDamage = 3;   // of a trace
constexpr std::size_t kMostReasons = 6;  // of a profile

std::string time_text(std::int64_t ns) { return format_seconds(in_seconds(ns)); }

// "8 × NVIDIA B300" for a list that says so eight times.
Value counted(const Value& value) {
  const auto* list = std::get_if<std::vector<std::string>>(&value);
  if (list == nullptr) return value;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < list->size();) {
    std::size_t end = i;
    while (end < list->size() && (*list)[end] == (*list)[i]) ++end;
    shown.push_back(end - i > 1 ? fmt::format("{} × {}", end - i, (*list)[i]) : (*list)[i]);
    i = end;
  }
  return shown;
}

std::string known_value(const TraceSource& source, const std::string& id) {
  const auto at = source.facts.find(id);
  return at != source.facts.end() && at->second.is_known() ? value_text(counted(*at->second.value)) : "";
}

std::string rank_text(const TraceSource& source) {
  if (source.rank < 0) return "";
  return source.ranks > 0 ? fmt::format(", rank {} of {}", source.rank, source.ranks)
                          : fmt::format(", rank {}", source.rank);
}

std::string trace_line(const TraceSource& source) {
  std::string line = fmt::format("{}: {}{}", source.file, source.format, rank_text(source));
  if (const std::string gpus = known_value(source, "gpu.models"); !gpus.empty()) line += ", " + gpus;
  return line;
}

// "8 traces of kineto, ranks 0 to 7 of 8: a.json, b.json and 6 more".
std::string many_traces_line(const std::vector<TraceSource>& sources) {
  std::set<std::string> formats;
  std::set<std::int32_t> ranks;
  std::vector<std::string> names;
  std::int32_t of = 0;
  for (const TraceSource& source : sources) {
    formats.insert(source.format);
    if (source.rank >= 0) ranks.insert(source.rank);
    of = std::max(of, source.ranks);
    names.push_back(source.file);
  }
  std::string line = fmt::format("{} traces of {}", sources.size(),
                                 join(std::vector<std::string>(formats.begin(), formats.end()), ", "));
  if (!ranks.empty()) {
    const bool all = static_cast<std::size_t>(*ranks.rbegin() - *ranks.begin()) + 1 == ranks.size();
    line += all ? fmt::format(", ranks {} to {}", *ranks.begin(), *ranks.rbegin())
                : fmt::format(", {} ranks from {} to {}", ranks.size(), *ranks.begin(), *ranks.rbegin());
    if (of > 0) line += fmt::format(" of {}", of);
  }
  return line + ": " + list_text(names, 3);
}

std::int64_t part_ns(const Profile& profile, std::initializer_list<Part> parts) {
  std::int64_t sum = 0;
  for (const Part part : parts) {
    const auto at = profile.parts.find(part);
    if (at != profile.parts.end()) sum = add_ns(sum, at->second);
  }
  return sum;
}

std::size_t device_count(const Profile& profile) {
  std::set<std::pair<std::int32_t, std::int32_t>> devices;
  for (const ProfileRow& row : profile.rows) devices.emplace(row.key.place.rank, row.key.place.device);
  return devices.size();
}

// " in a window of 41 ms", " in windows of 41 ms together on 2 devices".
std::string window_text(const Profile& profile, bool of_devices) {
  if (profile.window_ns <= 0) return "";
  const std::size_t devices = of_devices ? device_count(profile) : 1;
  return devices > 1 ? fmt::format(" in windows of {} together on {} devices", time_text(profile.window_ns), devices)
                     : fmt::format(" in a window of {}", time_text(profile.window_ns));
}

// "36 kernels took 1.48 ms of a window of 41 ms; the device was busy for 3.6 % of it."
std::string profile_sentence(const KernelsRecord& record, ProfileKind kind, const Profile& profile) {
  const RowGroup all = sum_of(kernel_groups(record.record.kernels, profile, kMainActivities, KernelGrouping::family));
  if (all.times() == 0) return "";
  const bool of_device = kind.quantity == Quantity::device_time;
  const std::string what = all.samples > 0 ? count_text(all.samples, "sample", "samples")
                           : of_device     ? count_text(all.time.count, "kernel", "kernels")
                                           : count_text(all.time.count, "call", "calls");
  std::string text = what;
  if (all.time.total_ns > 0) {
    text += fmt::format("{}{} of {}", of_device ? " ran for " : ", ", time_text(all.time.total_ns),
                        of_device ? "device time" : quantity_title(kind.quantity));
  }
  text += window_text(profile, of_device);
  if (profile.window_ns > 0 && !profile.parts.empty()) {
    const std::int64_t busy = part_ns(profile, {Part::kernel, Part::collective, Part::waiting, Part::copy});
    text += fmt::format("; the device{} busy for {} of it", device_count(profile) > 1 ? "s were" : " was",
                        share_text(static_cast<double>(busy) / static_cast<double>(profile.window_ns)));
  }
  return text + fmt::format(", as {} saw it.", to_string(kind.witness));
}

std::string operation_sentence(const KernelsRecord& record, ProfileKind kind, const Profile& profile) {
  const RowGroup all =
      sum_of(kernel_groups(record.record.kernels, profile, {Activity::operation}, KernelGrouping::name));
  if (all.time.count == 0) return "";
  std::string text = fmt::format("{} ran on the host for {}", count_text(all.time.count, "operation", "operations"),
                                 time_text(all.time.total_ns));
  text += window_text(profile, false);
  return text + fmt::format(", as {} saw it.", to_string(kind.witness));
}

std::string absence_sentence(const TraceSource& source) {
  switch (source.absence) {
    case KernelAbsence::none_absent:
      return "";
    case KernelAbsence::not_traced:
      return "No kernels: they were not traced. This says nothing about what ran on a device.";
    case KernelAbsence::none_launched:
      return "No kernels: they were traced, and none was launched.";
    case KernelAbsence::lost:
      if (source.tally.launches == 0) {
        return "No kernels in what is there: parts of the trace are missing, and with them whether any ran.";
      }
      return fmt::format("No kernels, although {} {} traced: the records of the kernels are lost.",
                         count_text(source.tally.launches, "launch", "launches"),
                         source.tally.launches == 1 ? "was" : "were");
  }
  return "";
}

std::string trace_name(const TraceSource& source) {
  return source.rank >= 0 ? fmt::format("Rank {}", source.rank) : source.file;
}

// "3 steps of 12.3 ms (11.9 to 12.8), found by …".
std::string step_sentence(const TraceSource& source) {
  std::vector<std::int64_t> lengths, kernels;
  for (const TraceStep& step : source.steps.steps) {
    if (!step.complete) continue;
    lengths.push_back(step.length_ns);
    kernels.push_back(step.kernel_ns);
  }
  if (lengths.empty()) return "";
  std::sort(lengths.begin(), lengths.end());
  std::sort(kernels.begin(), kernels.end());
  std::string text = fmt::format("{} of {}", count_text(lengths.size(), "complete step", "complete steps"),
                                 time_text(lengths[lengths.size() / 2]));
  if (lengths.size() > 1) {
    text += fmt::format(" in the middle ({} to {})", time_text(lengths.front()), time_text(lengths.back()));
  }
  text += fmt::format(", {} of {} in {}", time_text(kernels[kernels.size() / 2]),
                      source.absence == KernelAbsence::none_absent ? "kernels" : "operations",
                      kernels.size() == 1 ? "it" : "each");
  const bool annotated = source.steps.found == TraceSteps::Found::annotated;
  return text + (source.steps.detail.empty() ? "" : (annotated ? "; marked by " : "; ") + source.steps.detail) + ".";
}

// Where there are no kernels the operations stand for them, by their own time.
PageBlock family_block(const KernelsRecord& record, const Profile& profile, bool has_kernels) {
  const Activities activities = has_kernels ? kMainActivities : Activities{Activity::operation};
  const auto groups = kernel_groups(record.record.kernels, profile, activities, KernelGrouping::family);
  const RowGroup whole = sum_of(groups);
  if (groups.size() < 2 || whole.time.total_ns == 0) return {};
  const TimeUnit unit = time_unit_for(in_seconds(whole.time.total_ns));
  PageBlock block;
  block.title = has_kernels ? "What the kernels were for" : "What the operations were for";
  block.whole = unit.text(in_seconds(whole.time.total_ns));
  block.unit = unit.name;
  for (const RowGroup& group : groups) {
    block.bars.push_back({.label = group.name,
                          .share = static_cast<double>(group.time.total_ns) / static_cast<double>(whole.time.total_ns),
                          .amount = unit.text(in_seconds(group.time.total_ns)),
                          .detail = group.samples > 0 ? count_text(group.samples, "sample", "samples")
                                                      : fmt::format("{} ×", group.time.count),
                          .quiet = group.name == "other"});
  }
  return block;
}

PageBlock window_block(const Profile& profile) {
  if (profile.parts.empty() || profile.window_ns <= 0) return {};
  const TimeUnit unit = time_unit_for(in_seconds(profile.window_ns));
  PageBlock block;
  block.title = "Where the window went";
  block.whole = unit.text(in_seconds(profile.window_ns));
  block.unit = unit.name;
  const auto add = [&](const std::string& label, std::int64_t ns, bool quiet) {
    if (ns <= 0) return;
    block.bars.push_back({.label = label,
                          .share = static_cast<double>(ns) / static_cast<double>(profile.window_ns),
                          .amount = unit.text(in_seconds(ns)),
                          .detail = "",
                          .quiet = quiet});
  };
  for (const auto& [part, ns] : profile.parts) add(part_title(part), ns, part >= Part::idle_launch);
  add("not divided", profile.undivided_ns(), true);
  return block;
}

// What a reader must know of a trace before believing a figure.
void add_remarks(const TraceSource& source, bool alone, std::vector<std::string>& remarks) {
  const std::string who = alone ? "" : source.file + ": ";
  for (const std::string& sentence : source.tally.sentences) remarks.push_back(who + sentence);
  if (source.damaged > 0) {
    std::string text = fmt::format("{} could not be read and {} passed over",
                                   count_text(source.damaged, "part", "parts"), source.damaged == 1 ? "was" : "were");
    for (std::size_t i = 0; i < std::min(source.damage.size(), kMostDamage); ++i) {
      text += fmt::format("{} at byte {}: {}", i == 0 ? "," : ";", source.damage[i].at, source.damage[i].what);
    }
    if (!source.damage.empty() && source.damaged > kMostDamage) text += "; and more";
    remarks.push_back(who + text);
  }
  if (source.tally.environments > 0)
    remarks.push_back(who + "varve kernels --slim writes a file that may be published");
}

// Columns of which no row has anything to say.
void drop_empty_columns(PageBlock& block) {
  for (std::size_t i = block.columns.size(); i-- > 0;) {
    const auto place = static_cast<std::ptrdiff_t>(i);
    const bool empty =
        std::all_of(block.rows.begin(), block.rows.end(), [&](const PageRow& row) { return row.cells[i].empty(); });
    if (!empty) continue;
    block.columns.erase(block.columns.begin() + place);
    for (PageRow& row : block.rows) row.cells.erase(row.cells.begin() + place);
  }
}

void add_profile(const KernelsRecord& record, ProfileKind kind, const Profile& profile, const KernelView& view,
                 bool has_kernels, KernelsPage& page) {
  const auto add = [&](PageBlock block) {
    drop_empty_columns(block);
    if (!block.rows.empty() || !block.bars.empty()) page.blocks.push_back(std::move(block));
  };
  if (view.grouping != KernelGrouping::family) add(family_block(record, profile, has_kernels));
  add(window_block(profile));
  add(kernel_block(record, kind, profile, view));
  add(copy_block(record, profile, view));
  add(collective_block(record, profile, view));
  add(rank_block(record, profile, view));
  if (!has_kernels || view.grouping == KernelGrouping::operation) {
    add(operation_block(record, profile, view));
    add(nesting_block(record, profile, view));
  }
  add(call_block(record, profile, view));
  add(region_block(record, profile, view));
  if (profile.remainder_ns() > 0) {
    page.remarks.push_back(fmt::format("{} of {} are in none of these rows", time_text(profile.remainder_ns()),
                                       quantity_title(kind.quantity)));
  }
  if (profile.lost > 0) page.remarks.push_back(fmt::format("{} lost", count_text(profile.lost, "record", "records")));
  std::size_t reasons = 0;
  for (const std::string& reason : profile.unseen) {
    const std::string text = "not seen: " + reason;
    if (std::find(page.remarks.begin(), page.remarks.end(), text) != page.remarks.end()) continue;
    if (++reasons <= kMostReasons) page.remarks.push_back(text);
  }
}

// Facts that all traces agree on once, others with the trace that says so.
std::vector<Remark> disclosed(const std::vector<TraceSource>& sources) {
  std::vector<Remark> facts;
  std::map<std::string, std::vector<std::string>> values;  // by id, each value once
  for (const TraceSource& source : sources) {
    for (const auto& [id, fact] : source.facts) {
      if (id == "trace.base_time_ns") continue;  // says nothing of a stack
      std::vector<std::string>& seen = values[id];
      Fact told = fact;
      if (told.value) told.value = counted(*told.value);
      const std::string shown = shown_fact(id, told);
      if (std::find(seen.begin(), seen.end(), shown) == seen.end()) seen.push_back(shown);
    }
  }
  for (const auto& [id, seen] : values) facts.push_back({fact_title(id), and_more(seen, 3)});
  return facts;
}
}  // namespace

std::string part_title(Part part) {
  switch (part) {
    case Part::kernel:
      return "kernels";
    case Part::collective:
      return "collectives";
    case Part::waiting:
      return "waiting for the last rank";
    case Part::copy:
      return "copies";
    case Part::idle_launch:
      return "idle, host launching";
    case Part::idle_synchronise:
      return "idle, host waiting for it";
    case Part::idle_host:
      return "idle, host at other work";
    case Part::idle:
      return "idle";
  }
  return "";
}

KernelsPage kernels_page(const KernelsRecord& record, const KernelView& view) {
  KernelsPage page;
  const std::vector<TraceSource>& sources = record.sources;
  if (!sources.empty()) page.title = sources.front().file;
  if (sources.size() > 1) page.title += fmt::format(" and {} more", sources.size() - 1);
  if (sources.size() > kMostTraces) {
    page.traces.push_back(many_traces_line(sources));
  } else {
    for (const TraceSource& source : sources) page.traces.push_back(trace_line(source));
  }
  const auto say = [&](const std::string& sentence) {
    const auto known = std::find(page.answer.begin(), page.answer.end(), sentence);
    if (!sentence.empty() && known == page.answer.end()) page.answer.push_back(sentence);
  };
  const auto& profiles = record.record.profiles.by_kind;
  bool has_kernels = false;
  for (const auto& [kind, profile] : profiles) {
    const std::string sentence = profile_sentence(record, kind, profile);
    has_kernels = has_kernels || !sentence.empty();
    say(sentence);
  }
  for (const TraceSource& source : sources) say(absence_sentence(source));
  for (const auto& [kind, profile] : profiles) {
    if (!has_kernels) say(operation_sentence(record, kind, profile));
  }
  for (const TraceSource& source : sources) {
    const std::string sentence = sources.size() <= kMostTraces ? step_sentence(source) : "";
    say(sentence.empty() || sources.size() == 1 ? sentence : trace_name(source) + ": " + sentence);
  }
  for (const TraceSource& source : sources) add_remarks(source, sources.size() == 1, page.remarks);
  if (view.grouping == KernelGrouping::step) {
    for (const TraceSource& source : sources) {
      if (PageBlock block = step_block(source, view); !block.rows.empty()) page.blocks.push_back(std::move(block));
      if (source.steps.steps.empty()) {
        page.remarks.push_back("no steps: " + (source.steps.detail.empty() ? "none are marked" : source.steps.detail));
      }
    }
  }
  for (const auto& [kind, profile] : profiles) add_profile(record, kind, profile, view, has_kernels, page);
  if (PageBlock block = divided_windows_block(record, view); !block.rows.empty())
    page.blocks.push_back(std::move(block));
  if (PageBlock block = waiting_block(record.ranks, view); !block.rows.empty()) {
    page.blocks.push_back(std::move(block));
  } else if (!record.ranks.ranks.empty()) {
    page.remarks.push_back(record.ranks.detail);
  }
  for (const auto& [absent, times] : record.record.profiles.absent) {
    page.remarks.push_back(fmt::format("no {} by {}: {}", quantity_title(absent.kind.quantity),
                                       to_string(absent.kind.witness), absent.reason));
  }
  page.facts = disclosed(sources);
  return page;
}

}  // namespace varve
