#include "harness/unit/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "stats/descriptive.h"
#include "tables/metric_direction.h"
#include "world/files.h"

namespace varve {

namespace {

constexpr std::size_t kFileCap = std::size_t{16} << 20;
constexpr std::size_t kLineCap = std::size_t{64} << 10;
constexpr std::size_t kMetricCap = 1000;
constexpr std::size_t kNameCap = 200;
constexpr std::size_t kUnitCap = 40;
constexpr const char* kDoing = "reading the metrics that the program wrote";
constexpr const char* kHint =
    "write one JSON object a line to the file $VARVE_METRICS: "
    R"({"metric": "tokens/s", "value": 12.5, "better": "higher"})";

Error line_error(int line, std::string found) {
  return Error{kDoing, fmt::format("metrics line {}", line), std::move(found), kHint};
}

// A metric with everything that was written for it.
struct Written {
  Metric metric;
  std::vector<double> values;
  std::size_t lines_with_window = 0;
  MetricWindow window;  // stretches in the order of the lines
};

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What is wrong with a text member, "" for nothing.
std::string text_fault(const char* member, const std::string& text, std::size_t cap) {
  if (text.size() > cap) return fmt::format("\"{}\" is longer than {} bytes", member, cap);
  if (has_control_character(text)) return fmt::format("\"{}\" has a control character", member);
  return "";
}

// The line's metric in `metric`; otherwise what is wrong with it.
std::string read_line(const Json& line, Metric& metric) {
  if (!line.is_object()) return "not a JSON object";
  const auto name = line.find("metric");
  if (name == line.end() || !name->is_string()) return "no text member \"metric\"";
  metric.name = name->get<std::string>();
  if (trim(metric.name).empty()) return "\"metric\" is empty";
  if (std::string fault = text_fault("metric", metric.name, kNameCap); !fault.empty()) return fault;
  if (is_built_in_metric(metric.name)) return fmt::format("\"{}\" is measured by Varve itself", metric.name);
  const auto value = line.find("value");
  if (value == line.end() || !value->is_number()) return "no number \"value\"";
  metric.value = value->get<double>();
  if (!std::isfinite(metric.value)) return "\"value\" is not a finite number";
  if (const auto unit = line.find("unit"); unit != line.end()) {
    if (!unit->is_string()) return "\"unit\" is not a text";
    metric.unit = unit->get<std::string>();
    if (std::string fault = text_fault("unit", metric.unit, kUnitCap); !fault.empty()) return fault;
  }
  metric.better = Better::unknown;
  if (const auto better = line.find("better"); better != line.end()) {
    if (*better == "higher") {
      metric.better = Better::higher;
    } else if (*better == "lower") {
      metric.better = Better::lower;
    } else {
      return "\"better\" is neither \"higher\" nor \"lower\"";
    }
  }
  return "";
}

// A moment in nanoseconds; otherwise what is wrong with it.
std::string read_moment(const Json& line, const char* member, std::int64_t& moment) {
  const auto found = line.find(member);
  if (found == line.end()) return fmt::format("no \"{}\" beside the other", member);
  const bool whole = found->is_number_integer() &&
                     (!found->is_number_unsigned() || found->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!whole || found->get<std::int64_t>() < 0) {
    return fmt::format("\"{}\" is no whole number of nanoseconds", member);
  }
  moment = found->get<std::int64_t>();
  return "";
}

// Adds what a line says its number was measured over; otherwise what is wrong with that.
std::string read_window(const Json& line, Written& written) {
  if (const auto work = line.find("work"); work != line.end()) {
    const double done = work->is_number() ? work->get<double>() : -1;
    if (!std::isfinite(done) || done < 0) return "\"work\" is no number from 0 on";
    written.metric.work = written.metric.work.value_or(0) + done;
  }
  if (!line.contains("start_ns") && !line.contains("end_ns")) return "";
  Stretch stretch;
  if (std::string fault = read_moment(line, "start_ns", stretch.start_ns); !fault.empty()) return fault;
  if (std::string fault = read_moment(line, "end_ns", stretch.end_ns); !fault.empty()) return fault;
  if (stretch.end_ns <= stretch.start_ns) return "\"end_ns\" is not after \"start_ns\"";
  ++written.lines_with_window;
  written.window.stretches.push_back(stretch);
  return "";
}

// Sorted, and those that touch or overlap made one.
std::vector<Stretch> united(std::vector<Stretch> stretches) {
  std::sort(stretches.begin(), stretches.end(),
            [](const Stretch& a, const Stretch& b) { return a.start_ns < b.start_ns; });
  std::vector<Stretch> apart;
  for (const Stretch& stretch : stretches) {
    if (!apart.empty() && stretch.start_ns <= apart.back().end_ns) {
      apart.back().end_ns = std::max(apart.back().end_ns, stretch.end_ns);
    } else {
      apart.push_back(stretch);
    }
  }
  return apart;
}

MetricWindow closed(Written& written) {
  MetricWindow window = std::move(written.window);
  if (window.fault.empty() && written.lines_with_window > 0 && written.lines_with_window < written.values.size()) {
    window.fault = fmt::format("{} of {} lines say when they were measured: all of a metric must, or none",
                               written.lines_with_window, written.values.size());
  }
  window.stretches = window.fault.empty() ? united(std::move(window.stretches)) : std::vector<Stretch>{};
  return window;
}

std::string change_fault(const Metric& before, const Metric& now) {
  if (before.unit != now.unit) {
    return fmt::format("the unit of \"{}\" changes from \"{}\" to \"{}\"", now.name, before.unit, now.unit);
  }
  const bool both_say = before.better != Better::unknown && now.better != Better::unknown;
  if (both_say && before.better != now.better) return fmt::format("\"better\" of \"{}\" changes", now.name);
  return "";
}

}  // namespace

bool is_built_in_metric(std::string_view name) { return name == "wall time" || name == "CPU time"; }

Result<WrittenMetrics> parse_metrics(std::string_view text) {
  std::vector<Written> written;
  std::map<std::string, std::size_t, std::less<>> position;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.size() > kLineCap) return line_error(number, fmt::format("longer than {} bytes", kLineCap));
    if (trim(line).empty()) continue;
    Result<Json> json = parse_json(line, kDoing, fmt::format("metrics line {}", number));
    if (!json) return line_error(number, json.error().found);
    Metric metric;
    if (std::string fault = read_line(*json, metric); !fault.empty()) return line_error(number, fault);
    const auto [at, is_new] = position.try_emplace(metric.name, written.size());
    if (is_new) {
      if (written.size() == kMetricCap) return line_error(number, fmt::format("more than {} metrics", kMetricCap));
      written.push_back({.metric = metric});
    } else if (std::string fault = change_fault(written[at->second].metric, metric); !fault.empty()) {
      return line_error(number, fault);
    }
    Metric& kept = written[at->second].metric;
    if (kept.better == Better::unknown) kept.better = metric.better;
    Written& of_metric = written[at->second];
    of_metric.values.push_back(metric.value);
    std::string fault = read_window(*json, of_metric);
    if (!fault.empty() && of_metric.window.fault.empty()) {
      of_metric.window.fault = fmt::format("metrics line {}: {}", number, fault);
    }
  }
  WrittenMetrics all;
  for (Written& one : written) {
    if (MetricWindow window = closed(one); !window.fault.empty() || !window.stretches.empty()) {
      all.windows.emplace(one.metric.name, std::move(window));
    }
    one.metric.count = static_cast<int>(one.values.size());
    one.metric.value = median(std::move(one.values));
    if (one.metric.better == Better::unknown) one.metric.better = metric_direction(one.metric.name, one.metric.unit);
    all.metrics.push_back(std::move(one.metric));
  }
  return all;
}

Result<WrittenMetrics> read_metrics(const std::string& path) {
  const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return WrittenMetrics{};
  const auto fault = [](std::string found) {
    return Error{kDoing, "the file $VARVE_METRICS", std::move(found), kHint};
  };
  if (!file) return fault(std::strerror(errno));
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return fault(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fault("the program put something else than a regular file there");
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault(std::strerror(errno));
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kFileCap) return fault(fmt::format("larger than {} MiB", kFileCap >> 20));
  }
  return parse_metrics(text);
}

}  // namespace varve
