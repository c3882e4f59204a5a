#include "kernels/formats/rocprof_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/redact.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostSymbols = 1'000'000;
constexpr std::size_t kMostNameBytes = std::size_t{1} << 28;

// "file:///opt/a%20b/libx.so#offset=4096&size=8192" is /opt/a b/libx.so.
std::string library_of_uri(std::string_view uri) {
  if (uri.starts_with("memory://")) return "[loaded at run time]";
  if (!uri.starts_with("file://")) return "";
  uri = uri.substr(7, uri.find_first_of("#?") == std::string_view::npos ? uri.npos : uri.find_first_of("#?") - 7);
  std::string path;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const auto code = uri[i] == '%' && i + 2 < uri.size() ? parse_integer(uri.substr(i + 1, 2), 16) : std::nullopt;
    path += code ? static_cast<char>(*code) : uri[i];
    if (code) i += 2;
  }
  return shorten_home(path, "");
}
}  // namespace

std::uint32_t rocprof_size(std::int64_t number) {
  return number > 0 && number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

// Of the node only what says what it runs; neither its name nor its id nor what the command was given.
bool RocprofProcess::take_metadata() {
  std::string release, build, machine;
  const std::array node = {JsonWish{"release", nullptr, &release}, JsonWish{"version", nullptr, &build},
                           JsonWish{"hardware_name", nullptr, &machine}};
  const bool whole = each_key(stream_, [&](const std::string& key, JsonToken token) {
    if (key == "node" && token == JsonToken::object) return take_object(stream_, node);
    if (key != "command" || token != JsonToken::array) return skip_value(stream_, token);
    std::size_t arguments = 0;
    for (token = stream_.next(); token == JsonToken::text; token = stream_.next()) ++arguments;
    if (arguments > 1) sink_.holds_environments(1);
    return token == JsonToken::end_array;
  });
  tell("os.kernel.release", release, "metadata.node.release");
  tell("os.kernel.build", build, "metadata.node.version");
  tell("os.architecture", machine, "metadata.node.hardware_name");
  return whole;
}

void RocprofProcess::tell(std::string_view fact, const std::string& value, std::string_view field) {
  if (!value.empty()) sink_.fact(fact, known_fact(clean_utf8(value, 300), fmt::format("rocprofv3: {}", field)));
}

bool RocprofProcess::take_agents() {
  std::string processor;
  std::vector<RocprofAgent> gpus;
  const bool whole = each_object(stream_, [&] {
    std::int64_t handle = -1, type = 0, number = static_cast<std::int64_t>(gpus.size());
    RocprofAgent agent;
    const std::array wishes = {
        JsonWish{"id.handle", &handle},
        JsonWish{"type", &type},
        JsonWish{"logical_node_type_id", &number},
        JsonWish{"name", nullptr, &agent.architecture},
        JsonWish{"product_name", nullptr, &agent.model},
        JsonWish{"mem_banks[].size_in_bytes", &agent.memory},
        JsonWish{"cu_count", &agent.units},
    };
    if (!take_object(stream_, wishes)) return false;
    if (agents_.size() >= kMostSymbols) return true;
    if (type == 2) {
      agent.device = static_cast<std::int32_t>(std::clamp<std::int64_t>(number, 0, INT32_MAX));
      gpus.push_back(agent);
    } else if (type == 1 && processor.empty()) {
      processor = agent.model;
    }
    agents_.emplace(handle, std::move(agent));
    return true;
  });
  tell("cpu.model", processor, "agents[].product_name");
  if (gpus.empty()) return whole;
  std::vector<std::string> models, architectures, memories, units;
  for (const RocprofAgent& gpu : gpus) {
    models.push_back(clean_utf8(gpu.model, 200));
    architectures.push_back(clean_utf8(gpu.architecture, 200));
    if (gpu.memory > 0) memories.push_back(fmt::format("{} MiB", gpu.memory >> 20));
    units.push_back(std::to_string(gpu.units));
  }
  sink_.fact("trace.devices", known_fact(static_cast<std::int64_t>(gpus.size()), "rocprofv3: agents of type GPU"));
  sink_.fact("gpu.models", known_fact(std::move(models), "rocprofv3: agents[].product_name"));
  sink_.fact("gpu.architecture", known_fact(std::move(architectures), "rocprofv3: agents[].name"));
  if (!memories.empty()) sink_.fact("gpu.memory", known_fact(std::move(memories), "rocprofv3: agents[].mem_banks"));
  sink_.fact("trace.device_cores", known_fact(std::move(units), "rocprofv3: agents[].cu_count"));
  return whole;
}

bool RocprofProcess::take_strings() {
  return each_key(stream_, [&](const std::string& key, JsonToken token) {
    if (token != JsonToken::array) return skip_value(stream_, token);
    if (key == "buffer_records") return each_object(stream_, [&] { return take_kind(); });
    if (key != "marker_api") return stream_.skip();
    return each_object(stream_, [&] {
      std::int64_t id = -1;
      std::string text;
      const std::array wishes = {JsonWish{"key", &id}, JsonWish{"value", nullptr, &text}};
      if (!take_object(stream_, wishes)) return false;
      if (may_keep(text)) markers.emplace(id, std::move(text));
      return true;
    });
  });
}

// The names of the operations of a kind; the kind is the place of its object in the list.
bool RocprofProcess::take_kind() {
  std::vector<std::string> operations;
  const bool whole = each_key(stream_, [&](const std::string& key, JsonToken token) {
    if (key != "operations" || token != JsonToken::array) return skip_value(stream_, token);
    for (token = stream_.next(); token == JsonToken::text; token = stream_.next()) {
      if (may_keep(stream_.text())) operations.emplace_back(stream_.text());
    }
    return token == JsonToken::end_array;
  });
  if (kinds_.size() < kMostSymbols) kinds_.push_back(std::move(operations));
  return whole;
}

// Names are kept until the events are read; a file may hold more of them than memory.
bool RocprofProcess::may_keep(std::string_view text) {
  kept_ += text.size() + 100;
  return kept_ <= kMostNameBytes;
}

bool RocprofProcess::take_code_objects() {
  return each_object(stream_, [&] {
    std::int64_t id = -1;
    std::string uri;
    const std::array wishes = {JsonWish{"code_object_id", &id}, JsonWish{"uri", nullptr, &uri}};
    if (!take_object(stream_, wishes)) return false;
    if (may_keep(uri)) libraries.emplace(id, library_of_uri(uri));
    return true;
  });
}

bool RocprofProcess::take_symbols() {
  return each_object(stream_, [&] {
    RocprofSymbol symbol;
    std::int64_t id = -1, vector_registers = 0, accumulators = 0;
    std::string demangled, formatted;
    const std::array wishes = {
        JsonWish{"kernel_id", &id},
        JsonWish{"code_object_id", &symbol.code_object},
        JsonWish{"kernel_name", nullptr, &symbol.name},
        JsonWish{"demangled_kernel_name", nullptr, &demangled},
        JsonWish{"formatted_kernel_name", nullptr, &formatted},
        JsonWish{"arch_vgpr_count", &vector_registers},
        JsonWish{"accum_vgpr_count", &accumulators},
    };
    if (!take_object(stream_, wishes)) return false;
    // The compiler's own demangler knows more names than ours; what it could not read stays as it was.
    if (!demangled.empty()) symbol.name = demangled;
    if (symbol.name.empty()) symbol.name = formatted;
    symbol.registers = rocprof_size(vector_registers) + rocprof_size(accumulators);
    if (may_keep(symbol.name)) symbols.emplace(id, std::move(symbol));
    return true;
  });
}

void RocprofProcess::forget() {
  symbols.clear();
  libraries.clear();
  markers.clear();
  agents_.clear();
  kinds_.clear();
}

std::int32_t RocprofProcess::device_of_agent(std::int64_t handle) const {
  const auto found = agents_.find(handle);
  return found == agents_.end() ? -1 : found->second.device;
}

std::string RocprofProcess::operation_name(std::int64_t kind, std::int64_t operation, const std::string& part) const {
  const auto row = static_cast<std::size_t>(kind), at = static_cast<std::size_t>(operation);
  if (row < kinds_.size() && at < kinds_[row].size()) return kinds_[row][at];
  return fmt::format("{} {}", part, operation);
}

}  // namespace varve
