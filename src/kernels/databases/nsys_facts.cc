#include "kernels/databases/nsys_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "kernels/databases/cuda_names.h"
#include "kernels/databases/trace_environment.h"

namespace varve {

namespace {
using Environment = std::map<std::string, std::string>;

const std::array<std::string, 3> kSettingTables = {"META_DATA_CAPTURE", "META_DATA_EXPORT", "EXPORT_META_DATA"};
constexpr std::string_view kVariable = "ENVIRONMENT_VARIABLE";
constexpr std::size_t kMostBlocks = 10'000;

// The environments in META_DATA_CAPTURE, by whose they are: "PROCESS_0" of rows (PROCESS_0:ENVIRONMENT_VARIABLE,
// NAME="value").
std::map<std::string, Environment> process_environments(TraceDatabase& database) {
  std::map<std::string, Environment> found;
  TableRows rows = database.rows("META_DATA_CAPTURE", {"name", "value"});
  while (rows.next()) {
    const std::string_view name = rows.bytes(0), text = rows.bytes(1);
    const std::size_t equals = text.find('=');
    if (!name.ends_with(kVariable) || equals == std::string_view::npos || equals == 0) continue;
    std::string_view value = text.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (value == "{}") continue;  // LD_PRELOAD, where nsys puts what it loads into the program itself
    std::string whose(name.substr(0, name.size() - kVariable.size()));
    if (found.size() >= kMostBlocks && !found.contains(whose)) continue;
    found[std::move(whose)].emplace(text.substr(0, equals), value);
  }
  return found;
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

// "NAME=value;NAME=value", as DeviceEnvironment has it. A value may hold semicolons itself: a piece that begins with no
// name belongs to the one before it.
Environment environment_from(std::string_view text, char separator) {
  Environment variables;
  std::string* last = nullptr;
  for (const std::string_view piece : split(text, separator)) {
    const std::size_t equals = piece.find('=');
    if (equals != std::string_view::npos && is_variable_name(piece.substr(0, equals))) {
      last = &variables.insert_or_assign(std::string(piece.substr(0, equals)), std::string(piece.substr(equals + 1)))
                  .first->second;
    } else if (last != nullptr) {
      (*last += separator) += piece;
    }
  }
  return variables;
}

// Whether a string is the environment of some process, whatever stands between its variables.
bool is_environment(std::string_view text) {
  constexpr std::size_t kFew = 5;
  if (text.size() < 40 || text.find('=') == std::string_view::npos) return false;
  const std::string_view beginning = text.substr(0, 16384);
  const bool usual = beginning.find("PATH=") != std::string_view::npos ||
                     beginning.find("HOME=") != std::string_view::npos ||
                     beginning.find("PWD=") != std::string_view::npos;
  constexpr std::array kSeparators = {';', '\n', '\0', ' '};
  return usual && std::any_of(kSeparators.begin(), kSeparators.end(),
                              [&](char separator) { return environment_from(beginning, separator).size() >= kFew; });
}

// Among all strings, counted and never shown. A recording of an hour has some 100 MB of strings: beyond that, the rest
// is not looked at.
std::uint64_t hidden_environments(TraceDatabase& database) {
  constexpr std::size_t kMostStringBytes = std::size_t{256} << 20;
  std::uint64_t blocks = 0;
  std::size_t bytes = 0;
  TableRows rows = database.rows("StringIds", {"value"});
  while (bytes < kMostStringBytes && rows.next()) {
    const std::string_view text = rows.bytes(0);
    bytes += text.size();
    blocks += is_environment(text) ? 1 : 0;
  }
  return blocks;
}

// "525.105.17" of "525.105.17" and of "52510517": three digits, two or three, two. "581.80" of "58180", as Windows has
// it. "0" of a machine without one.
std::string driver_version(std::string_view text) {
  const bool only_digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (only_digits && text.size() == 5) return fmt::format("{}.{}", text.substr(0, 3), text.substr(3));
  if (only_digits && text.size() < 5) return {};
  if (!only_digits || (text.size() != 7 && text.size() != 8)) return std::string(text);
  return fmt::format("{}.{}.{}", text.substr(0, 3), text.substr(3, text.size() - 5), text.substr(text.size() - 2));
}

// "13.0" of "13000".
std::string api_level(std::string_view text) { return cuda_version_text(parse_integer(text).value_or(0)); }

std::string as_written(std::string_view text) { return std::string(text); }

struct NamedFact {
  std::string_view name, fact;
  std::string (*value)(std::string_view text);
};

// Rows of tables of names and values. Names that are not listed are not read: host and user names are among them.
void tell_named(TraceDatabase& database, TraceSink& sink, const std::string& table, std::span<const NamedFact> wanted) {
  std::set<std::string_view> told;  // the first of several machines counts
  TableRows rows = database.rows(table, {"name", "value"});
  while (rows.next()) {
    const std::string_view name = rows.bytes(0);
    const auto row = std::find_if(wanted.begin(), wanted.end(), [&](const NamedFact& one) { return one.name == name; });
    if (row == wanted.end() || told.contains(row->fact)) continue;
    const std::string text = clean_utf8(trim(rows.bytes(1)), 256);
    if (text.empty() || text == "unknown" || looks_like_secret(text)) continue;
    const std::string value = row->value(text);
    if (value.empty()) continue;
    told.insert(row->fact);
    sink.fact(row->fact, known_fact(value, fmt::format("Nsight Systems: {}.{}", table, row->name)));
  }
}

void tell_system(TraceDatabase& database, TraceSink& sink) {
  constexpr std::array<NamedFact, 6> kSystem = {{{"NvDriverVersion", "driver.kernel_mode.version", driver_version},
                                                 {"CudaDriverVersion", "driver.api_level", api_level},
                                                 {"OsDescription", "os.name", as_written},
                                                 {"SoftwareReleaseVersion", "os.kernel.release", as_written},
                                                 {"CpuDescription", "cpu.model", as_written},
                                                 {"CpuArchitecture", "os.architecture", as_written}}};
  constexpr std::array<NamedFact, 2> kExport = {{{"EXPORT_PRODUCT_VERSION", "trace.nsys_version", as_written},
                                                 {"EXPORT_SCHEMA_VERSION", "trace.nsys_schema_version", as_written}}};
  tell_named(database, sink, "TARGET_INFO_SYSTEM_ENV", kSystem);
  tell_named(database, sink, "EXPORT_META_DATA", kExport);
  tell_named(database, sink, "META_DATA_EXPORT", kExport);
}

void tell_gpus(TraceDatabase& database, TraceSink& sink) {
  enum Column { name, total_memory, clock, major, minor, uuid };
  const std::vector<std::string> columns = {"name", "totalMemory", "clockRate", "computeMajor", "computeMinor", "uuid"};
  std::map<std::string_view, std::vector<std::string>> lists;
  TableRows rows = database.rows("TARGET_INFO_GPU", columns);
  constexpr std::uint64_t kMostGpus = 1024;
  while (rows.next() && rows.count() <= kMostGpus) {
    const std::string model = clean_utf8(rows.bytes(name), 128);
    const bool runs_cuda = !rows.has(major) || rows.integer(major) > 0;  // Windows lists what draws its desktop, too
    if (model.empty() || !runs_cuda) continue;
    lists["gpu.models"].push_back(model);
    if (rows.has(major)) {
      lists["gpu.compute_capabilities"].push_back(fmt::format("{}.{}", rows.integer(major), rows.integer(minor)));
    }
    if (rows.integer(total_memory) > 0) {
      lists["gpu.memory"].push_back(fmt::format("{} MiB", rows.integer(total_memory) >> 20));
    }
    if (rows.integer(clock) > 0) {
      lists["gpu.clock_sm_max"].push_back(fmt::format("{} MHz", rows.integer(clock) / 1'000'000));
    }
    if (const std::string id = clean_utf8(rows.bytes(uuid), 64); !id.empty()) {
      const std::string hashed = hashed_gpu_id("GPU-" + id);
      if (hashed.find(id) == std::string::npos) lists["gpu.uuid"].push_back(hashed);
    }
  }
  for (auto& [fact, values] : lists) {
    sink.fact(fact, known_fact(std::move(values), "Nsight Systems: TARGET_INFO_GPU"));
  }
}

void tell_environments(TraceDatabase& database, TraceSink& sink) {
  const std::map<std::string, Environment> processes = process_environments(database);
  std::uint64_t blocks = processes.size() + hidden_environments(database);
  Environment of_device;
  TableRows rows = database.rows("TARGET_INFO_SYSTEM_ENV", {"name", "value"});
  while (rows.next()) {
    if (rows.bytes(0) != "DeviceEnvironment" || rows.bytes(1).empty()) continue;
    ++blocks;
    if (of_device.empty()) of_device = environment_from(rows.bytes(1), ';');
  }
  // The process that was recorded says most; the profiler's own environment stands in for it.
  if (!processes.empty()) {
    tell_environment(processes.begin()->second, "Nsight Systems: META_DATA_CAPTURE, environment", sink);
    if (processes.size() == 1) tell_rank(processes.begin()->second, sink);
  } else {
    tell_environment(of_device, "Nsight Systems: environment of the profiler", sink);
  }
  if (blocks > 0) sink.holds_environments(blocks);
}
}  // namespace

void tell_nsys_facts(TraceDatabase& database, TraceSink& sink) {
  tell_system(database, sink);
  tell_gpus(database, sink);
  tell_environments(database, sink);
}

NsysSettings nsys_settings(TraceDatabase& database) {
  NsysSettings settings;
  for (const std::string& table : kSettingTables) {
    TableRows rows = database.rows(table, {"name", "value"});
    while (rows.next()) {
      const std::string_view name = rows.bytes(0), value = rows.bytes(1);
      settings.cuda = settings.cuda || (name == "CAPTURE_EVENT_TYPE" && value == "Cuda") ||
                      (name.ends_with(":COLLECT_CUDA_TRACE") && value == "true");
      settings.nvtx = settings.nvtx || (name == "CAPTURE_EVENT_TYPE" && value == "NvtxEvents") ||
                      (name.ends_with(":COLLECT_NVTX_TRACE") && value == "true");
      settings.whole_graphs =
          settings.whole_graphs || (name.ends_with("CUDA_GRAPH_TRACE_OPTIONS:MODE") && value == "Graph");
    }
  }
  return settings;
}

}  // namespace varve
