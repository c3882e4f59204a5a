// What the kernel said of NVIDIA's driver since it started. Only kinds of events are taken over, never a line.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "driver/kernel_events.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kLogs[] = {"/var/log/dmesg", "/var/log/kern.log", "/var/log/syslog", "/var/log/messages"};
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

// The end of a log, from the last start of the kernel on.
std::string since_start(const FileReader& file) {
  const std::uint64_t from = file.size() > kMostBytes ? file.size() - kMostBytes : 0;
  std::string text = file.start(from, kMostBytes).value_or("");
  const std::size_t start = text.rfind("Linux version ");
  return start == std::string::npos ? text : text.substr(start);
}
}  // namespace

void collect_kernel_log(const Subject& subject, Facts& facts) {
  Fact& fact = facts["kernel.log.nvidia"];
  if (has_no_gpu(facts)) {
    fact = missing_fact(Missing::not_applicable, kLogs[0], "no GPU");
    return;
  }
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string> read;
  std::optional<Fact> unread;
  for (const char* path : kLogs) {
    const Looked<FileReader> file = subject.files.open(path);
    if (!file) {
      if (file.failure != LookFailure::absent) unread = missing_because(file, path);
      continue;
    }
    read.emplace_back(path);
    std::map<std::string, std::int64_t> own;  // the same event stands in more than one log
    const std::string text = since_start(*file);
    for (const std::string_view line : split(text, '\n')) {
      if (const auto event = kernel_event(line)) ++own[*event];
    }
    for (const auto& [event, count] : own) counts[event] = std::max(counts[event], count);
  }
  std::vector<std::string> events;
  for (const auto& [event, count] : counts) {
    events.push_back(count == 1 ? event : fmt::format("{} ({} times)", event, count));
  }
  if (!events.empty()) {
    fact = known_fact(std::move(events), join(read, ", "));
  } else if (!read.empty()) {
    fact = missing_fact(Missing::absent, join(read, ", "), "nothing about NVIDIA's driver that would matter");
  } else {
    fact = unread.value_or(missing_fact(Missing::absent, "/var/log", "no log of the kernel is kept in a file"));
  }
}

}  // namespace varve
