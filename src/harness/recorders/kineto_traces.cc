#include "harness/recorders/kineto_traces.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "base/json.h"

namespace varve {

namespace {
constexpr const char* kTracePrefix = "kineto_trace_";
}

std::string kineto_trace(const std::string& folder, int process) {
  return fmt::format("{}/{}{}.json", folder, kTracePrefix, process);
}

std::vector<std::string> kineto_traces(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code problem;
  for (auto each = std::filesystem::directory_iterator(folder, problem);
       !problem && each != std::filesystem::directory_iterator(); each.increment(problem)) {
    const std::string name = each->path().filename().string();
    const bool is_trace = name.starts_with(kTracePrefix) && name.ends_with(".json");
    if (is_trace && !each->is_directory(problem)) paths.push_back(each->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_trace_begun(const std::string& path) {
  std::error_code problem;
  return std::filesystem::exists(path, problem) || std::filesystem::exists(path + ".tmp", problem);
}

bool is_idle_trace(const std::string& path, double seconds) {
  constexpr std::streamsize kSmall = 64 << 10;  // what is larger shows more
  std::ifstream file(path, std::ios::binary);
  std::string text(kSmall, '\0');
  if (!file) return false;
  file.read(text.data(), kSmall);
  if (!file.eof()) return false;
  text.resize(static_cast<std::size_t>(file.gcount()));
  const Result<Json> trace = parse_json(text, "reading a trace", path);
  const auto events = trace && trace->is_object() ? trace->find("traceEvents") : Json::const_iterator();
  if (!trace || !trace->is_object() || events == trace->end() || !events->is_array()) return false;
  double ran = 0;
  for (const Json& event : *events) {
    if (!event.is_object()) continue;
    const auto kind = event.find("cat"), duration = event.find("dur");
    if (kind == event.end() || duration == event.end() || !duration->is_number()) continue;
    if (*kind == "cpu_op" || *kind == "kernel") ran += duration->get<double>() * 1e-6;
  }
  return ran < seconds / 10;
}

std::string earlier_trace(const std::string& folder, int process) {
  return fmt::format("{}/earlier_{}.json", folder, process);
}

namespace {
// Where a trace went that a program asked for under this path: PyTorch's back end "cuspy" (2.15) packs it, and adds
// ".gz". Of two the one that was written last; empty: neither is there.
std::string written_as(const std::string& path) {
  std::string found;
  std::filesystem::file_time_type last;
  for (const std::string& place : {path, path + ".gz"}) {
    std::error_code problem;
    if (!std::filesystem::is_regular_file(place, problem)) continue;
    const auto time = std::filesystem::last_write_time(place, problem);
    if (problem || (!found.empty() && time < last)) continue;
    last = time;
    found = place;
  }
  return found;
}
}  // namespace

std::vector<std::string> existing_traces(const std::vector<ToldFacts>& told) {
  std::set<std::string> paths;
  for (const ToldFacts& process : told) {
    for (const std::string& path : process.own_traces) {
      if (std::string written = written_as(path); !written.empty()) paths.insert(std::move(written));
    }
  }
  return {paths.begin(), paths.end()};
}

std::vector<std::string> without_replaced(std::vector<std::string> asked, const HookTraces& left) {
  std::erase_if(asked, [&](const std::string& trace) {
    return std::any_of(left.instead.begin(), left.instead.end(), [&](const std::string& process) {
      const std::string end = fmt::format("_{}.json", process);
      return trace.ends_with(end) && std::any_of(left.traces.begin(), left.traces.end(),
                                                 [&](const std::string& own) { return own.ends_with(end); });
    });
  });
  return asked;
}

}  // namespace varve
