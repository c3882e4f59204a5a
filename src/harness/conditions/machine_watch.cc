#include "harness/conditions/machine_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
constexpr double kSlowInterval = 0.5;  // seconds
constexpr std::size_t kMostCpus = 1024;

std::vector<FileReader> open_all(const Files& files, const std::string& folder, std::string_view prefix,
                                 const char* rest) {
  std::vector<FileReader> opened;
  const Looked<std::vector<std::string>> names = files.list(folder);
  if (!names) return opened;
  for (const std::string& name : *names) {
    const bool numbered = name.size() > prefix.size() && name.starts_with(prefix) && is_digit(name[prefix.size()]);
    if (!numbered || opened.size() == kMostCpus) continue;
    if (Looked<FileReader> file = files.open(fmt::format("{}/{}{}", folder, name, rest)); file) {
      opened.push_back(std::move(*file));
    }
  }
  return opened;
}

std::optional<std::int64_t> number_in(const FileReader& file) {
  const std::optional<std::string> text = file.start(0, 32);
  return text ? parse_integer(trim(*text)) : std::nullopt;
}
}  // namespace

std::optional<double> parse_load(std::string_view text) {
  const std::vector<std::string_view> words = split_words(text);
  return words.empty() ? std::nullopt : parse_number(words[0]);
}

MachineWatch::MachineWatch(const Files& files)
    : clocks_(open_all(files, "/sys/devices/system/cpu", "cpu", "/cpufreq/scaling_cur_freq")),
      throttles_(open_all(files, "/sys/devices/system/cpu", "cpu", "/thermal_throttle/core_throttle_count")),
      zones_(open_all(files, "/sys/class/thermal", "thermal_zone", "/temp")) {
  if (Looked<FileReader> file = files.open("/proc/loadavg"); file) load_ = std::move(*file);
}

const MachineWatch::Slow& MachineWatch::slow(double now) {
  if (last_ && now - last_at_ < kSlowInterval) return *last_;
  Slow read;
  double kilohertz = 0;
  std::size_t known = 0;
  for (const FileReader& file : clocks_) {
    if (const auto value = number_in(file); value && *value > 0) {
      kilohertz += static_cast<double>(*value);
      ++known;
    }
  }
  if (known > 0) read.mhz = kilohertz / 1000 / static_cast<double>(known);
  for (const FileReader& file : throttles_) {
    if (const auto value = number_in(file); value && *value >= 0) {
      read.throttles = read.throttles.value_or(0) + static_cast<std::uint64_t>(*value);
    }
  }
  for (const FileReader& file : zones_) {
    // Thousandths of a degree; zones that are off say something below zero or absurd.
    if (const auto value = number_in(file); value && *value > 0 && *value < 150'000) {
      read.celsius = std::max(read.celsius.value_or(0), static_cast<double>(*value) / 1000);
    }
  }
  if (const std::optional<std::string> text = load_ ? load_->start(0, 64) : std::nullopt) read.load = parse_load(*text);
  last_ = read;
  last_at_ = now;
  return *last_;
}

void MachineWatch::begin(double now) { throttles_before_ = slow(now).throttles; }

void MachineWatch::finish(double now, UnitConditions& conditions) {
  const Slow& read = slow(now);
  conditions.load = read.load;
  conditions.cpu_mhz = read.mhz;
  conditions.celsius = read.celsius;
  if (read.throttles && throttles_before_ && *read.throttles >= *throttles_before_) {
    conditions.cpu_throttles = *read.throttles - *throttles_before_;
  }
}

}  // namespace varve
