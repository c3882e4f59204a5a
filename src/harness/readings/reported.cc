#include "harness/readings/reported.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/readings/combine.h"
#include "tables/metric_direction.h"

namespace varve {

namespace {
constexpr std::size_t kReportedCap = 1000;
constexpr std::size_t kReportedValueCap = 1'000'000;  // of one metric in one unit

std::string change_fault(const Metric& before, const Metric& now) {
  if (before.unit != now.unit) {
    return fmt::format("the unit of \"{}\" changes from \"{}\" to \"{}\"", now.name, before.unit, now.unit);
  }
  const bool both_say = before.better != Better::unknown && now.better != Better::unknown;
  if (both_say && before.better != now.better) return fmt::format("\"better\" of \"{}\" changes", now.name);
  return "";
}

MetricWindow reported_window(const std::vector<Reported>& all) {
  MetricWindow window;
  for (const Reported& one : all) {
    if (one.stretch) window.stretches.push_back(*one.stretch);
    if (window.fault.empty()) window.fault = one.stretch_fault;
  }
  if (window.fault.empty() && !window.stretches.empty() && window.stretches.size() < all.size()) {
    window.fault = fmt::format("{} of {} lines say when they were measured: all of a metric must, or none",
                               window.stretches.size(), all.size());
  }
  window.stretches = window.fault.empty() ? united(std::move(window.stretches)) : std::vector<Stretch>{};
  return window;
}

std::optional<double> reported_work(const std::vector<Reported>& all) {
  std::optional<double> work;
  for (const Reported& one : all) {
    if (one.metric.work) work = work.value_or(0) + *one.metric.work;
  }
  return work;
}

// Nobody gets more than a share of the whole: what each user gets times the users is at least what all get.
std::string users_mismatch(const std::vector<Metric>& metrics) {
  const auto find = [&](const std::string& name) {
    return std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
  };
  const auto users = find("concurrency");
  if (users == metrics.end()) return "";
  for (const Metric& total : metrics) {
    const auto each = find(total.name + "/user");
    if (each == metrics.end() || total.value <= 1.01 * each->value * users->value) continue;
    return fmt::format("{} of {} for each of {} users cannot make {} of {}", each->name, each->value, users->value,
                       total.name, total.value);
  }
  return "";
}

}  // namespace

std::string ReportedMetrics::add(Reported reported) {
  const auto [at, is_new] = groups_.try_emplace(reported.metric.name);
  std::vector<Reported>& all = at->second.all;
  if (is_new) {
    if (order_.size() == kReportedCap) {
      groups_.erase(at);
      return fmt::format("more than {} metrics", kReportedCap);
    }
    order_.push_back(reported.metric.name);
  } else {
    if (std::string fault = change_fault(all.front().metric, reported.metric); !fault.empty()) return fault;
    if (all.front().metric.better == Better::unknown) all.front().metric.better = reported.metric.better;
    if (all.size() == kReportedValueCap)
      return fmt::format("more than {} values of \"{}\"", kReportedValueCap, reported.metric.name);
  }
  all.push_back(std::move(reported));
  return "";
}

void ReportedMetrics::work_fault(std::string text) {
  if (work_fault_.empty()) work_fault_ = std::move(text);
}

WrittenMetrics ReportedMetrics::close(std::optional<Combined> wanted) {
  WrittenMetrics written;
  written.notes = std::move(notes_);
  for (const std::string& name : order_) {
    const std::vector<Reported>& all = groups_.find(name)->second.all;
    for (const Reported& one : all) work_fault(work_mismatch(one));
    CombinedNumber number = combine_numbers(all, wanted);
    if (number.refused.empty() && !std::isfinite(number.value))
      number.refused = "\"" + name + "\" adds up to no number";
    if (!number.refused.empty()) {
      written.notes.push_back(number.refused);
      continue;
    }
    Metric metric = all.front().metric;
    metric.value = number.value;
    metric.combined = number.combined;
    metric.count = static_cast<int>(all.size());
    metric.work = reported_work(all);
    if (metric.better == Better::unknown) metric.better = metric_direction(metric.name, metric.unit);
    if (MetricWindow window = reported_window(all); !window.fault.empty() || !window.stretches.empty()) {
      written.windows.emplace(name, std::move(window));
    }
    written.metrics.push_back(std::move(metric));
  }
  work_fault(users_mismatch(written.metrics));
  written.work_fault = std::move(work_fault_);
  return written;
}

const std::vector<std::string>& combining_words() {
  static const std::vector<std::string> words = {"sum", "mean", "median", "highest", "lowest"};
  return words;
}

}  // namespace varve
