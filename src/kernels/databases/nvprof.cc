#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "kernels/databases/cuda_calls.h"
#include "kernels/databases/cuda_names.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/operation_finder.h"
#include "kernels/databases/trace_database.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// The database of nvprof (`nvprof -o FILE`, until CUDA 12; what its Visual Profiler opens). CUPTI's activity records as
// tables, all of which are there, with rows or without (CUDA Toolkit documentation, Profiler User's Guide and CUPTI's
// cupti_activity.h):
//
//   CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, ..._KERNEL  kernels; the second of runs in which one waits for the other
//   CUPTI_ACTIVITY_KIND_CDP_KERNEL                     kernels that kernels started
//   CUPTI_ACTIVITY_KIND_MEMCPY, ..._MEMCPY2, ..._MEMSET copies, those between devices, fills
//   CUPTI_ACTIVITY_KIND_RUNTIME, ..._DRIVER            calls, by CUPTI's numbers of them
//   CUPTI_ACTIVITY_KIND_MARKER                         beginnings and ends of ranges that the program marked
//   StringTable                                        texts, by their _id_
//
// Times are nanoseconds of the UNIX clock; 0 is none. A file is of one process.
namespace {

constexpr std::int64_t kNvprofYear2001 = 978'307'200'000'000'000;
constexpr std::size_t kMostNvprofRanges = 1'000'000;

std::string nvprof_table(const char* kind) { return std::string("CUPTI_ACTIVITY_KIND_") + kind; }

// The thread of a range: CUpti_ActivityObjectKindId, the numbers of the process and of the thread, 4 bytes each.
std::optional<std::uint64_t> nvprof_thread(std::string_view object) {
  std::uint32_t numbers[2];
  if (object.size() < sizeof(numbers)) return std::nullopt;
  std::memcpy(numbers, object.data(), sizeof(numbers));
  return static_cast<std::uint64_t>(numbers[0]) << 32 | numbers[1];
}

class NvprofReader {
 public:
  NvprofReader(TraceDatabase& database, TraceSink& sink, const TraceOptions& options)
      : database_(database),
        sink_(sink),
        options_(options),
        names_(sink),
        strings_(database, "StringTable", "_id_", "value") {}

  void read() {
    tell_devices();
    std::uint64_t seen = 0;
    if (!options_.device_only) {
      read_ranges();
      seen += read_calls("RUNTIME", CudaInterface::runtime) + read_calls("DRIVER", CudaInterface::driver);
      operations_.settle();
    }
    const std::uint64_t one_by_one = read_kernels("KERNEL");
    seen += one_by_one + read_kernels("CONCURRENT_KERNEL") + read_kernels("CDP_KERNEL");
    seen += read_copies("MEMCPY") + read_copies("MEMCPY2") + read_fills();
    if (one_by_one > 0) {
      sink_.unseen("kernels side by side: nvprof let each wait for the one before it (--concurrent-kernels off)");
    }
    tell_what_is_not_read();
    if (seen == 0) return;
    for (const Activity one : {Activity::kernel, Activity::collective, Activity::copy, Activity::fill}) {
      sink_.traced(one);
    }
    if (calls_ == 0) return;
    for (const Activity one : {Activity::launch, Activity::synchronise, Activity::allocate, Activity::call}) {
      sink_.traced(one);
    }
  }

 private:
  // Every table of what ran on devices has these columns, and then its own.
  enum SharedColumn { begins, ends, on_device, in_context, on_stream, correlated, of_node, first_own };

  static std::vector<std::string> device_columns(const std::vector<std::string>& others) {
    std::vector<std::string> all = {"start",    "end",           "deviceId",   "contextId",
                                    "streamId", "correlationId", "graphNodeId"};
    all.insert(all.end(), others.begin(), others.end());
    return all;
  }
  static std::uint64_t amount(std::int64_t number) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  }

  void tell_devices() {
    enum Column { name, memory, clock, major, minor };
    constexpr std::uint64_t kMostGpus = 1024;
    std::map<std::string_view, std::vector<std::string>> lists;
    TableRows rows = database_.rows(nvprof_table("DEVICE"), {"name", "globalMemorySize", "coreClockRate",
                                                             "computeCapabilityMajor", "computeCapabilityMinor"});
    while (rows.next() && rows.count() <= kMostGpus) {
      const std::string model = clean_utf8(strings_.text(rows.integer(name)), 128);
      if (model.empty()) continue;
      lists["gpu.models"].push_back(model);
      if (rows.has(major)) {
        lists["gpu.compute_capabilities"].push_back(fmt::format("{}.{}", rows.integer(major), rows.integer(minor)));
      }
      if (rows.integer(memory) > 0) lists["gpu.memory"].push_back(fmt::format("{} MiB", rows.integer(memory) >> 20));
      if (rows.integer(clock) > 0) {
        lists["gpu.clock_sm_max"].push_back(fmt::format("{} MHz", rows.integer(clock) / 1000));
      }
    }
    for (auto& [fact, values] : lists) {
      sink_.fact(fact, known_fact(std::move(values), "nvprof: CUPTI_ACTIVITY_KIND_DEVICE"));
    }
  }

  TrackId track_of(std::int64_t a, std::int64_t b, std::int64_t c, TrackKind kind) {
    const auto [found, is_new] = tracks_.try_emplace({kind, a, b, c}, static_cast<TrackId>(tracks_.size()));
    if (is_new) {
      const bool is_device = kind == TrackKind::stream, fits = a >= 0 && a <= INT32_MAX;
      sink_.track(
          found->second,
          is_device ? Place{.rank = -1, .device = fits ? static_cast<std::int32_t>(a) : -1, .stream = c} : Place{},
          kind);
    }
    return found->second;
  }
  TrackId thread_track(std::uint64_t thread) {
    return track_of(static_cast<std::int64_t>(thread), 0, 0, TrackKind::thread);
  }

  // False when these are no times; told but where nvprof had none.
  bool take_times(TableRows& row, TraceEvent& event, std::int64_t start, std::int64_t end) {
    if (start == 0 || end == 0) return false;
    event.start_ns = start;
    const auto duration = start < 0 ? std::nullopt : duration_between(start, end);
    event.duration_ns = duration.value_or(0);
    if (!duration) row.damaged("it ends before it starts");
    if (duration && !std::exchange(knows_clock_, true) && start > kNvprofYear2001) sink_.clock(0);
    return duration.has_value();
  }

  struct Call {
    NameId id = kNoName;
    Activity activity = Activity::call;
  };

  std::uint64_t read_calls(const char* kind, CudaInterface interface) {
    enum Column { start, end, process, thread, correlation, number };
    TableRows rows =
        database_.rows(nvprof_table(kind), {"start", "end", "processId", "threadId", "correlationId", "cbid"});
    std::unordered_map<std::int64_t, Call> calls;
    TraceEvent event;
    while (rows.next()) {
      if (!take_times(rows, event, rows.integer(start), rows.integer(end))) continue;
      const auto [known, is_new] = calls.try_emplace(rows.integer(number));
      if (is_new) {
        const std::string name = cuda_call_name(interface, rows.integer(number));
        known->second = {names_.of(name), runtime_activity(name)};
      }
      const std::uint64_t of = static_cast<std::uint64_t>(static_cast<std::uint32_t>(rows.integer(process))) << 32 |
                               static_cast<std::uint32_t>(rows.integer(thread));
      event.name = known->second.id;
      event.activity = known->second.activity;
      event.track = thread_track(of);
      const Extra extra{.correlation = amount(rows.integer(correlation))};
      sink_.event(event, &extra);
      operations_.add_call(of, event.start_ns, extra.correlation);
      ++calls_;
    }
    return rows.count();
  }

  struct OpenRange {
    std::uint64_t thread = 0;
    std::int64_t start_ns = 0, text = 0;
  };

  // A range is two rows of one id; one that begins and ends on different threads takes no time of a thread.
  void read_ranges() {
    enum Column { flags, time, id, object_kind, object, name };
    constexpr std::int64_t kBegins = 2, kEnds = 4, kThread = 2;  // CUpti_ActivityFlag, CUpti_ActivityObjectKind
    TableRows rows =
        database_.rows(nvprof_table("MARKER"), {"flags", "timestamp", "id", "objectKind", "objectId", "name"});
    std::unordered_map<std::int64_t, OpenRange> open;
    TraceEvent event;
    while (rows.next()) {
      const auto thread = nvprof_thread(rows.bytes(object));
      if (rows.integer(object_kind) != kThread || !thread) continue;
      if ((rows.integer(flags) & kBegins) != 0 && open.size() < kMostNvprofRanges) {
        open[rows.integer(id)] = {*thread, rows.integer(time), rows.integer(name)};
      }
      if ((rows.integer(flags) & kEnds) == 0) continue;
      const auto begun = open.find(rows.integer(id));
      if (begun == open.end()) continue;
      const OpenRange range = begun->second;
      open.erase(begun);
      if (range.thread == *thread && take_times(rows, event, range.start_ns, rows.integer(time))) {
        tell_range(event, range);
      }
    }
  }

  void tell_range(TraceEvent& event, const OpenRange& range) {
    const std::string text(strings_.text(range.text));
    const auto operation = operation_from_range(text);
    event.name = names_.of(operation ? *operation : text.empty() ? "(range without a name)" : text);
    event.activity = operation ? Activity::operation : Activity::region;
    event.track = thread_track(range.thread);
    sink_.event(event, nullptr);
    if (operation) operations_.add_operation(range.thread, event.start_ns, event.duration_ns, event.name);
  }

  // The next row with times; what all tables of devices tell is then in the event and in the links.
  bool next_on_device(TableRows& rows, TraceEvent& event, Extra& extra) {
    while (rows.next()) {
      if (!take_times(rows, event, rows.integer(begins), rows.integer(ends))) {
        without_times_ += rows.integer(begins) == 0 || rows.integer(ends) == 0 ? 1 : 0;
        continue;
      }
      event.track =
          track_of(rows.integer(on_device), rows.integer(in_context), rows.integer(on_stream), TrackKind::stream);
      extra.graph_node = amount(rows.integer(of_node));
      if (options_.device_only) return true;
      extra.correlation = amount(rows.integer(correlated));
      if (!operations_.empty()) extra.operation = operations_.operation_of(extra.correlation);
      return true;
    }
    return false;
  }

  Call name_kernel(std::int64_t id) {
    const std::string text(strings_.text(id));
    if (text.empty())
      return {names_.of(fmt::format("(kernel {}, whose name is not in the file)", id)), Activity::kernel};
    return {names_.of(text), kernel_activity(demangle(text))};
  }

  std::uint64_t read_kernels(const char* kind) {
    enum Column { name = first_own, grid_x, grid_y, grid_z, block_x, block_y, block_z, registers, fixed, dynamic };
    TableRows rows = database_.rows(
        nvprof_table(kind), device_columns({"name", "gridX", "gridY", "gridZ", "blockX", "blockY", "blockZ",
                                            "registersPerThread", "staticSharedMemory", "dynamicSharedMemory"}));
    const auto part = [&](int column) { return number32(rows.integer(column)); };
    TraceEvent event;
    Extra extra;
    while (next_on_device(rows, event, extra)) {
      const auto [known, is_new] = kernels_.try_emplace(rows.integer(name));
      if (is_new) known->second = name_kernel(rows.integer(name));
      event.name = known->second.id;
      event.activity = known->second.activity;
      extra.launch = {.grid = {part(grid_x), part(grid_y), part(grid_z)},
                      .block = {part(block_x), part(block_y), part(block_z)},
                      .registers = part(registers),
                      .shared_bytes = part(fixed) + part(dynamic)};
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  std::uint64_t read_copies(const char* kind) {
    enum Column { bytes = first_own, direction, from, to };
    TableRows rows = database_.rows(nvprof_table(kind), device_columns({"bytes", "copyKind", "srcKind", "dstKind"}));
    TraceEvent event{.activity = Activity::copy};
    Extra extra;
    while (next_on_device(rows, event, extra)) {
      event.name = names_.of(cuda_copy_name(rows.integer(direction), rows.integer(from), rows.integer(to)));
      extra.bytes = amount(rows.integer(bytes));
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  std::uint64_t read_fills() {
    enum Column { bytes = first_own, memory };
    TableRows rows = database_.rows(nvprof_table("MEMSET"), device_columns({"bytes", "memoryKind"}));
    TraceEvent event{.activity = Activity::fill};
    Extra extra;
    while (next_on_device(rows, event, extra)) {
      event.name = names_.of(rows.has(memory) ? cuda_fill_name(rows.integer(memory)) : "Memset");
      extra.bytes = amount(rows.integer(bytes));
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  std::uint64_t count_of(const char* kind) {
    TableRows rows = database_.rows(nvprof_table(kind), {"_id_"});
    while (rows.next()) continue;
    return rows.count();
  }

  void tell_what_is_not_read() {
    if (without_times_ > 0) {
      sink_.lost(TrackKind::stream, without_times_);
      sink_.unseen(
          fmt::format("when {} of the kernels and copies ran: nvprof had no room for their times on the device "
                      "(--device-buffer-size)",
                      without_times_));
    }
    if (const std::uint64_t graphs = count_of("GRAPH_TRACE"); graphs > 0) {
      sink_.unseen(fmt::format("the kernels inside graphs: {} launches of graphs were traced as a whole", graphs));
    }
    if (count_of("UNIFIED_MEMORY_COUNTER") > 0) {
      sink_.unseen("what managed memory cost: its migrations are in the file, and are not read");
    }
  }

  TraceDatabase& database_;
  TraceSink& sink_;
  const TraceOptions& options_;
  NameTable names_;
  StringTable strings_;
  OperationFinder operations_;
  std::map<std::tuple<TrackKind, std::int64_t, std::int64_t, std::int64_t>, TrackId> tracks_;
  std::unordered_map<std::int64_t, Call> kernels_;
  std::uint64_t calls_ = 0, without_times_ = 0;
  bool knows_clock_ = false;
};

bool is_nvprof(const TraceDatabase& database) {
  return database.has("StringTable", "_id_") &&
         (database.has(nvprof_table("CONCURRENT_KERNEL"), "_id_") || database.has(nvprof_table("KERNEL"), "_id_"));
}

bool holds_nvprof(const FileReader& file) { return is_nvprof(TraceDatabase(file)); }

Status read_nvprof_file(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto file = whole_file(input);
  if (!file) return file.error();
  TraceDatabase database(*file, &sink, &input);
  if (!is_nvprof(database)) {
    return Error{"reading a profile of nvprof", input.where(), "its tables are not those of one, or damaged",
                 "Record it anew: nvprof -o FILE PROGRAM"};
  }
  NvprofReader(database, sink, options).read();
  return Done{};
}

}  // namespace

const TraceFormat kNvprof = {"nvprof database", WitnessKind::nvprof, is_database, read_nvprof_file, holds_nvprof};

}  // namespace varve
