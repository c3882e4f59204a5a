#include "kernels/databases/rocpd_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"
#include "kernels/databases/trace_environment.h"

namespace varve {

namespace {
constexpr std::size_t kMostRecordings = 1000;
constexpr std::size_t kMostGpus = 1024;

Json object_from(std::string_view text) {
  const Result<Json> parsed = parse_json(text, "reading a database of rocprofv3", "a value");
  return parsed && parsed->is_object() ? *parsed : Json::object();
}

void tell_text(TraceSink& sink, std::string_view fact, std::string_view text, const char* source) {
  const std::string clean = clean_utf8(trim(text), 256);
  if (!clean.empty() && clean != "(none)" && !looks_like_secret(clean)) sink.fact(fact, known_fact(clean, source));
}

// The memory of a GPU in MiB, from what its agent carries; nothing when it does not say.
std::string memory_of(const Json& agent) {
  const auto banks = agent.find("mem_banks");
  if (banks == agent.end() || !banks->is_array()) return {};
  std::uint64_t bytes = 0;
  for (const Json& bank : *banks) {
    const auto size = bank.is_object() ? bank.find("size_in_bytes") : bank.end();
    if (bank.is_object() && size != bank.end() && size->is_number_unsigned()) bytes += size->get<std::uint64_t>();
  }
  return bytes == 0 ? std::string() : fmt::format("{} MiB", bytes >> 20);
}

void tell_agents(TraceDatabase& database, const std::string& suffix, TraceSink& sink) {
  constexpr const char* kSource = "rocprofv3: rocpd_info_agent";
  enum Column { type, name, product, data };
  std::map<std::string_view, std::vector<std::string>> lists;
  TableRows rows = database.rows("rocpd_info_agent" + suffix, {"type", "name", "product_name", "extdata"});
  while (rows.next() && rows.count() <= kMostGpus) {
    if (rows.bytes(type) == "CPU") {
      tell_text(sink, "cpu.model", rows.bytes(product), kSource);
      continue;
    }
    if (rows.bytes(type) != "GPU") continue;
    const std::string model = clean_utf8(rows.bytes(product), 128), architecture = clean_utf8(rows.bytes(name), 64);
    const std::string memory = memory_of(object_from(rows.bytes(data)));
    if (!model.empty()) lists["gpu.models"].push_back(model);
    if (architecture.starts_with("gfx")) lists["gpu.architecture"].push_back(architecture);
    if (!memory.empty()) lists["gpu.memory"].push_back(memory);
  }
  for (auto& [fact, values] : lists) sink.fact(fact, known_fact(std::move(values), kSource));
}

void tell_processes(TraceDatabase& database, const std::string& suffix, std::size_t recordings, TraceSink& sink) {
  TableRows rows = database.rows("rocpd_info_process" + suffix, {"environment"});
  std::uint64_t blocks = 0;
  while (rows.next()) {
    std::map<std::string, std::string> environment;
    const Json variables = object_from(rows.bytes(0));
    for (const auto& [name, value] : variables.items()) {
      if (value.is_string()) environment.emplace(name, value.get<std::string>());
    }
    if (environment.empty()) continue;
    if (++blocks > 1) continue;
    tell_environment(environment, "rocprofv3: environment of the process", sink);
    if (recordings == 1) tell_rank(environment, sink);
  }
  if (blocks > 0) sink.holds_environments(blocks);
}
}  // namespace

std::vector<std::string> rocpd_suffixes(const TraceDatabase& database) {
  constexpr std::string_view kTable = "rocpd_info_agent";
  std::vector<std::string> suffixes;
  for (const auto& [name, columns] : database.tables()) {
    if (!name.starts_with(kTable) || suffixes.size() >= kMostRecordings) continue;
    const std::string suffix = name.substr(kTable.size());
    if (database.has("rocpd_string" + suffix) && database.has("rocpd_kernel_dispatch" + suffix)) {
      suffixes.push_back(suffix);
    }
  }
  return suffixes;
}

void tell_rocpd_facts(TraceDatabase& database, const std::string& suffix, std::size_t recordings, TraceSink& sink) {
  constexpr const char* kNode = "rocprofv3: rocpd_info_node";
  TableRows node = database.rows("rocpd_info_node" + suffix, {"release", "hardware_name"});
  if (node.next()) {
    tell_text(sink, "os.kernel.release", node.bytes(0), kNode);
    tell_text(sink, "os.architecture", node.bytes(1), kNode);
  }
  TableRows metadata = database.rows("rocpd_metadata" + suffix, {"tag", "value"});
  while (metadata.next()) {
    if (metadata.bytes(0) != "schema_version") continue;
    tell_text(sink, "trace.rocpd_schema_version", metadata.bytes(1), "rocprofv3: rocpd_metadata");
  }
  tell_agents(database, suffix, sink);
  tell_processes(database, suffix, recordings, sink);
}

std::string rocpd_message(const std::string& event_data) {
  const Json data = object_from(event_data);
  const auto message = data.find("message");
  return message != data.end() && message->is_string() ? message->get<std::string>() : std::string();
}

}  // namespace varve
