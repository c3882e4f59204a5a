#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/redact.h"
#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/json_stream.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// What rocprofv3 writes with --output-format json (ROCm 6.2 and later; ROCm/rocprofiler-sdk, source/lib/output): one
// document, its parts in this order, so that every part is read once and the memory is that of the names:
//
//   {"rocprofiler-sdk-tool": [{                      one for each process
//     "metadata": {"node": {"hostname", "release", …}, "pid", "command": [argv], "config": {…}},
//     "agents": [{"id": {"handle"}, "type": 1 CPU, 2 GPU, "name": "gfx950", "product_name", "mem_banks": […], …}],
//     "strings": {"buffer_records": [{"kind", "operations": [names]}], "marker_api": [{"key", "value"}], …},
//     "code_objects": [{"code_object_id", "uri"}],   file://PATH#offset=…, memory://PID#… of code loaded at run time
//     "kernel_symbols": [{"kernel_id", "code_object_id", "kernel_name", "arch_vgpr_count", …}],
//     "callback_records": {"counter_collection": […]},
//     "buffer_records": {"kernel_dispatch": […], "hip_api": […], "memory_copy": […], …}}]}
//
// Times are nanoseconds; grids count work items. A record's kind and operation count into strings.buffer_records.
namespace {

constexpr std::size_t kMostSymbols = 1'000'000;
constexpr std::size_t kMostNameBytes = std::size_t{1} << 28;

struct RocprofSymbol {
  std::string name;
  std::int64_t code_object = -1;
  std::uint32_t registers = 0;
  NameId id = kNoName;  // once it ran
  Activity activity = Activity::kernel;
  bool is_told = false;
};

struct RocprofRecord {
  std::int64_t kind = -1, operation = -1, thread = 0, correlation = 0, start = -1, end = -1;
  std::int64_t agent = -1, from_agent = -1, queue = -1, stream = -1, kernel = -1, bytes = 0, shared = 0;
  std::array<std::int64_t, 3> workgroup{}, grid{};
};

struct RocprofAgent {
  std::int32_t device = -1;  // number among the GPUs; -1: a CPU
  std::string model, architecture;
  std::int64_t memory = 0, units = 0;
};

std::uint32_t rocprof_size(std::int64_t number) {
  return number > 0 && number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

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

class RocprofJsonReader {
 public:
  RocprofJsonReader(TraceInput& input, TraceSink& sink, const TraceOptions& options)
      : stream_(input), sink_(sink), options_(options), names_(sink), tracks_(sink) {}

  Status read(const std::string& where) {
    bool found = false;
    bool whole = stream_.next() == JsonToken::object && each_key(stream_, [&](const std::string& key, JsonToken token) {
                   if (key != "rocprofiler-sdk-tool" || token != JsonToken::array) return skip_value(stream_, token);
                   found = true;
                   return each_object(stream_, [&] { return take_process(); });
                 });
    if (!stream_.status()) return stream_.status();
    if (!found) {
      return Error{"reading the JSON of rocprofv3", where, "it has no rocprofiler-sdk-tool",
                   "Write it with: rocprofv3 --kernel-trace --output-format json -- PROGRAM"};
    }
    if (whole) whole = stream_.next() == JsonToken::end;
    if (!whole) sink_.damaged(stream_.at(), "the text ends, or is no JSON any more");
    if (nameless_ > 0) sink_.unseen(fmt::format("the names of {} dispatches: their kernels are not listed", nameless_));
    for (const auto& [what, count] : passed_over_) sink_.unseen(fmt::format("{} records of {}", count, what));
    return Done{};
  }

 private:
  bool take_process() {
    symbols_.clear();
    libraries_.clear();
    agents_.clear();
    markers_.clear();
    kinds_.clear();
    return each_key(stream_, [&](const std::string& key, JsonToken token) {
      if (token == JsonToken::object) {
        if (key == "metadata") return take_metadata();
        if (key == "strings") return take_strings();
        if (key == "callback_records") return take_callbacks();
        if (key == "buffer_records") return take_buffers();
      }
      if (token == JsonToken::array) {
        if (key == "agents") return take_agents();
        if (key == "code_objects") return take_code_objects();
        if (key == "kernel_symbols") return take_symbols();
      }
      return skip_value(stream_, token);
    });
  }

  // Of the node only what says what it runs; neither its name nor its id nor what the command was given.
  bool take_metadata() {
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

  void tell(std::string_view fact, const std::string& value, std::string_view field) {
    if (!value.empty()) sink_.fact(fact, known_fact(clean_utf8(value, 300), fmt::format("rocprofv3: {}", field)));
  }

  bool take_agents() {
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

  bool take_strings() {
    return each_key(stream_, [&](const std::string& key, JsonToken token) {
      if (token != JsonToken::array) return skip_value(stream_, token);
      if (key == "buffer_records") return each_object(stream_, [&] { return take_kind(); });
      if (key != "marker_api") return stream_.skip();
      return each_object(stream_, [&] {
        std::int64_t id = -1;
        std::string text;
        const std::array wishes = {JsonWish{"key", &id}, JsonWish{"value", nullptr, &text}};
        if (!take_object(stream_, wishes)) return false;
        if (may_keep(text)) markers_.emplace(id, std::move(text));
        return true;
      });
    });
  }

  // The names of the operations of a kind; the kind is the place of its object in the list.
  bool take_kind() {
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
  bool may_keep(std::string_view text) {
    kept_ += text.size() + 100;
    return kept_ <= kMostNameBytes;
  }

  bool take_code_objects() {
    return each_object(stream_, [&] {
      std::int64_t id = -1;
      std::string uri;
      const std::array wishes = {JsonWish{"code_object_id", &id}, JsonWish{"uri", nullptr, &uri}};
      if (!take_object(stream_, wishes)) return false;
      if (may_keep(uri)) libraries_.emplace(id, library_of_uri(uri));
      return true;
    });
  }

  bool take_symbols() {
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
      if (may_keep(symbol.name)) symbols_.emplace(id, std::move(symbol));
      return true;
    });
  }

  // Dispatches whose counters were read ran one at a time: their times are those of no program.
  bool take_callbacks() {
    return each_key(stream_, [&](const std::string& key, JsonToken token) {
      return token == JsonToken::array ? pass_over(key) : skip_value(stream_, token);
    });
  }

  bool pass_over(const std::string& what) {
    return each_object(stream_, [&] {
      ++passed_over_[clean_utf8(what, 100)];
      return stream_.skip();
    });
  }

  bool take_buffers() {
    return each_key(stream_, [&](const std::string& key, JsonToken token) {
      if (token != JsonToken::array) return skip_value(stream_, token);
      const bool on_device = key == "kernel_dispatch" || key == "memory_copy";
      const bool is_known = on_device || key.ends_with("_api") || key == "memory_allocation" || key == "scratch_memory";
      if (!is_known) return pass_over(key);
      if (options_.device_only && !on_device) return stream_.skip();
      return each_object(stream_, [&] { return take_record(key); });
    });
  }

  bool take_record(const std::string& part) {
    RocprofRecord record;
    const std::uint64_t at = stream_.at();
    const std::array wishes = {
        JsonWish{"kind", &record.kind},
        JsonWish{"operation", &record.operation},
        JsonWish{"thread_id", &record.thread},
        JsonWish{"correlation_id.internal", &record.correlation},
        JsonWish{"start_timestamp", &record.start},
        JsonWish{"end_timestamp", &record.end},
        JsonWish{"dispatch_info.agent_id.handle", &record.agent},
        JsonWish{"dispatch_info.queue_id.handle", &record.queue},
        JsonWish{"dispatch_info.kernel_id", &record.kernel},
        JsonWish{"dispatch_info.group_segment_size", &record.shared},
        JsonWish{"dispatch_info.workgroup_size.x", record.workgroup.data()},
        JsonWish{"dispatch_info.workgroup_size.y", &record.workgroup[1]},
        JsonWish{"dispatch_info.workgroup_size.z", &record.workgroup[2]},
        JsonWish{"dispatch_info.grid_size.x", record.grid.data()},
        JsonWish{"dispatch_info.grid_size.y", &record.grid[1]},
        JsonWish{"dispatch_info.grid_size.z", &record.grid[2]},
        JsonWish{"stream_id.handle", &record.stream},
        JsonWish{"dst_agent_id.handle", &record.agent},
        JsonWish{"src_agent_id.handle", &record.from_agent},
        JsonWish{"bytes", &record.bytes},
        JsonWish{"allocation_size", &record.bytes},
    };
    if (!take_object(stream_, wishes)) return false;
    if (record.start < 0 || record.end < record.start) {
      sink_.damaged(at, fmt::format("a record of {} whose times cannot be", part));
      return true;
    }
    if (part == "kernel_dispatch") {
      write_dispatch(record);
    } else if (part == "memory_copy") {
      write_copy(record);
    } else {
      write_call(record, part);
    }
    return true;
  }

  std::int32_t device_of_agent(std::int64_t handle) const {
    const auto found = agents_.find(handle);
    return found == agents_.end() ? -1 : found->second.device;
  }

  void write_dispatch(const RocprofRecord& record) {
    RocprofSymbol& symbol = symbols_[record.kernel];
    if (!symbol.is_told) {
      if (symbol.name.empty()) symbol.name = fmt::format("kernel {} (not listed)", record.kernel);
      const auto library = libraries_.find(symbol.code_object);
      symbol.id = names_.id(symbol.name, library == libraries_.end() ? "" : library->second);
      symbol.activity = kernel_activity(symbol.name);
      symbol.is_told = true;
    }
    if (symbol.code_object < 0) ++nameless_;
    Extra extra{.correlation = static_cast<std::uint64_t>(record.correlation)};
    extra.launch.registers = symbol.registers;
    extra.launch.shared_bytes = rocprof_size(record.shared);
    for (std::size_t i = 0; i < 3; ++i) {
      const std::int64_t block = record.workgroup[i], items = record.grid[i];
      extra.launch.block[i] = rocprof_size(block);
      if (block > 0 && items > 0) extra.launch.grid[i] = rocprof_size((items - 1) / block + 1);
    }
    const TrackId track =
        tracks_.stream(device_of_agent(record.agent), record.stream >= 0 ? record.stream : record.queue);
    sink_.event({record.start, record.end - record.start, symbol.id, track, symbol.activity}, &extra);
  }

  void write_copy(const RocprofRecord& record) {
    const std::int32_t to = device_of_agent(record.agent), from = device_of_agent(record.from_agent);
    const Extra extra{.correlation = static_cast<std::uint64_t>(record.correlation),
                      .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(record.bytes, 0))};
    sink_.event({record.start, record.end - record.start, names_.id(operation_name(record, "memory_copy")),
                 tracks_.stream(to >= 0 ? to : from, record.stream), Activity::copy},
                &extra);
  }

  void write_call(const RocprofRecord& record, const std::string& part) {
    std::string name = operation_name(record, part);
    Activity activity = part.starts_with("memory_") || part == "scratch_memory" ? Activity::allocate : Activity::call;
    if (part == "hip_api" || part == "hsa_api") activity = runtime_activity(name);
    if (part == "marker_api") {
      const auto text = markers_.find(record.correlation);
      if (text == markers_.end()) activity = Activity::call;  // of the library that marks, not a mark
      if (text != markers_.end()) activity = Activity::region, name = text->second;
    }
    const Extra extra{.correlation = static_cast<std::uint64_t>(record.correlation)};
    sink_.event({record.start, record.end - record.start, names_.id(name),
                 tracks_.thread(static_cast<std::uint64_t>(record.thread)), activity},
                &extra);
  }

  // By the tables of names; else by its number.
  std::string operation_name(const RocprofRecord& record, const std::string& part) const {
    const auto kind = static_cast<std::size_t>(record.kind), operation = static_cast<std::size_t>(record.operation);
    if (kind < kinds_.size() && operation < kinds_[kind].size()) return kinds_[kind][operation];
    return fmt::format("{} {}", part, record.operation);
  }

  JsonStream stream_;
  TraceSink& sink_;
  const TraceOptions& options_;
  TraceNames names_;
  TraceTracks tracks_;
  std::unordered_map<std::int64_t, RocprofSymbol> symbols_;
  std::unordered_map<std::int64_t, std::string> libraries_, markers_;
  std::unordered_map<std::int64_t, RocprofAgent> agents_;
  std::vector<std::vector<std::string>> kinds_;
  std::map<std::string, std::uint64_t> passed_over_;
  std::size_t kept_ = 0;
  std::uint64_t nameless_ = 0;
};

bool is_rocprof_json(std::span<const std::byte> beginning) {
  std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  text = trim(text);
  if (!text.starts_with('{')) return false;
  return trim(text.substr(1)).starts_with("\"rocprofiler-sdk-tool\"");
}

Status read_rocprof_json(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  return RocprofJsonReader(input, sink, options).read(input.where());
}

}  // namespace

const TraceFormat kRocprofJson = {"rocprofv3 JSON", WitnessKind::rocprof, is_rocprof_json, read_rocprof_json};

}  // namespace varve
