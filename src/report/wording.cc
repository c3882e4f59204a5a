#include "report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"

namespace varve {

namespace {
constexpr double kLongestSeconds = 1e15;  // beyond it format_seconds would leave the range of its integers

std::string with_minus(std::string text) { return text.starts_with('-') ? "−" + text.substr(1) : text; }

// Capture marks what it did not look for because of what the subject is by leaving the source empty.
bool is_beside_the_subject(const Fact& fact) {
  return !fact.is_known() && fact.missing == Missing::not_applicable && fact.source.empty();
}

std::string without_percent(const std::string& text) {
  return text.ends_with(" %") ? text.substr(0, text.size() - 2) : text;
}
}  // namespace

std::string quantity_text(double value, const std::string& unit) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value) || std::fabs(value) > kLongestSeconds)
    return with_minus(format_number(value) + (unit.empty() ? "" : " " + unit));
  // Eight digits say no more than four and a prefix: "18.67 M items/s".
  constexpr double kMillion = 1e6;
  if (std::fabs(value) >= 10 * kMillion && unit != "s" && unit != "bytes") {
    const char* behind = unit.empty() ? "" : unit.starts_with("1/") ? "" : " ";
    return with_minus(format_number(value / kMillion) + " M" + behind +
                      (unit.starts_with("1/") ? unit.substr(1) : unit));
  }
  // "1/s" is right in a formula; behind a number people write "/s".
  if (unit.starts_with("1/")) return with_minus(format_number(value) + unit.substr(1));
  return with_minus(format_quantity(value, unit));
}

std::string change_text(double ratio) {
  if (!std::isfinite(ratio)) return std::isnan(ratio) ? "–" : "∞";
  if (ratio >= 10) return "×" + format_number(ratio);
  return format_change(ratio);
}

std::string change_interval_text(const Interval& ratio) {
  const bool low = std::isfinite(ratio.low), high = std::isfinite(ratio.high);
  if (low && high) return change_text(ratio.low) + " to " + change_text(ratio.high);
  if (low && !high && ratio.low <= 0) return "none";  // any ratio is above that
  if (low) return "above " + change_text(ratio.low);
  return high ? "below " + change_text(ratio.high) : "unbounded";
}

std::string shown_margin(double margin) {
  return std::isfinite(margin) ? fmt::format("±{:.4g} %", margin * 100) : "±∞";
}

std::string share_text(double share) { return std::isfinite(share) ? format_percent(share) : "–"; }

std::string share_text(const Estimate& share) {
  const Interval& interval = share.interval;
  const bool low = std::isfinite(interval.low), high = std::isfinite(interval.high);
  std::string range = "interval unbounded";
  if (low && high) range = without_percent(share_text(interval.low)) + " to " + share_text(interval.high);
  if (low && !high) range = "at least " + share_text(interval.low);
  if (!low && high) range = "at most " + share_text(interval.high);
  return share_text(share.value) + " (" + range + ")";
}

std::string TimeUnit::text(double seconds) const {
  if (!std::isfinite(seconds)) return std::isnan(seconds) ? "–" : seconds > 0 ? "∞" : "−∞";
  if (std::fabs(seconds / factor) > kLongestSeconds) return with_minus(fmt::format("{:.3g}", seconds / factor));
  const std::string digits = fmt::format("{:.{}f}", seconds / factor, decimals);
  // A rounded zero has no sign.
  return digits.find_first_of("123456789") == std::string::npos ? fmt::format("{:.{}f}", 0.0, decimals)
                                                                : with_minus(digits);
}

std::string TimeUnit::signed_text(double seconds) const {
  const std::string digits = text(seconds);
  const bool positive = seconds > 0 && digits.find_first_of("123456789\xE2") != std::string::npos;
  return positive ? "+" + digits : digits;
}

std::string TimeUnit::interval(const Interval& seconds) const {
  const bool low = std::isfinite(seconds.low), high = std::isfinite(seconds.high);
  if (low && high) return signed_text(seconds.low) + " to " + signed_text(seconds.high);
  if (low) return "above " + signed_text(seconds.low);
  return high ? "below " + signed_text(seconds.high) : "unbounded";
}

TimeUnit time_unit_for(double largest_seconds) {
  const double size = std::isfinite(largest_seconds) ? std::fabs(largest_seconds) : 1;
  TimeUnit unit{"s", 1, 1};
  if (size < 1e-3) {
    unit = {"µs", 1e-6, 1};
  } else if (size < 1) {
    unit = {"ms", 1e-3, 1};
  }
  const double shown = size / unit.factor;
  unit.decimals = shown >= 1000 ? 0 : shown >= 100 ? 1 : shown >= 10 ? 2 : 3;
  return unit;
}

std::string unit_title(const std::string& title, const TimeUnit& unit) { return title + " " + unit.name; }

TimeUnit time_unit_for(const KernelAccount& account) {
  double change = 0, whole = 0;
  const auto enlarge = [](double& largest, double seconds) {
    if (std::isfinite(seconds)) largest = std::max(largest, std::fabs(seconds));
  };
  enlarge(change, account.total.value);
  enlarge(whole, account.a_seconds);
  enlarge(whole, account.b_seconds);
  for (const KernelChange& row : account.rows) enlarge(change, row.change.value);
  // The digits of the change count, but those of the whole must stay readable.
  return time_unit_for(std::max(change, whole / 100));
}

std::string when_text(const std::string& time) {
  const bool usual = time.size() == 20 && time[10] == 'T' && time[19] == 'Z';
  return usual ? time.substr(0, 10) + " " + time.substr(11, 5) + " UTC" : time;
}

std::string count_text(std::size_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string list_text(const std::vector<std::string>& names, std::size_t most) {
  const bool cut = names.size() > most + 1;
  const std::size_t shown = cut ? most : names.size();
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == shown && !cut ? " and " : ", ";
    text += names[i];
  }
  return cut ? fmt::format("{} and {} more", text, names.size() - shown) : text;
}

std::string fact_title(const std::string& id) {
  const FactDefinition* definition = find_fact_definition(id);
  if (definition == nullptr) return id;
  const bool is_pattern = definition->id.ends_with('*');
  return is_pattern ? id.substr(definition->id.size() - 1) : definition->title;
}

std::string fact_group(const std::string& id) {
  const FactDefinition* definition = find_fact_definition(id);
  return definition == nullptr ? "not known to this Varve" : layer_title(definition->layer);
}

std::string shown_fact(const std::string& id, const Fact& fact) {
  const FactDefinition* definition = find_fact_definition(id);
  if (!fact.is_known() || definition == nullptr || definition->unit.empty()) return fact_text(fact);
  const auto* whole = std::get_if<std::int64_t>(&*fact.value);
  const auto* number = std::get_if<double>(&*fact.value);
  if (whole == nullptr && number == nullptr) return fact_text(fact);
  const double value = whole != nullptr ? static_cast<double>(*whole) : *number;
  const bool is_count = std::fabs(value) < 1e4 && definition->unit != "s" && definition->unit != "bytes";
  return is_count ? fmt::format("{:g} {}", value, definition->unit) : quantity_text(value, definition->unit);
}

FactCounts count_facts(const Stack& stack) {
  FactCounts counts;
  for (const auto& [id, fact] : stack.facts) {
    const bool beside = is_beside_the_subject(fact);
    (beside ? counts.beside : counts.all) += 1;
    counts.known += fact.is_known() ? 1 : 0;
  }
  return counts;
}

std::vector<std::string> facts_in_order(const Stack& stack) {
  std::vector<std::string> ids;
  const auto add = [&](const std::string& id) {
    if (is_beside_the_subject(stack.facts.at(id))) return;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const FactDefinition& definition : fact_catalog()) {
    if (stack.facts.contains(definition.id)) add(definition.id);
    if (!definition.id.ends_with(".*")) continue;
    const std::string prefix = definition.id.substr(0, definition.id.size() - 1);
    for (const auto& [id, fact] : stack.facts) {
      if (id.starts_with(prefix)) add(id);
    }
  }
  std::stable_sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) {
    return find_fact_definition(a)->layer < find_fact_definition(b)->layer;
  });
  for (const auto& [id, fact] : stack.facts) add(id);
  return ids;
}

const char* state_sign(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "✓";
    case CheckState::degraded:
      return "~";
    case CheckState::broken:
      return "✗";
    case CheckState::cannot_tell:
      return "?";
    case CheckState::not_applicable:
      break;
  }
  return "–";
}

std::string link_title(Layer link) {
  if (link == Layer::bundled_runtime) return "framework runtime";
  if (link == Layer::kernel_library) return "kernel libraries";
  if (link == Layer::kernels) return "GPU code";
  return link == Layer::handshake ? "device handshake" : layer_title(link);
}

}  // namespace varve
