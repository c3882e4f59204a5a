#include "report/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/text.h"
#include "report/recordings.h"
#include "report/wording.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
// Of the logarithms: the spread as a share of the value. Not a number below two values, or where one is not positive.
double log_deviation(std::vector<double> values) {
  for (double& value : values) value = std::log(value > 0 ? value : std::numeric_limits<double>::quiet_NaN());
  return standard_deviation(values);
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void add_fact(std::vector<Remark>& remarks, const Stack& stack, const std::string& id) {
  const auto found = stack.facts.find(id);
  if (found != stack.facts.end()) remarks.push_back({fact_title(id), shown_fact(id, found->second)});
}

std::string steal_remark(const Run& run) {
  double total = 0, wall = 0, worst = 0;
  std::size_t known = 0, units = 0;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing) continue;
    ++units;
    if (!unit.steal_seconds) continue;
    ++known;
    total += *unit.steal_seconds;
    wall += unit.wall_seconds;
    if (unit.wall_seconds > 0) worst = std::max(worst, *unit.steal_seconds / unit.wall_seconds);
  }
  if (known == 0) return "not known";
  const std::string note = known < units ? fmt::format("; known for {} of {} units", known, units) : "";
  return fmt::format("{} of {} wall time, {} of the wall time of the worst unit{}", quantity_text(total, "s"),
                     quantity_text(wall, "s"), share_text(worst), note);
}

void add_products(std::vector<Remark>& remarks, const Run& run) {
  for (const auto& [gpu, seconds] : products_by_gpu(run)) {
    const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
    remarks.push_back({"fixed product on GPU " + gpu,
                       fmt::format("{} between units: {} to {}", count_text(seconds.size(), "time", "times"),
                                   quantity_text(*least, "s"), quantity_text(*most, "s"))});
  }
}

std::string sampling_remark(const Run& run) {
  Profiles sum;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::timing) merge(sum, unit.profiles);
  }
  std::vector<std::string> unseen;
  for (const auto& [absent, times] : sum.absent) unseen.push_back(absent.reason);
  if (sum.by_kind.empty()) return unseen.empty() ? "no witness" : "no witness: " + join(unseen, "; ");
  std::vector<std::string> witnesses;
  for (const auto& [kind, profile] : sum.by_kind) {
    const std::string scopes = join({profile.scopes.begin(), profile.scopes.end()}, ", ");
    std::string text = std::string(to_string(kind.witness)) + ", " + scopes;
    if (!profile.periods_ns.empty()) {
      std::vector<std::string> periods;
      for (const std::int64_t ns : profile.periods_ns) periods.push_back(quantity_text(double(ns) * 1e-9, "s"));
      text += fmt::format(" code, one sample for {} of CPU time, {} samples", join(periods, " or "), profile.samples());
    }
    witnesses.push_back(text + fmt::format(", {} lost", profile.lost));
    unseen.insert(unseen.end(), profile.unseen.begin(), profile.unseen.end());
  }
  return join(witnesses, "; ") + (unseen.empty() ? "" : "; unseen: " + join(unseen, "; "));
}
bool is_of_operators(ProfileKind kind) {
  return kind.witness == WitnessKind::kineto && kind.quantity == Quantity::call_time;
}
}  // namespace

std::vector<const Unit*> timing_units(const Run& run, const std::string& variant) {
  std::vector<const Unit*> units;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::timing && unit.variant == variant && unit.end.ok()) units.push_back(&unit);
  }
  return units;
}

std::vector<std::string> metric_names(const Run& run) {
  std::vector<std::string> names;
  add_name(names, run.protocol.primary_metric);
  for (const Unit& unit : run.units) {
    for (const Metric& metric : unit.metrics) add_name(names, metric.name);
  }
  for (const std::string& name : built_in_metrics()) {
    const bool seen = std::any_of(run.units.begin(), run.units.end(),
                                  [&](const Unit& unit) { return find_metric(unit, name).has_value(); });
    if (seen) add_name(names, name);
  }
  return names;
}

Spread spread_of(const std::vector<const Unit*>& units, const std::string& metric) {
  Spread spread{.metric = metric};
  std::vector<double> values;
  for (const Unit* unit : units) {
    const std::optional<Metric> found = find_metric(*unit, metric);
    if (!found || !std::isfinite(found->value)) continue;
    values.push_back(found->value);
    spread.unit = found->unit;
    spread.better = found->better;
  }
  spread.count = static_cast<int>(values.size());
  spread.median = median(values);
  spread.deviation = log_deviation(values);
  if (!values.empty()) {
    spread.low = *std::min_element(values.begin(), values.end());
    spread.high = *std::max_element(values.begin(), values.end());
  }
  return spread;
}

double SideProfile::mean_seconds(std::int64_t ns) const {
  return units > 0 ? static_cast<double>(ns) * 1e-9 / units : 0;
}

std::vector<SideProfile> side_profiles(const std::vector<const Unit*>& units) {
  Profiles merged;
  for (const Unit* unit : units) merge(merged, unit->profiles);
  merged.by_kind.try_emplace(kCpuSamples);
  std::vector<SideProfile> sides;
  for (auto& [kind, profile] : merged.by_kind) {
    SideProfile& side = sides.emplace_back();
    side.kind = kind;
    side.profile = std::move(profile);
    const auto has_it = [kind = kind](const Unit* unit) { return unit->profiles.find(kind) != nullptr; };
    side.units = static_cast<double>(std::count_if(units.begin(), units.end(), has_it));
    side.unseen = merged.reasons_absent(kind);
    side.unseen.insert(side.unseen.end(), side.profile.unseen.begin(), side.profile.unseen.end());
    side.rows = side.profile.rows;
    std::stable_sort(side.rows.begin(), side.rows.end(),
                     [](const ProfileRow& a, const ProfileRow& b) { return a.time.total_ns > b.time.total_ns; });
  }
  return sides;
}

const char* row_title(ProfileKind kind) { return is_of_operators(kind) ? "operator" : "kernel"; }

std::string profile_title(const Run& run, const Variant& variant, ProfileKind kind) {
  std::string side = is_of_operators(kind) ? "Operators" : "Kernels";
  if (run.variants.size() > 1) side += " of " + variant.name;
  if (kind == kCpuSamples) return side;
  return fmt::format("{}: {}, by {}", side, quantity_title(kind.quantity), to_string(kind.witness));
}

const char* remainder_title(const SideProfile& side) {
  const ProfileKind kind = side.kind;
  const bool claims_more = side.profile.remainder_ns() < 0;
  if (kind.quantity == Quantity::cpu_time) return claims_more ? "(sampled beyond what was used)" : "(not sampled)";
  if (claims_more) return "(at the same time as others)";
  if (is_of_operators(kind)) return "(outside operators)";
  return kind.witness == WitnessKind::onednn_verbose ? "(outside oneDNN)" : "(outside kernels)";
}

std::string why_no_rows(const Run& run, const Variant& variant, const SideProfile& side) {
  const bool any = std::any_of(run.units.begin(), run.units.end(), [&](const Unit& unit) {
    return unit.role != UnitRole::warmup && unit.variant == variant.name;
  });
  std::vector<std::string> reasons = side.unseen;
  if (!any) {
    reasons.insert(reasons.begin(), "no timing unit was executed");
  } else if (side.units > 0) {
    reasons.insert(reasons.begin(),
                   side.profile.outside_ns() > 0 ? "no sample fell into the window" : "no sample fell into a unit");
  }
  return "no evidence: " + (reasons.empty() ? "no timing unit ended well" : join(reasons, "; "));
}

std::string served_name(const Run& run, const ProfileRow& row) {
  return row.key.operation == kNoKernel ? "" : short_name(run.kernels[row.key.operation].key.name);
}

std::string served_sentence(const SideProfile& side) {
  std::int64_t told = 0, joined = 0;
  for (const ProfileRow& row : side.rows) {
    if (row.key.operation == kNoKernel) continue;
    told = add_ns(told, row.time.total_ns);
    joined = add_ns(joined, row.joined_ns);
  }
  const auto all = static_cast<double>(side.profile.rows_ns());
  if (told == 0 || all <= 0) return "";
  const auto share = [&](std::int64_t ns) { return share_text(static_cast<double>(ns) / all); };
  return fmt::format(
      "On whose behalf: {} by the stack of the thread itself, {} by another thread that ran the same task at that "
      "time, "
      "{} by nobody that is known.",
      share(told - joined), share(joined), share(side.profile.rows_ns() - told));
}

std::vector<std::string> marks_by_cause(const Run& run) {
  struct Cause {
    std::size_t units = 0;
    std::string worst;  // the text of the unit with the longest one: it names most
  };
  std::map<Mark, Cause> causes;
  std::size_t timing = 0;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing) continue;
    ++timing;
    for (const UnitMark& mark : unit.marks) {
      if (mark.mark == Mark::first_of_side) continue;
      Cause& cause = causes[mark.mark];
      ++cause.units;
      if (mark.text.size() > cause.worst.size()) cause.worst = mark.text;
    }
  }
  std::vector<std::string> texts;
  for (const auto& [mark, cause] : causes) {
    texts.push_back(fmt::format("{} ({} of {} timing units)", cause.worst, cause.units, timing));
  }
  return texts;
}

std::string marks_text(const Unit& unit, std::string_view separator) {
  std::vector<std::string> texts;
  for (const UnitMark& mark : unit.marks) texts.push_back(mark.text);
  return join(texts, separator);
}

std::string end_text(const UnitEnd& end) {
  if (end.timed_out) return "timed out";
  if (end.interrupted) return "interrupted";
  if (end.signal != 0) return fmt::format("signal {}", end.signal);
  return fmt::format("exit {}", end.exit_code);
}

std::vector<Remark> measurement_remarks(const Run& run) {
  std::vector<Remark> remarks;
  std::size_t timing = 0, failed = 0, marked = 0;
  double end = 0;
  for (const Unit& unit : run.units) {
    timing += unit.role == UnitRole::timing ? 1 : 0;
    failed += unit.end.ok() ? 0 : 1;
    marked += unit.marks.empty() ? 0 : 1;
    end = std::max(end, unit.started_seconds + unit.wall_seconds);
  }
  remarks.push_back({"units", fmt::format("{} executed, {} of them timing; {} failed, {} marked; {} in all",
                                          run.units.size(), timing, failed, marked, quantity_text(end, "s"))});
  if (!run.complete) remarks.push_back({"incomplete", run.incomplete_reason});
  remarks.push_back({"machine steal", steal_remark(run)});
  add_products(remarks, run);
  for (Remark& remark : measured_part_remarks(run)) remarks.push_back(std::move(remark));
  remarks.push_back({"kernels seen by", sampling_remark(run)});
  if (const std::string unused = unused_recorders(run); !unused.empty()) remarks.push_back({"not used", unused});
  for (const char* id : {"cpu.model", "cpu.threads", "cpu.frequency.governor", "machine.hypervisor", "memory.total",
                         "cgroup.cpu_quota", "os.kernel.release"}) {
    add_fact(remarks, run.stack, id);
  }
  return remarks;
}

namespace {
// Medians over the units that have a window, in seconds.
struct TypicalWindow {
  std::size_t units = 0;
  double start = 0, length = 0, wall = 0;
  int most_stretches = 1;
  std::string marks;  // of a unit that has some
};

TypicalWindow typical_window(const std::vector<const Unit*>& units) {
  std::vector<double> starts, lengths, walls;
  TypicalWindow typical;
  for (const Unit* unit : units) {
    if (!unit->window) continue;
    starts.push_back(static_cast<double>(unit->window->start_ns) * 1e-9);
    lengths.push_back(static_cast<double>(unit->window->length_ns) * 1e-9);
    walls.push_back(unit->wall_seconds);
    if (!unit->window->marks.empty()) typical.marks = unit->window->marks;
    typical.most_stretches = std::max(typical.most_stretches, unit->window->stretches);
  }
  typical.units = starts.size();
  if (starts.empty()) return typical;
  typical.start = median(starts);
  typical.length = median(lengths);
  typical.wall = median(walls);
  return typical;
}

std::string why_all(const Run& run, const std::vector<const Unit*>& units) {
  if (is_built_in_metric(run.protocol.primary_metric)) return run.protocol.primary_metric + " is of all of it";
  const bool faulty =
      std::any_of(units.begin(), units.end(), [](const Unit* unit) { return !unit->window_fault.empty(); });
  if (faulty) return "what the program says of its window is not used";
  return "no line of " + run.protocol.primary_metric + " says when it was measured (start_ns, end_ns)";
}

std::string of_side(const Run& run, const Variant& variant, const std::string& title) {
  return run.variants.size() > 1 ? title + " of " + variant.name : title;
}

std::string threads_text(const std::vector<const Unit*>& units) {
  std::vector<double> threads;
  std::set<std::string> cpus;
  for (const Unit* unit : units) {
    if (unit->threads_at_work) threads.push_back(*unit->threads_at_work);
    if (!unit->cpus.empty()) cpus.insert(unit->cpus);
  }
  if (threads.empty()) return "";
  const auto [fewest, most] = std::minmax_element(threads.begin(), threads.end());
  std::string text = *fewest == *most ? count_text(static_cast<std::size_t>(*most), "thread", "threads")
                                      : fmt::format("{:.0f} to {:.0f} threads", *fewest, *most);
  text += " at work in a unit";
  if (cpus.size() == 1) return text + ", on CPUs " + *cpus.begin();
  return cpus.empty() ? text : text + ", on CPUs " + join({cpus.begin(), cpus.end()}, " or ");
}
}  // namespace

std::string window_text(const Run& run, const Variant& variant) {
  const std::vector<const Unit*> units = timing_units(run, variant.name);
  if (units.empty()) return "";
  const TypicalWindow window = typical_window(units);
  if (window.units == 0) return "all of a unit: " + why_all(run, units);
  std::string text = fmt::format(
      "{} {} of the {} of a unit, from {} on",
      window.marks.empty() ? run.protocol.primary_metric + " speaks of"
                           : fmt::format("from the first \"{}\" that the program marks to the last,", window.marks),
      quantity_text(window.length, "s"), quantity_text(window.wall, "s"), quantity_text(window.start, "s"));
  if (window.most_stretches > 1) text += fmt::format(", in up to {} stretches", window.most_stretches);
  if (window.units < units.size()) {
    text += fmt::format("; of {} of {} units, the others are taken whole: {}", window.units, units.size(),
                        why_all(run, units));
  }
  return text;
}

std::string outside_text(const Run& run, const Variant& variant, const SideProfile& side) {
  const TypicalWindow window = typical_window(timing_units(run, variant.name));
  if (side.kind != kCpuSamples || window.units == 0) return "";
  const Profile& profile = side.profile;
  std::vector<std::string> parts;
  const auto add = [&](std::int64_t ns, const char* where) {
    if (ns > 0) parts.push_back(fmt::format("{} {}", quantity_text(side.mean_seconds(ns), "s"), where));
  };
  add(profile.before_ns, "before");
  add(profile.between_ns, "between");
  add(profile.after_ns, "after");
  const std::string what = window.marks.empty() ? "outside of what " + run.protocol.primary_metric + " speaks of: "
                                                : fmt::format("before and behind the \"{}\": ", window.marks);
  if (parts.empty()) return what + "no sample";
  return fmt::format("{}{} of CPU time a unit ({})", what, quantity_text(side.mean_seconds(profile.outside_ns()), "s"),
                     join(parts, ", "));
}

std::vector<Remark> measured_part_remarks(const Run& run) {
  std::vector<Remark> remarks;
  for (const Variant& variant : run.variants) {
    if (std::string text = window_text(run, variant); !text.empty()) {
      remarks.push_back({of_side(run, variant, "evidence"), std::move(text)});
    }
  }
  for (const Variant& variant : run.variants) {
    if (std::string text = threads_text(timing_units(run, variant.name)); !text.empty()) {
      remarks.push_back({of_side(run, variant, "threads"), std::move(text)});
    }
  }
  return remarks;
}

}  // namespace varve
