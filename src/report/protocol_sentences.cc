// How a run was planned, as sentences.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/run_summary.h"
#include "report/wording.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
std::size_t warmup_units(const Run& run) {
  return static_cast<std::size_t>(std::count_if(run.units.begin(), run.units.end(),
                                                [](const Unit& unit) { return unit.role == UnitRole::warmup; }));
}

void add_stops(const ProtocolRules& rules, std::vector<std::string>& sentences) {
  if (rules.stop_width > 0) {
    sentences.push_back(
        fmt::format("It was to stop earlier once the 95 % interval was within {}: for an estimate, not "
                    "for a verdict.",
                    shown_margin(rules.stop_width)));
  }
  if (rules.stop_seconds > 0) {
    sentences.push_back("No round was to begin later than " + quantity_text(rules.stop_seconds, "s") +
                        " after the first.");
  }
}

void add_asides(const ProtocolRules& rules, std::vector<std::string>& sentences) {
  if (!rules.prepare.empty()) sentences.push_back("Before every unit, not measured: " + rules.prepare);
  if (!rules.cleanup.empty()) sentences.push_back("After every unit, not measured: " + rules.cleanup);
  if (rules.keep_going > 0) {
    sentences.push_back(fmt::format("Up to {} might fail: they enter no ratio.",
                                    count_text(static_cast<std::size_t>(rules.keep_going), "unit", "units")));
  }
}

// What it did for a unit, in the middle; empty where no unit tells.
std::string server_use(const Run& run, const Variant& variant) {
  std::vector<double> seconds, ready;
  for (const Unit* unit : timing_units(run, variant.name)) {
    if (!unit->server) continue;
    seconds.push_back(unit->server->user_seconds + unit->server->system_seconds);
    ready.push_back(unit->server->ready_seconds);
  }
  if (seconds.empty()) return "";
  return fmt::format(" It used {} of CPU time a unit and was ready after {} (medians).",
                     quantity_text(median(seconds), "s"), quantity_text(median(ready), "s"));
}

void add_servers(const Run& run, std::vector<std::string>& sentences) {
  for (const Variant& variant : run.variants) {
    if (!variant.server) continue;
    sentences.push_back(
        fmt::format("{} was the client of {}, {}, ready by {}.{}", variant.name, join(variant.server->command, " "),
                    variant.server->lives == "block" ? "one for its units of a block, whose mean is one value"
                                                     : "a fresh one for each unit",
                    variant.server->ready, server_use(run, variant)));
  }
}

// "", or how the sides took turns, from the comma on. Runs of before have orders that were fixed.
std::string order_text(const Run& run) {
  const std::string& order = run.protocol.order;
  if (order == "ABBA") return ", in blocks of the order A B B A";
  if (!order.starts_with("drawn ")) return "";
  const char* balance = run.variants.size() == 2 ? "twelve of every 24 begin with A"
                                                 : "over a set of them each side stands at each place and before each "
                                                   "other equally often";
  return fmt::format(
      ", in rounds of one unit of each side in an order that was drawn ({}), so that neither a drift nor "
      "a wave of the machine favours one",
      balance);
}

std::string warmup_sentence(const Run& run) {
  const ProtocolRules& rules = run.protocol.rules;
  const std::string units = count_text(warmup_units(run), "warm-up unit", "warm-up units");
  if (rules.warmup == WarmupRule::time) {
    return fmt::format("{} before, for {}: kept, never counted.", units, quantity_text(rules.warmup_seconds, "s"));
  }
  return fmt::format("What is warm-up was found afterwards, by a change of level: {}, kept, never counted.", units);
}

void add_rule_sentences(const Run& run, std::vector<std::string>& sentences) {
  const ProtocolRules& rules = run.protocol.rules;
  add_stops(rules, sentences);
  add_asides(rules, sentences);
  add_servers(run, sentences);
  for (const RunContinuation& one : run.continuations) {
    sentences.push_back(
        one.how == "pairs added"
            ? fmt::format("At {} {} more units a side were added, from unit {} on: a run that grows until "
                          "it pleases proves nothing.",
                          one.created_at, one.units, one.first_unit)
            : fmt::format("It was ended, and resumed at {} from unit {} on.", one.created_at, one.first_unit));
  }
}

}  // namespace

std::vector<std::string> protocol_sentences(const Run& run) {
  const Protocol& plan = run.protocol;
  std::vector<std::string> sentences;
  const bool two = run.variants.size() > 1;
  std::string shape =
      fmt::format("{} planned{}, each a fresh process",
                  count_text(static_cast<std::size_t>(std::max(plan.units, 0)), "unit", "units"), two ? " a side" : "");
  sentences.push_back(shape + order_text(run) + ".");
  sentences.push_back(plan.rules.warmup != WarmupRule::count ? warmup_sentence(run)
                      : plan.warmup == 0                     ? "No warm-up."
                                                             : fmt::format("{} before{}: kept, never counted.",
                                                                           count_text(static_cast<std::size_t>(plan.warmup), "warm-up unit",
                                                                                      "warm-up units"),
                                                       two ? ", on each side" : ""));
  if (two) {
    sentences.push_back(fmt::format("The margin of {} was declared beforehand; the primary metric is {}.",
                                    shown_margin(plan.margin), plan.primary_metric));
  } else {
    sentences.push_back("The primary metric is " + plan.primary_metric + ".");
  }
  if (plan.timeout_seconds > 0) {
    sentences.push_back("A unit may take " + quantity_text(plan.timeout_seconds, "s") + ".");
  }
  add_rule_sentences(run, sentences);
  sentences.push_back(
      "Each unit got an environment of another size (VARVE_PAD), because its size alone can move a result.");
  return sentences;
}

}  // namespace varve
