#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "binary/elf/demangle.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/operation_finder.h"
#include "kernels/databases/trace_database.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// The trace of AMD's rocmProfileData (.rpd; github.com/ROCm/rocmProfileData,
// rocpd_python/rocpd/schema_data/tableSchema.cmd; its versions 2 and 3 differ in columns that are not read here):
//
//   rocpd_op         what ran on GPUs: gpuId, queueId, start, end, opType_id, description_id (the kernel's name)
//   rocpd_api        calls, and ranges that the program marked ("UserMarker", their text is args_id)
//   rocpd_api_ops    which call started which of the first
//   rocpd_kernelapi, rocpd_copyapi   shapes of launches, sizes of copies, by the id of the call
//   rocpd_string, rocpd_ustring      texts; the second, where there is one, of arguments
//
// Times are nanoseconds. Kernels inside graphs are of the kind "Task".
namespace {

class RpdReader {
 public:
  RpdReader(TraceDatabase& database, TraceSink& sink, const TraceOptions& options)
      : database_(database),
        sink_(sink),
        options_(options),
        names_(sink),
        strings_(database, "rocpd_string", "id", "string"),
        arguments_(database, database.has("rocpd_ustring") ? "rocpd_ustring" : "rocpd_string", "id", "string") {}

  void read() {
    tell_schema();
    std::uint64_t calls = 0;
    if (!options_.device_only) {
      calls = read_calls();
      operations_.settle();
    }
    // Launches and copies are of calls, and calls are found by what they started.
    read_launches();
    TableRows links = database_.rows("rocpd_api_ops", {"op_id", "api_id"});
    while (links.next()) call_of_.add(links.integer(0), links.integer(1));
    call_of_.settle();
    const std::uint64_t ops = read_ops();
    if (calls + ops == 0) return;
    for (const Activity one : {Activity::kernel, Activity::collective, Activity::copy, Activity::fill}) {
      sink_.traced(one);
    }
    if (calls == 0) return;
    for (const Activity one : {Activity::launch, Activity::synchronise, Activity::allocate, Activity::call}) {
      sink_.traced(one);
    }
  }

 private:
  // What a text of rocpd_string stands for, as the name of a call or the kind of an operation.
  struct Call {
    NameId id = kNoName;
    Activity activity = Activity::call;
    bool is_marker = false, launches_graphs = false, counts_threads = false;
  };
  struct Kind {
    NameId id = kNoName;  // for what has no name of its own
    Activity activity = Activity::kernel;
    bool is_task = false, is_barrier = false;
  };

  void tell_schema() {
    TableRows rows = database_.rows("rocpd_metadata", {"tag", "value"});
    while (rows.next()) {
      if (rows.bytes(0) != "schema_version" || rows.bytes(1).size() > 16) continue;
      sink_.fact("trace.rpd_schema_version", known_fact(std::string(rows.bytes(1)), "RPD: rocpd_metadata"));
    }
  }

  TrackId track_of(std::int64_t a, std::int64_t b, TrackKind kind) {
    const auto [found, is_new] = tracks_.try_emplace({kind, a, b}, static_cast<TrackId>(tracks_.size()));
    if (is_new) {
      const bool is_device = kind == TrackKind::stream;
      const bool fits = a >= 0 && a <= INT32_MAX;
      sink_.track(
          found->second,
          is_device ? Place{.rank = -1, .device = fits ? static_cast<std::int32_t>(a) : -1, .stream = b} : Place{},
          kind);
    }
    return found->second;
  }

  // False, and told, when the first two columns are no times.
  static bool take_times(TableRows& row, TraceEvent& event) {
    event.start_ns = row.integer(0);
    const auto duration = duration_between(event.start_ns, row.integer(1));
    event.duration_ns = duration.value_or(0);
    if (!duration) row.damaged("it ends before it starts");
    return duration.has_value();
  }

  Call name_call(std::int64_t id) {
    const std::string name(strings_.text(id));
    return {.id = names_.of(name.empty() ? "(unknown call)" : name),
            .activity = runtime_activity(name),
            .is_marker = name == "UserMarker",
            .launches_graphs = name == "hipGraphLaunch" || name.starts_with("cudaGraphLaunch"),
            // These count threads where others count blocks (HIP: hipExtModuleLaunchKernel, globalWorkSizeX).
            .counts_threads = name.starts_with("hipExtModuleLaunch") || name.starts_with("hipHccModuleLaunch")};
  }

  std::uint64_t read_calls() {
    enum Column { start, end, id, process, thread, name, arguments };
    TableRows rows = database_.rows("rocpd_api", {"start", "end", "id", "pid", "tid", "apiName_id", "args_id"});
    std::unordered_map<std::int64_t, Call> calls;
    TraceEvent event;
    Extra extra;
    while (rows.next()) {
      if (!take_times(rows, event)) continue;
      auto known = calls.find(rows.integer(name));
      if (known == calls.end()) known = calls.emplace(rows.integer(name), name_call(rows.integer(name))).first;
      const Call& call = known->second;
      event.name = call.id;
      event.activity = call.activity;
      event.track = track_of(rows.integer(process), rows.integer(thread), TrackKind::thread);
      const auto thread_key = static_cast<std::uint64_t>(event.track);
      if (call.is_marker) {
        if (event.duration_ns > 0) tell_range(event, thread_key, rows.integer(arguments));
        continue;
      }
      extra.correlation = static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(id), 0));
      sink_.event(event, &extra);
      operations_.add_call(thread_key, event.start_ns, extra.correlation);
      if (call.launches_graphs) graph_launches_.add(rows.integer(id), 1);
      if (call.counts_threads) thread_counts_.add(rows.integer(id), 1);
    }
    graph_launches_.settle();
    thread_counts_.settle();
    return rows.count();
  }

  // A range that the program marked; a mark without a length is told by nobody.
  void tell_range(TraceEvent& event, std::uint64_t thread, std::int64_t text_id) {
    const std::string text(arguments_.text(text_id));
    const auto operation = operation_from_range(text);
    event.name = names_.of(operation ? *operation : text.empty() ? "(range without a name)" : text);
    event.activity = operation ? Activity::operation : Activity::region;
    sink_.event(event, nullptr);
    if (operation) operations_.add_operation(thread, event.start_ns, event.duration_ns, event.name);
  }

  void read_launches() {
    enum Column { call, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared };
    TableRows rows = database_.rows("rocpd_kernelapi", {"api_ptr_id", "gridX", "gridY", "gridZ", "workgroupX",
                                                        "workgroupY", "workgroupZ", "groupSegmentSize"});
    while (rows.next()) {
      const auto part = [&](int column) { return number32(rows.integer(column)); };
      Launch launch{.grid = {part(grid_x), part(grid_y), part(grid_z)},
                    .block = {part(block_x), part(block_y), part(block_z)},
                    .registers = 0,
                    .shared_bytes = part(shared)};
      if (thread_counts_.find(rows.integer(call))) {
        for (std::size_t i = 0; i < 3; ++i) launch.grid[i] /= std::max(launch.block[i], 1u);
      }
      // Few shapes are many launches: they are kept once.
      const auto known = launch_numbers_.try_emplace(launch, launches_.size()).first;
      if (known->second == launches_.size()) launches_.push_back(launch);
      launch_of_.add(rows.integer(call), static_cast<std::int64_t>(known->second));
    }
    launch_of_.settle();
    TableRows copies = database_.rows("rocpd_copyapi", {"api_ptr_id", "size"});
    while (copies.next()) bytes_of_.add(copies.integer(0), copies.integer(1));
    bytes_of_.settle();
  }

  Kind name_kind(std::int64_t id) {
    const std::string name(strings_.text(id));
    Kind kind{.id = names_.of(name.empty() ? "(kernel without a name)" : name)};
    kind.is_task = name == "Task";
    kind.is_barrier = name.find("Barrier") != std::string::npos || name.find("MARKER") != std::string::npos;
    if (name.starts_with("Copy") || name.starts_with("Memcpy") || name.find("MEMORY_COPY") != std::string::npos) {
      kind.activity = Activity::copy;
    } else if (name.starts_with("Fill") || name.starts_with("Memset")) {
      kind.activity = Activity::fill;
    }
    return kind;
  }

  Kind name_kernel(std::int64_t id) {
    const std::string name(strings_.text(id));
    if (name.empty()) return {};
    return {.id = names_.of(name), .activity = kernel_activity(demangle(name))};
  }

  std::uint64_t read_ops() {
    enum Column { start, end, id, gpu, queue, description, type };
    TableRows rows =
        database_.rows("rocpd_op", {"start", "end", "id", "gpuId", "queueId", "description_id", "opType_id"});
    std::unordered_map<std::int64_t, Kind> kinds, kernels;
    TraceEvent event;
    while (rows.next()) {
      if (!take_times(rows, event)) continue;
      auto kind = kinds.find(rows.integer(type));
      if (kind == kinds.end()) kind = kinds.emplace(rows.integer(type), name_kind(rows.integer(type))).first;
      if (kind->second.is_barrier) continue;
      event.name = kind->second.id;
      event.activity = kind->second.activity;
      if (event.activity == Activity::kernel) {
        auto kernel = kernels.find(rows.integer(description));
        if (kernel == kernels.end()) {
          kernel = kernels.emplace(rows.integer(description), name_kernel(rows.integer(description))).first;
        }
        if (kernel->second.id != kNoName) event.name = kernel->second.id;
        event.activity = kernel->second.activity;
      }
      event.track = track_of(rows.integer(gpu), rows.integer(queue), TrackKind::stream);
      const Extra extra = extra_of(call_of_.find(rows.integer(id)), event.activity, kind->second.is_task);
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  Extra extra_of(std::optional<std::int64_t> call, Activity activity, bool is_task) const {
    Extra extra;
    if (is_task || (call && graph_launches_.find(*call))) extra.graph_node = kGraphUnknown;
    if (!call) return extra;
    if (activity == Activity::kernel || activity == Activity::collective) {
      // The shape is that of the call; a launch of a graph has none for each of its kernels.
      if (const auto launch = launch_of_.find(*call); launch && extra.graph_node == 0) {
        extra.launch = launches_[static_cast<std::size_t>(*launch)];
      }
    } else {
      extra.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(bytes_of_.find(*call).value_or(0), 0));
    }
    if (options_.device_only) return extra;
    extra.correlation = static_cast<std::uint64_t>(std::max<std::int64_t>(*call, 0));
    if (!operations_.empty()) extra.operation = operations_.operation_of(extra.correlation);
    return extra;
  }

  TraceDatabase& database_;
  TraceSink& sink_;
  const TraceOptions& options_;
  NameTable names_;
  StringTable strings_, arguments_;
  OperationFinder operations_;
  std::map<std::tuple<TrackKind, std::int64_t, std::int64_t>, TrackId> tracks_;
  std::map<Launch, std::size_t> launch_numbers_;
  std::vector<Launch> launches_;
  NumberMap graph_launches_, thread_counts_, launch_of_, bytes_of_;  // by the id of a call
  NumberMap call_of_;                                                // by the id of an operation
};

bool is_rpd(const TraceDatabase& database) {
  return database.has("rocpd_op", "opType_id") && database.has("rocpd_string", "string");
}

bool holds_rpd(const FileReader& file) { return is_rpd(TraceDatabase(file)); }

Status read_rpd_file(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto file = whole_file(input);
  if (!file) return file.error();
  TraceDatabase database(*file, &sink, &input);
  if (!is_rpd(database)) {
    return Error{"reading a trace of rocmProfileData", input.where(), "its tables are not those of one, or damaged",
                 "Record it anew: runTracer.sh -o trace.rpd"};
  }
  RpdReader(database, sink, options).read();
  return Done{};
}

}  // namespace

const TraceFormat kRpd = {"RPD", WitnessKind::rpd, is_database, read_rpd_file, holds_rpd};

}  // namespace varve
