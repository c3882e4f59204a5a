#include "report/card/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "model/fact_catalog.h"
#include "report/printable.h"
#include "report/run_summary.h"
#include "report/wording.h"
#include "stats/mean_interval.h"

namespace varve {

namespace {
constexpr const char* kNoneSeen = "none was seen";
constexpr const char* kNoPython = "no Python was seen";
constexpr std::size_t kMostFamilies = 4, kMostLibraries = 5, kMostSettings = 8;

// What runs a model or a kernel; other packages would drown it.
const char* const kFrameworkPackages[] = {"torch",  "jax",      "jaxlib",       "tensorflow", "onnxruntime",
                                          "vllm",   "sglang",   "transformers", "flash-attn", "flash_attn",
                                          "triton", "tensorrt", "deepspeed",    "numpy",      "cupy"};

std::string card_fact(const Run& run, const char* id) {
  const auto found = run.stack.facts.find(id);
  if (found == run.stack.facts.end()) return "not looked at";
  return shown_fact(id, found->second);
}

bool is_known(const Run& run, const char* id) {
  const auto found = run.stack.facts.find(id);
  return found != run.stack.facts.end() && found->second.is_known();
}

// One text for both sides where they agree; else "A: …; B: …".
std::string of_sides(const Run& run, const std::function<std::string(const Variant&)>& text_of) {
  std::vector<std::string> texts;
  for (const Variant& variant : run.variants) texts.push_back(text_of(variant));
  if (texts.empty()) return "";
  if (std::all_of(texts.begin(), texts.end(), [&](const std::string& text) { return text == texts.front(); })) {
    return texts.front();
  }
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    all += (i > 0 ? "; " : "") + run.variants[i].name + ": " + (texts[i].empty() ? "none" : texts[i]);
  }
  return all;
}

std::string workload_text(const Run& run) { return of_sides(run, command_text); }

std::string hardware_text(const Run& run) {
  std::string text = fmt::format("{}, {} threads, {}", card_fact(run, "cpu.model"), card_fact(run, "cpu.threads"),
                                 card_fact(run, "memory.total"));
  if (is_known(run, "gpu.models")) {
    text += fmt::format("; GPU {}, power limit {}", card_fact(run, "gpu.models"), card_fact(run, "gpu.power_limit"));
  } else {
    text += "; no GPU is known";
  }
  if (is_known(run, "machine.hypervisor")) text += "; virtual: " + card_fact(run, "machine.hypervisor");
  return text;
}

std::string runtime_pair_text(const Run& run) {
  const auto driver = run.stack.facts.find("driver.kernel_mode.version");
  const bool applies = driver == run.stack.facts.end() || driver->second.missing != Missing::not_applicable;
  if (!applies && !is_known(run, "environments.runtimes")) return "no GPU: no driver to pin";
  return fmt::format("kernel driver {}, user driver {}, runtimes {}", card_fact(run, "driver.kernel_mode.version"),
                     card_fact(run, "driver.user_mode.version"), card_fact(run, "environments.runtimes"));
}

std::string framework_text(const Variant& variant) {
  if (!variant.packages) return kNoPython;
  std::vector<std::string> parts = {
      "Python " + (variant.packages->python.empty() ? "of a version that is not known" : variant.packages->python)};
  for (const char* name : kFrameworkPackages) {
    const auto found = variant.packages->versions.find(name);
    if (found != variant.packages->versions.end()) parts.push_back(found->first + " " + found->second);
  }
  if (parts.size() == 1) parts.push_back("no framework that is known");
  return join(parts, ", ");
}

// Files that kernels ran from, the busiest first.
std::string library_text(const Run& run, const Variant& variant) {
  std::map<std::string, std::int64_t> busy;
  for (const SideProfile& side : side_profiles(timing_units(run, variant.name))) {
    for (const ProfileRow& row : side.rows) {
      const std::string name = file_name(run.kernels[row.key.kernel].key.library);
      if (!name.empty()) busy[name] += row.time.total_ns;
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> sorted(busy.begin(), busy.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> names;
  for (const auto& [name, time] : sorted) names.push_back(name);
  return names.empty() ? std::string(kNoneSeen) : and_more(names, kMostLibraries);
}

std::string settings_text(const Variant& variant) {
  std::vector<std::string> set;
  for (const auto& [name, fact] : variant.settings) {
    if (fact.is_known()) set.push_back(name + "=" + fact_text(fact));
  }
  return set.empty() ? "none set" : and_more(set, kMostSettings);
}

std::string families_text(const Run& run, const Variant& variant) {
  const std::vector<SideProfile> sides = side_profiles(timing_units(run, variant.name));
  for (const SideProfile& side : sides) {
    const auto base = static_cast<double>(side.base_ns());
    if (side.rows.empty() || base <= 0) continue;
    std::map<std::string, std::int64_t> families;
    for (const ProfileRow& row : side.rows) {
      families[std::string(to_string(run.kernels[row.key.kernel].meaning.family))] += row.time.total_ns;
    }
    std::vector<std::pair<std::string, std::int64_t>> sorted(families.begin(), families.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> parts;
    for (const auto& [family, time] : sorted) {
      parts.push_back(family + " " + share_text(static_cast<double>(time) / base));
    }
    return and_more(parts, kMostFamilies) + " of " + quantity_title(side.kind.quantity);
  }
  return kNoneSeen;
}

std::string median_text(const Run& run, const Variant& variant) {
  const Spread spread = spread_of(timing_units(run, variant.name), run.protocol.primary_metric);
  return spread.count == 0 ? "no unit has it" : quantity_text(spread.median, spread.unit);
}

// "tokens/s", and in words where it is from and how several lines became it.
std::string metric_title(const Run& run) {
  const std::string& note = run.protocol.metric_note;
  if (!note.empty()) return run.protocol.primary_metric + " of the whole process, since " + note;
  std::vector<std::string> remarks;
  for (const Unit& unit : run.units) {
    const std::optional<Metric> metric = find_metric(unit, run.protocol.primary_metric);
    if (unit.role != UnitRole::timing || !metric) continue;
    if (!metric->source.empty()) remarks.push_back("from " + metric->source);
    if (metric->combined == Combined::rate) {
      remarks.push_back(fmt::format("{} lines over their time", metric->count));
    } else if (metric->combined != Combined::none) {
      remarks.push_back(fmt::format("{} of {} values", to_string(metric->combined), metric->count));
    }
    break;
  }
  return run.protocol.primary_metric + (remarks.empty() ? "" : " (" + join(remarks, ", ") + ")");
}

std::string comparison_text(const Run& run, const Comparison& comparison) {
  const MetricComparison& metric = comparison.primary;
  return fmt::format("{}: {} on A, {} on B (medians); B / A {}, 95 % interval {}, {}, margin {}: {}, {}",
                     metric_title(run), quantity_text(metric.a_median, metric.unit),
                     quantity_text(metric.b_median, metric.unit), change_text(metric.ratio.value),
                     change_interval_text(metric.ratio.interval), pairs_text(metric), shown_margin(metric.margin),
                     speed_title(metric), control_title(comparison.control));
}

std::string protocol_text(const Run& run) {
  const Protocol& protocol = run.protocol;
  const bool two = run.variants.size() > 1;
  std::string text = fmt::format("{} units{} in fresh processes, order {}, {} warm-up", protocol.units,
                                 two ? " a side" : "", protocol.order, protocol.warmup);
  text += ", cache " + (protocol.cache_state.empty() ? "state not named" : protocol.cache_state);
  if (!protocol.client_path.empty()) text += ", client by " + protocol.client_path;
  if (!protocol.work_metrics.empty()) text += ", equal on both sides: " + join(protocol.work_metrics, ", ");
  if (!protocol.outputs.empty()) {
    text += fmt::format(", outputs compared: {}{}", join(protocol.outputs, ", "),
                        protocol.output_tolerance > 0 ? fmt::format(" within {:g}", protocol.output_tolerance) : "");
  }
  return text;
}
}  // namespace

std::string interval_of_units(const Run& run, const Variant& variant) {
  const std::vector<const Unit*> units = timing_units(run, variant.name);
  const Spread spread = spread_of(units, run.protocol.primary_metric);
  if (spread.count == 0) return metric_title(run) + ": no unit has it";
  std::vector<double> logs;
  for (const Unit* unit : units) {
    const std::optional<Metric> metric = find_metric(*unit, run.protocol.primary_metric);
    if (metric && metric->value > 0) logs.push_back(std::log(metric->value));
  }
  const std::string count = count_text(static_cast<std::size_t>(spread.count), "unit", "units");
  const std::string median = fmt::format("{}: median {}", metric_title(run), quantity_text(spread.median, spread.unit));
  if (logs.size() < 2) return fmt::format("{} ({}, no interval)", median, count);
  const Interval interval = interval_of_mean(logs, 0.95);
  return fmt::format("{}, 95 % interval of the mean {} to {} ({}, spread {})", median,
                     quantity_text(std::exp(interval.low), spread.unit),
                     quantity_text(std::exp(interval.high), spread.unit), count, share_text(spread.deviation));
}

std::vector<CardLine> make_card(const Run& run, const Comparison* comparison) {
  std::vector<CardLine> card;
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) card.push_back({name, printable(text)});
  };
  const auto by_side = [&](std::string (*text)(const Run&, const Variant&)) {
    return of_sides(run, [&](const Variant& variant) { return text(run, variant); });
  };
  add("workload", workload_text(run));
  add("result", comparison != nullptr      ? comparison_text(run, *comparison)
                : run.variants.size() == 1 ? interval_of_units(run, run.variants.front())
                                           : fmt::format("{}: {}", metric_title(run), by_side(median_text)));
  if (!run.complete) add("incomplete", run.incomplete_reason);
  add("hardware", hardware_text(run));
  add("driver and runtime", runtime_pair_text(run));
  add("system", fmt::format("{}, kernel {}, {}", card_fact(run, "os.name"), card_fact(run, "os.kernel.release"),
                            card_fact(run, "os.libc")));
  add("software", of_sides(run, framework_text));
  add("kernels from", by_side(library_text));
  add("kernels", by_side(families_text));
  add("settings", of_sides(run, settings_text));
  add("protocol", protocol_text(run));
  add("marks", join(marks_by_cause(run), "; "));
  add("program", of_sides(run, [](const Variant& variant) {
        return variant.program_digest.empty() ? "not readable" : "sha256:" + variant.program_digest;
      }));
  add("stack", "sha256:" + stack_digest(run.stack));
  add("measured", fmt::format("{} by Varve {}", run.created_at, run.tool_version));
  return card;
}

std::vector<CardLine> short_card(const std::vector<CardLine>& card) {
  std::vector<CardLine> few;
  for (const CardLine& line : card) {
    for (const char* name : {"hardware", "driver and runtime", "software", "kernels from", "kernels"}) {
      const bool says_something = line.text != kNoneSeen && line.text != kNoPython;
      if (line.name == name && says_something) few.push_back(line);
    }
  }
  return few;
}

}  // namespace varve
