#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "kernels/formats/rocprof_process.h"
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

struct RocprofRecord {
  std::int64_t kind = -1, operation = -1, thread = 0, correlation = 0, start = -1, end = -1;
  std::int64_t agent = -1, from_agent = -1, queue = -1, stream = -1, kernel = -1, bytes = 0, shared = 0;
  std::array<std::int64_t, 3> workgroup{}, grid{};
};

class RocprofJsonReader {
 public:
  RocprofJsonReader(TraceInput& input, TraceSink& sink, const TraceOptions& options)
      : stream_(input), sink_(sink), options_(options), names_(sink), tracks_(sink), process_(stream_, sink) {}

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
    process_.forget();
    return each_key(stream_, [&](const std::string& key, JsonToken token) {
      if (token == JsonToken::object) {
        if (key == "metadata") return process_.take_metadata();
        if (key == "strings") return process_.take_strings();
        if (key == "callback_records") return take_callbacks();
        if (key == "buffer_records") return take_buffers();
      }
      if (token == JsonToken::array) {
        if (key == "agents") return process_.take_agents();
        if (key == "code_objects") return process_.take_code_objects();
        if (key == "kernel_symbols") return process_.take_symbols();
      }
      return skip_value(stream_, token);
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

  void write_dispatch(const RocprofRecord& record) {
    RocprofSymbol& symbol = process_.symbols[record.kernel];
    if (!symbol.is_told) {
      if (symbol.name.empty()) symbol.name = fmt::format("kernel {} (not listed)", record.kernel);
      const auto library = process_.libraries.find(symbol.code_object);
      symbol.id = names_.id(symbol.name, library == process_.libraries.end() ? "" : library->second);
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
        tracks_.stream(process_.device_of_agent(record.agent), record.stream >= 0 ? record.stream : record.queue);
    sink_.event({record.start, record.end - record.start, symbol.id, track, symbol.activity}, &extra);
  }

  void write_copy(const RocprofRecord& record) {
    const std::int32_t to = process_.device_of_agent(record.agent), from = process_.device_of_agent(record.from_agent);
    const Extra extra{.correlation = static_cast<std::uint64_t>(record.correlation),
                      .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(record.bytes, 0))};
    sink_.event({record.start, record.end - record.start,
                 names_.id(process_.operation_name(record.kind, record.operation, "memory_copy")),
                 tracks_.stream(to >= 0 ? to : from, record.stream), Activity::copy},
                &extra);
  }

  void write_call(const RocprofRecord& record, const std::string& part) {
    std::string name = process_.operation_name(record.kind, record.operation, part);
    Activity activity = part.starts_with("memory_") || part == "scratch_memory" ? Activity::allocate : Activity::call;
    if (part == "hip_api" || part == "hsa_api") activity = runtime_activity(name);
    if (part == "marker_api") {
      const auto text = process_.markers.find(record.correlation);
      if (text == process_.markers.end()) activity = Activity::call;  // of the library that marks, not a mark
      if (text != process_.markers.end()) activity = Activity::region, name = text->second;
    }
    const Extra extra{.correlation = static_cast<std::uint64_t>(record.correlation)};
    sink_.event({record.start, record.end - record.start, names_.id(name),
                 tracks_.thread(static_cast<std::uint64_t>(record.thread)), activity},
                &extra);
  }

  JsonStream stream_;
  TraceSink& sink_;
  const TraceOptions& options_;
  TraceNames names_;
  TraceTracks tracks_;
  RocprofProcess process_;
  std::map<std::string, std::uint64_t> passed_over_;
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
