#include "compare/compare_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "base/version.h"
#include "compare/account/account.h"
#include "compare/account/recorded_account.h"
#include "compare/control.h"
#include "compare/not_measured.h"
#include "compare/quote.h"
#include "compare/sides/measure.h"
#include "compare/sides/sides.h"
#include "compare/verdict.h"
#include "compare/what_changed.h"
#include "model/json/documents.h"

namespace varve {

namespace {
std::string primary_metric(const Sides& sides, const CompareOptions& options) {
  if (options.metric) return *options.metric;
  const std::string& of_run = sides.run_a->protocol.primary_metric;
  // Two benchmarks may have no metric in common but the built-in ones: that is said, and no error.
  const std::vector<std::string> common = common_metrics(sides);
  const bool on_both = std::find(common.begin(), common.end(), of_run) != common.end();
  return of_run.empty() || !on_both ? "wall time" : of_run;
}

double margin_of(const Sides& sides, const CompareOptions& options) {
  // Of two documents the wider margin holds for both.
  return options.margin.value_or(std::max(sides.run_a->protocol.margin, sides.run_b->protocol.margin));
}

std::vector<std::string> protocol_reasons(const Sides& sides, const CompareOptions& options) {
  std::vector<std::string> reasons;
  const Protocol& protocol = sides.run_a->protocol;
  if (options.margin && *options.margin != protocol.margin) {
    reasons.push_back(fmt::format("the margin of {} was declared after the measurement; the protocol says {}",
                                  format_percent(*options.margin), format_percent(protocol.margin)));
  }
  if (!options.metric && !protocol.primary_metric.empty() &&
      protocol.primary_metric != primary_metric(sides, options)) {
    reasons.push_back(fmt::format("{} is not measured on both sides: {} is compared in its place",
                                  protocol.primary_metric, primary_metric(sides, options)));
  }
  if (options.metric && *options.metric != primary_metric(sides, {})) {
    reasons.push_back(fmt::format("the metric {} was chosen after the measurement; the protocol says {}",
                                  *options.metric, primary_metric(sides, {})));
  }
  for (const Run* run : {sides.run_a, sides.run_b}) {
    if (!run->complete) reasons.push_back("the run is not complete: " + run->incomplete_reason);
    for (const RunContinuation& one : run->continuations) {
      reasons.push_back(
          one.how == "pairs added"
              ? fmt::format("{} pairs were added to the finished run at {}: who adds pairs until the verdict "
                            "pleases proves nothing",
                            one.units, one.created_at)
              : fmt::format("the run was ended, and resumed at {}", one.created_at));
    }
    if (sides.one_document) break;
  }
  return reasons;
}

bool is_change(Speed speed) {
  return speed == Speed::faster || speed == Speed::slower || speed == Speed::faster_touching_margin ||
         speed == Speed::slower_touching_margin || speed == Speed::direction_unknown;
}

// Where nothing was changed, a change is noise, whichever way it points.
void call_noise(bool null, MetricComparison& metric) {
  if (!null || !is_change(metric.speed)) return;
  metric.speed = Speed::noise;
  metric.pairs_needed.reset();
}

// Marked units stay in the result; here is what it would be without them (STATS 0: never drop silently).
std::vector<std::string> reasons_without_marked(const Sides& sides, const MetricComparison& primary, bool null) {
  const auto marked = [](const Unit* unit) { return !unit->marks.empty(); };
  Sides clean = sides;
  if (sides.one_document) {
    clean.units_a.clear();
    clean.units_b.clear();
    for (std::size_t i = 0; i < sides.units_a.size(); ++i) {
      if (marked(sides.units_a[i]) || marked(sides.units_b[i])) continue;
      clean.units_a.push_back(sides.units_a[i]);
      clean.units_b.push_back(sides.units_b[i]);
    }
  } else {
    std::erase_if(clean.units_a, marked);
    std::erase_if(clean.units_b, marked);
  }
  const std::size_t all = sides.units_a.size() + sides.units_b.size();
  const std::size_t dropped = all - clean.units_a.size() - clean.units_b.size();
  if (dropped == 0) return {};
  const std::string count = sides.one_document ? fmt::format("{} of {} pairs", dropped / 2, all / 2)
                                               : fmt::format("{} of {} units", dropped, all);
  Result<Measured> without = measure(clean, primary.metric, primary.margin);
  if (!without) return {count + " carry marks; none are left without them"};
  MetricComparison& metric = without->comparison;
  call_noise(null, metric);
  return {fmt::format("{} carry marks and are in the result; without them {} {} ({})", count, metric.metric,
                      format_change(metric.ratio.value), speed_title(metric))};
}

// Of wall time that nobody asked for: why it is compared.
std::string metric_note(const Sides& sides, const std::string& metric) {
  const Protocol& a = sides.run_a->protocol;
  if (metric == a.primary_metric && !a.metric_note.empty()) return a.metric_note;
  const Protocol& b = sides.run_b->protocol;
  return metric == b.primary_metric ? b.metric_note : "";
}

bool has_finding(const Comparison& comparison, const std::string& id) {
  return std::any_of(comparison.findings.begin(), comparison.findings.end(),
                     [&](const Finding& finding) { return finding.id == id; });
}

std::string title_of(const Comparison& comparison, const Sides& sides) {
  const std::string other = benchmark_of(*sides.run_b, *sides.variant_b);
  if (comparison.control == Control::not_measured && other != comparison.benchmark) {
    return comparison.benchmark + " against " + other;
  }
  return comparison.change.empty() ? comparison.benchmark : comparison.benchmark + ": " + comparison.change;
}

Result<Comparison> compare_sides(const Sides& sides, const CompareOptions& options) {
  const double margin = margin_of(sides, options);
  Result<Measured> primary = measure(sides, primary_metric(sides, options), margin);
  if (!primary) return primary.error();
  Result<ControlVerdict> control = judge_control(sides, options.variable);
  if (!control) return control.error();
  const bool null = is_null(sides, *control);
  call_noise(null, primary->comparison);

  Comparison comparison;
  comparison.created_at = options.created_at;
  comparison.tool_version = tool_version();
  comparison.benchmark = benchmark_of(*sides.run_a, *sides.variant_a);
  comparison.change = change_of(sides, *control);
  comparison.one_document = sides.one_document;
  comparison.a = primary->a;
  comparison.b = primary->b;
  comparison.primary = primary->comparison;
  for (const std::string& name : common_metrics(sides)) {
    if (name == comparison.primary.metric) continue;
    Result<Measured> other = measure(sides, name, margin);
    if (!other) continue;
    call_noise(null, other->comparison);
    comparison.others.push_back(other->comparison);
  }
  comparison.metric_note = metric_note(sides, comparison.primary.metric);
  comparison.items = control->items;
  comparison.control = control->control;
  comparison.title = title_of(comparison, sides);
  comparison.variable = control->variable;
  comparison.bundles = control->bundles;
  if (comparison.control == Control::not_measured) {
    comparison.primary.speed = Speed::not_measured;
    comparison.primary.pairs_needed.reset();
    comparison.reasons = control->reasons;
  }
  comparison.accounts = account_kernels(sides, comparison.primary);
  comparison.findings = comparison_findings(comparison, sides);
  withdraw_unavailable(comparison.accounts);
  for (KernelAccount& account : recorded_accounts(sides)) {
    comparison.accounts.push_back(std::move(account));
  }
  // What ran differs although nothing recorded does: then something is not known that matters.
  if (comparison.control == Control::controlled && has_finding(comparison, "VRV-CMP-UNRECORDED-DIFFERS")) {
    comparison.control = Control::controlled_with_gaps;
  }
  comparison.verdict = verdict_sentence(comparison);
  comparison.quote = quotable_sentence(comparison, sides);
  comparison.explanations = largest_changes(comparison);
  comparison.assumptions = assumptions_of(comparison, sides);

  comparison.reasons = speed_reasons(comparison);
  const std::vector<std::string> without = reasons_without_marked(sides, comparison.primary, null);
  comparison.without_marked = without.empty() ? "" : without.front();
  const auto append = [&](const std::vector<std::string>& more) {
    comparison.reasons.insert(comparison.reasons.end(), more.begin(), more.end());
  };
  append(control->reasons);
  append(protocol_reasons(sides, options));
  append(sides.left_out);
  if (primary->left_out > 0) {
    append({fmt::format("{} {} without a positive {} left out", primary->left_out,
                        sides.one_document ? "pairs" : "units", comparison.primary.metric)});
  }
  append(without);
  return comparison;
}
bool is_one_measurement(const Side& a, const Side& b) {
  return a.variant == b.variant && (a.run == b.run || to_json(*a.run) == to_json(*b.run));
}

// A document against itself: exactly no change, and nothing that was found out.
Result<Comparison> same_document(const Sides& sides, const CompareOptions& options) {
  Result<Comparison> comparison = compare_sides(sides, options);
  if (!comparison) return comparison;
  MetricComparison& metric = comparison->primary;
  metric.ratio = {1, {1, 1}};
  metric.ratio_90 = {1, 1};
  metric.speed = Speed::same;
  comparison->control = Control::controlled;
  comparison->findings.clear();
  comparison->accounts.clear();
  comparison->others.clear();
  comparison->explanations.clear();
  const bool is_variant = sides.one_document;
  comparison->verdict =
      is_variant ? fmt::format("{} is compared with itself: one measurement, and nothing to compare.", sides.label_a)
                 : fmt::format("{} and {} are the same document: one measurement, and nothing to compare.",
                               sides.label_a, sides.label_b);
  comparison->quote = comparison->verdict;
  comparison->reasons = {is_variant ? "both sides are one variant of one run"
                                    : "both files hold the same run of the same variant"};
  return comparison;
}
}  // namespace

Result<Comparison> compare_variants(const Run& run, const CompareOptions& options, const std::string& a,
                                    const std::string& b) {
  const Result<Sides> sides = sides_of(run, a, b);
  if (!sides) return sides.error();
  return a == b ? same_document(*sides, options) : compare_sides(*sides, options);
}

Result<std::vector<Comparison>> compare_all_variants(const Run& run, const CompareOptions& options) {
  std::vector<Comparison> all;
  const std::string first = run.variants.empty() ? "A" : run.variants.front().name;
  for (std::size_t side = 1; side < std::max<std::size_t>(2, run.variants.size()); ++side) {
    const std::string other = side < run.variants.size() ? run.variants[side].name : "B";
    Result<Comparison> comparison = compare_variants(run, options, first, other);
    if (!comparison) return comparison.error();
    all.push_back(std::move(*comparison));
  }
  return all;
}

Result<Comparison> compare_runs(const Side& a, const Side& b, const CompareOptions& options) {
  const Result<Sides> sides = sides_of(a, b);
  if (!sides) return sides.error();
  if (is_one_measurement(a, b)) return same_document(*sides, options);
  return compare_sides(*sides, options);
}

ExitStatus exit_status(const Comparison& comparison) {
  const bool controlled =
      comparison.control == Control::controlled || comparison.control == Control::controlled_with_gaps;
  if (!controlled) return ExitStatus::inconclusive;
  switch (comparison.primary.speed) {
    case Speed::faster:
    case Speed::same:
      return ExitStatus::ok;
    case Speed::slower:
      return ExitStatus::failed;
    default:
      return ExitStatus::inconclusive;
  }
}

}  // namespace varve
