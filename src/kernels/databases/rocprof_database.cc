#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/operation_finder.h"
#include "kernels/databases/trace_database.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// The database that the first rocprof writes beside its CSV (`rocprof --hip-trace -o results.csv` makes results.db;
// github.com/ROCm/rocprofiler, bin/tblextr.py). A table for each thing that it was asked for:
//
//   OPS        what the runtime ran on devices: BeginNs, EndNs, dev-id, queue-id, stream-id, pid, Index, Name
//   COPY       its copies and fills; where only HSA was traced, without a device
//   KERN       dispatches as the profiler saw them: KernelName, gpu-id, queue-id, pid, grd, wgr, lds, arch_vgpr,
//              accum_vgpr, counters, and BeginNs, EndNs where it was asked for times; grd counts work items
//   HIP, HSA   calls: BeginNs, EndNs, pid, tid, Name, Index
//   rocTX      ranges that the program marked: BeginNs, EndNs, pid, tid, Name
//
// Times are nanoseconds. The Index of what ran is that of the HIP call that started it, anew in every process. OPS and
// KERN are two views of the same kernels: one is read.
namespace {

constexpr std::string_view kBarrier = "<barrier packet>";

class RocprofDatabaseReader {
 public:
  RocprofDatabaseReader(TraceDatabase& database, TraceSink& sink, const TraceOptions& options)
      : database_(database), sink_(sink), options_(options), names_(sink) {}

  void read() {
    if (!options_.device_only) {
      read_calls("HIP", true);
      read_calls("HSA", false);
      read_ranges();
      operations_.settle();
    }
    const std::uint64_t kernels = read_ops("OPS");
    read_ops("COPY");
    const std::uint64_t dispatches = kernels > 0 ? 0 : read_dispatches();
    if (kernels > 0 && database_.has("KERN", "BeginNs")) {
      sink_.unseen("the table KERN, which tells the kernels of OPS a second time");
    }
    const bool has_ops = database_.has("OPS"), has_times = database_.has("KERN", "BeginNs");
    if (kernels + dispatches > 0 || has_ops || has_times) sink_.traced(Activity::kernel);
    if (database_.has("KERN") && !has_times && !has_ops) {
      sink_.unseen("how long the dispatches of the table KERN took: it has no times (rocprof --timestamp on)");
    }
    if (database_.has("COPY")) sink_.traced(Activity::copy);
    if (database_.has("HIP")) sink_.traced(Activity::launch);
  }

 private:
  enum Column { start, end, process, thread, index, name };  // of the tables of calls

  TrackId track_of(std::int64_t a, std::int64_t b, TrackKind kind) {
    const auto [found, is_new] = tracks_.try_emplace({kind, {a, b}}, static_cast<TrackId>(tracks_.size()));
    if (is_new) {
      const auto device = static_cast<std::int32_t>(std::clamp<std::int64_t>(a, -1, INT32_MAX));
      sink_.track(found->second, kind == TrackKind::stream ? Place{.rank = -1, .device = device, .stream = b} : Place{},
                  kind);
    }
    return found->second;
  }

  // The numbers of the first process as they are, those of each further one out of the way of the others; 0: none.
  std::uint64_t correlation_of(std::int64_t process_id, std::int64_t number) {
    if (number <= 0) return 0;
    const auto order = process_numbers_.try_emplace(process_id, process_numbers_.size()).first->second;
    return (order << 40) + static_cast<std::uint64_t>(number);
  }

  // False, and told, when the first two columns are no times.
  static bool take_span(TableRows& row, TraceEvent& event) {
    event.start_ns = row.integer(0);
    const auto duration = duration_between(event.start_ns, row.integer(1));
    event.duration_ns = duration.value_or(0);
    if (!duration) row.damaged("it ends before it starts");
    return duration.has_value();
  }

  void read_calls(const std::string& table, bool is_numbered) {
    TableRows rows = database_.rows(table, {"BeginNs", "EndNs", "pid", "tid", "Index", "Name"});
    TraceEvent event;
    while (rows.next()) {
      if (!take_span(rows, event)) continue;
      event.name = names_.of(rows.bytes(name));
      event.activity = runtime_activity(rows.bytes(name));
      event.track = track_of(rows.integer(process), rows.integer(thread), TrackKind::thread);
      const Extra extra{.correlation = is_numbered ? correlation_of(rows.integer(process), rows.integer(index)) : 0};
      sink_.event(event, &extra);
      operations_.add_call(static_cast<std::uint64_t>(event.track), event.start_ns, extra.correlation);
    }
  }

  void read_ranges() {
    TableRows rows = database_.rows("rocTX", {"BeginNs", "EndNs", "pid", "tid", "Index", "Name"});
    TraceEvent event;
    while (rows.next()) {
      constexpr std::int64_t kMark = 1;  // ns: how long a mark without an end is said to last
      if (!take_span(rows, event) || event.duration_ns <= kMark) continue;
      const std::string text(rows.bytes(name));
      const auto operation = operation_from_range(text);
      event.name = names_.of(operation ? *operation : text.empty() ? "(range without a name)" : text);
      event.activity = operation ? Activity::operation : Activity::region;
      event.track = track_of(rows.integer(process), rows.integer(thread), TrackKind::thread);
      sink_.event(event, nullptr);
      if (!operation) continue;
      operations_.add_operation(static_cast<std::uint64_t>(event.track), event.start_ns, event.duration_ns, event.name);
    }
  }

  struct Kind {
    NameId id = kNoName;
    Activity activity = Activity::kernel;
    bool is_barrier = false;
  };

  // Names of kernels stand in quotes.
  const Kind& kind_of(std::string_view written) {
    if (written.size() >= 2 && written.front() == '"' && written.back() == '"') {
      written = written.substr(1, written.size() - 2);
    }
    const auto [found, is_new] = kinds_.try_emplace(std::string(written));
    if (!is_new) return found->second;
    Kind& kind = found->second;
    kind.is_barrier = written == kBarrier;
    kind.id = kind.is_barrier ? kNoName : names_.of(written.empty() ? "(kernel without a name)" : written);
    if (written.starts_with("Copy") || written.find("Memcpy") != written.npos || written == "async-copy") {
      kind.activity = Activity::copy;
    } else if (written.starts_with("Fill") || written.find("Memset") != written.npos) {
      kind.activity = Activity::fill;
    } else if (!kind.is_barrier) {
      kind.activity = kernel_activity(demangle(std::string(written)));
    }
    return kind;
  }

  std::uint64_t read_ops(const std::string& table) {
    enum Op { begin, finish, device, queue, stream, pid, number, what };
    TableRows rows =
        database_.rows(table, {"BeginNs", "EndNs", "dev-id", "queue-id", "stream-id", "pid", "Index", "Name"});
    std::uint64_t told = 0;
    TraceEvent event;
    while (rows.next()) {
      const Kind& kind = kind_of(rows.bytes(what));
      if (kind.is_barrier || !take_span(rows, event)) continue;
      event.name = kind.id;
      event.activity = kind.activity;
      event.track = track_of(rows.has(device) ? rows.integer(device) : -1,
                             rows.has(stream) ? rows.integer(stream) : rows.integer(queue), TrackKind::stream);
      Extra extra;
      if (!options_.device_only) extra.correlation = correlation_of(rows.integer(pid), rows.integer(number));
      if (!options_.device_only && !operations_.empty()) extra.operation = operations_.operation_of(extra.correlation);
      sink_.event(event, &extra);
      ++told;
    }
    return told;
  }

  std::uint64_t read_dispatches() {
    enum Dispatch { begin, finish, device, queue, items, block, shared, registers, accumulators, what };
    if (!database_.has("KERN", "BeginNs")) return 0;
    TableRows rows = database_.rows("KERN", {"BeginNs", "EndNs", "gpu-id", "queue-id", "grd", "wgr", "lds", "arch_vgpr",
                                             "accum_vgpr", "KernelName"});
    TraceEvent event;
    std::uint64_t told = 0;
    while (rows.next()) {
      const Kind& kind = kind_of(rows.bytes(what));
      if (!take_span(rows, event)) continue;
      event.name = kind.id;
      event.activity = kind.activity;
      event.track = track_of(rows.integer(device), rows.integer(queue), TrackKind::stream);
      Extra extra;
      const std::uint32_t width = number32(rows.integer(block)), all = number32(rows.integer(items));
      if (width > 0 && all > 0) extra.launch = {.grid = {(all - 1) / width + 1, 1, 1}, .block = {width, 1, 1}};
      extra.launch.shared_bytes = number32(rows.integer(shared));
      extra.launch.registers = number32(rows.integer(registers)) + number32(rows.integer(accumulators));
      sink_.event(event, &extra);
      ++told;
    }
    return told;
  }

  TraceDatabase& database_;
  TraceSink& sink_;
  const TraceOptions& options_;
  NameTable names_;
  OperationFinder operations_;
  std::map<std::pair<TrackKind, std::pair<std::int64_t, std::int64_t>>, TrackId> tracks_;
  std::unordered_map<std::int64_t, std::uint64_t> process_numbers_;
  std::unordered_map<std::string, Kind> kinds_;
};

bool is_rocprof_database(const TraceDatabase& database) {
  return database.has("KERN", "KernelName") || (database.has("OPS", "BeginNs") && database.has("OPS", "dev-id"));
}

bool holds_rocprof(const FileReader& file) { return is_rocprof_database(TraceDatabase(file)); }

Status read_rocprof_database(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto file = whole_file(input);
  if (!file) return file.error();
  TraceDatabase database(*file, &sink, &input);
  if (!is_rocprof_database(database)) {
    return Error{"reading a database of rocprof", input.where(), "its tables are not those of one, or damaged",
                 "Record it anew: rocprof --hip-trace --timestamp on -o results.csv PROGRAM"};
  }
  RocprofDatabaseReader(database, sink, options).read();
  return Done{};
}

}  // namespace

const TraceFormat kRocprofDatabase = {"rocprof database", WitnessKind::rocprof, is_database, read_rocprof_database,
                                      holds_rocprof};

}  // namespace varve
