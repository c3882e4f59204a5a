#include "harness/unit/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "model/words/names.h"
#include "world/files.h"

namespace varve {

namespace {

constexpr std::size_t kFileCap = std::size_t{16} << 20;
constexpr std::size_t kLineCap = std::size_t{64} << 10;
constexpr std::size_t kQuoteCap = 160;
constexpr std::size_t kNameCap = 200;
constexpr std::size_t kUnitCap = 40;
constexpr std::uint64_t kRankCap = std::uint64_t{1} << 30;
constexpr const char* kDoing = "reading the metrics that the program wrote";
constexpr const char* kHint =
    "write one JSON object a line to the file $VARVE_METRICS: "
    R"({"metric": "tokens/s", "value": 12.5, "better": "higher"})";

Error line_error(int number, const std::string& found, std::string_view line) {
  return Error{kDoing, fmt::format("metrics line {}", number),
               fmt::format("{}; the line is: {}", found, clean_utf8(trim(line), kQuoteCap)), kHint};
}

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
std::string read_window(const Json& line, Reported& reported) {
  if (const auto work = line.find("work"); work != line.end()) {
    const double done = work->is_number() ? work->get<double>() : -1;
    if (!std::isfinite(done) || done < 0) return "\"work\" is no number from 0 on";
    reported.metric.work = done;
  }
  if (!line.contains("start_ns") && !line.contains("end_ns")) return "";
  Stretch stretch;
  if (std::string fault = read_moment(line, "start_ns", stretch.start_ns); !fault.empty()) return fault;
  if (std::string fault = read_moment(line, "end_ns", stretch.end_ns); !fault.empty()) return fault;
  if (stretch.end_ns <= stretch.start_ns) return "\"end_ns\" is not after \"start_ns\"";
  reported.stretch = stretch;
  return "";
}

// Which process it is from, and how several become one; otherwise what is wrong with that.
std::string read_belonging(const Json& line, Reported& reported) {
  if (const auto rank = line.find("rank"); rank != line.end()) {
    const bool whole = rank->is_number_unsigned() && rank->get<std::uint64_t>() < kRankCap;
    if (!whole) return "\"rank\" is no whole number from 0 on";
    reported.rank = rank->get<int>();
  }
  if (const auto combine = line.find("combine"); combine != line.end()) {
    const std::vector<std::string>& words = combining_words();
    const bool known = combine->is_string() && std::find(words.begin(), words.end(), *combine) != words.end();
    if (!known) return "\"combine\" is none of " + join(words, ", ");
    reported.combine = combined_from(combine->get<std::string>());
  }
  return "";
}

// The line's number in `reported`; otherwise what is wrong with it.
std::string read_reported(const Json& line, int number, Reported& reported) {
  if (std::string fault = read_line(line, reported.metric); !fault.empty()) return fault;
  if (std::string fault = read_belonging(line, reported); !fault.empty()) return fault;
  if (const std::string fault = read_window(line, reported); !fault.empty()) {
    reported.stretch_fault = fmt::format("metrics line {}: {}", number, fault);
  }
  return "";
}

}  // namespace

Status add_metric_lines(std::string_view text, ReportedMetrics& reported) {
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.size() > kLineCap) return line_error(number, fmt::format("longer than {} bytes", kLineCap), line);
    if (trim(line).empty()) continue;
    const Result<Json> json = parse_json(line, kDoing, fmt::format("metrics line {}", number));
    if (!json) return line_error(number, json.error().found, line);
    Reported one;
    std::string fault = read_reported(*json, number, one);
    if (fault.empty()) fault = reported.add(std::move(one));
    if (!fault.empty()) return line_error(number, fault, line);
  }
  return Done{};
}

Result<WrittenMetrics> parse_metrics(std::string_view text) {
  ReportedMetrics reported;
  if (Status added = add_metric_lines(text, reported); !added) return added.error();
  return reported.close();
}

MetricsPlace::Made MetricsPlace::state_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .links = status.st_nlink,
          .size = status.st_size,
          .changed_ns = std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec,
          .mode = status.st_mode,
          .user = status.st_uid};
}

bool MetricsPlace::is_as_made() const {
  struct stat status {};
  return made_.size == 0 && lstat(path_.c_str(), &status) == 0 && state_of(status) == made_;
}

bool MetricsPlace::make() {
  if (is_as_made()) return true;
  unlink(path_.c_str());
  const FileHandle file(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  struct stat status {};
  made_ = file && fstat(file.fd(), &status) == 0 ? state_of(status) : Made{};
  return static_cast<bool>(file);
}

// Opened even where nothing seems to have been done to it: on a network's file system opening is what asks the server.
Result<MetricsFile> MetricsPlace::read(ReportedMetrics& reported) {
  const Made made = std::exchange(made_, Made{});
  const FileHandle file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return MetricsFile::vanished;
  const auto fault = [](std::string found) {
    return Error{kDoing, "the file $VARVE_METRICS", std::move(found), kHint};
  };
  if (!file) return fault(std::strerror(errno));
  struct stat status {};
  if (fstat(file.fd(), &status) != 0) return fault(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fault("the program put something else than a regular file there");
  if (state_of(status) == made) made_ = made;
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = ::read(file.fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault(std::strerror(errno));
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kFileCap) return fault(fmt::format("larger than {} MiB", kFileCap >> 20));
  }
  if (text.empty()) return MetricsFile::empty;
  if (Status added = add_metric_lines(text, reported); !added) return added.error();
  return MetricsFile::written;
}

}  // namespace varve
