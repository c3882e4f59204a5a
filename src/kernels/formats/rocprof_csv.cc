#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/csv_rows.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// The tables that AMD's profilers write as CSV; a first line names the columns, of which tools have moved, added and
// respelled many, so that they are found by name and in any case. Times are nanoseconds, grids count work items.
//
//   rocprof   results.csv       Index,KernelName,gpu-id,queue-id,…,grd,wgr,lds,…,BeginNs,EndNs,CompleteNs,DurationNs
//   rocprofv2 results_*.csv     Dispatch_ID,GPU_ID,Queue_ID,…,Kernel_Name,Start_Timestamp,End_Timestamp,Correlation_ID
//   rocprofv3 *_kernel_trace    Kind,Agent_Id,Queue_Id,…,Kernel_Name,Correlation_Id,Start_Timestamp,End_Timestamp,…
//   rocprofv3 *_memory_copy_trace, *_memory_allocation_trace       Kind,Direction | Operation,…,Start_Timestamp,…
//   rocprofv3 *_hip_api_trace, *_marker_api_trace and other calls  Domain,Function,Process_Id,Thread_Id,…
//   all of them *stats.csv      Name,Calls,TotalDurationNs,AverageNs,Percentage,…
//   rocprof-compute pmc_kernel_top.csv                             Kernel_Name,Count,Sum(ns),Mean(ns),Median(ns),Pct
namespace {

enum class RocprofColumn {
  name,
  function,
  domain,
  direction,
  operation,
  calls,
  total,
  start,
  end,
  device,
  to_device,
  queue,
  stream,
  thread,
  correlation,
  registers,
  accumulators,
  shared,
  grid_x,
  grid_y,
  grid_z,
  block_x,
  block_y,
  block_z,
  bytes,
  counter,
  count,  // of columns
};

constexpr auto kColumns = static_cast<std::size_t>(RocprofColumn::count);

struct RocprofColumnName {
  std::string_view name;  // in small letters, "-" as "_"
  RocprofColumn column;
};

constexpr std::array kRocprofColumns = {
    RocprofColumnName{"kernelname", RocprofColumn::name},
    RocprofColumnName{"kernel_name", RocprofColumn::name},
    RocprofColumnName{"name", RocprofColumn::name},
    RocprofColumnName{"function", RocprofColumn::function},
    RocprofColumnName{"domain", RocprofColumn::domain},
    RocprofColumnName{"direction", RocprofColumn::direction},
    RocprofColumnName{"operation", RocprofColumn::operation},
    RocprofColumnName{"calls", RocprofColumn::calls},
    RocprofColumnName{"totaldurationns", RocprofColumn::total},
    RocprofColumnName{"count", RocprofColumn::calls},
    RocprofColumnName{"sum(ns)", RocprofColumn::total},
    RocprofColumnName{"beginns", RocprofColumn::start},
    RocprofColumnName{"start_timestamp", RocprofColumn::start},
    RocprofColumnName{"endns", RocprofColumn::end},
    RocprofColumnName{"end_timestamp", RocprofColumn::end},
    RocprofColumnName{"gpu_id", RocprofColumn::device},
    RocprofColumnName{"agent_id", RocprofColumn::device},
    RocprofColumnName{"source_agent_id", RocprofColumn::device},
    RocprofColumnName{"destination_agent_id", RocprofColumn::to_device},
    RocprofColumnName{"queue_id", RocprofColumn::queue},
    RocprofColumnName{"stream_id", RocprofColumn::stream},
    RocprofColumnName{"thread_id", RocprofColumn::thread},
    RocprofColumnName{"tid", RocprofColumn::thread},
    RocprofColumnName{"correlation_id", RocprofColumn::correlation},
    RocprofColumnName{"arch_vgpr", RocprofColumn::registers},
    RocprofColumnName{"vgpr", RocprofColumn::registers},
    RocprofColumnName{"vgpr_count", RocprofColumn::registers},
    RocprofColumnName{"accum_vgpr", RocprofColumn::accumulators},
    RocprofColumnName{"accum_vgpr_count", RocprofColumn::accumulators},
    RocprofColumnName{"lds", RocprofColumn::shared},
    RocprofColumnName{"lds_block_size", RocprofColumn::shared},
    RocprofColumnName{"lds_per_workgroup", RocprofColumn::shared},
    RocprofColumnName{"group_segment_size", RocprofColumn::shared},
    RocprofColumnName{"grd", RocprofColumn::grid_x},
    RocprofColumnName{"grid_size", RocprofColumn::grid_x},
    RocprofColumnName{"grid_size_x", RocprofColumn::grid_x},
    RocprofColumnName{"grid_size_y", RocprofColumn::grid_y},
    RocprofColumnName{"grid_size_z", RocprofColumn::grid_z},
    RocprofColumnName{"wgr", RocprofColumn::block_x},
    RocprofColumnName{"workgroup_size", RocprofColumn::block_x},
    RocprofColumnName{"workgroup_size_x", RocprofColumn::block_x},
    RocprofColumnName{"workgroup_size_y", RocprofColumn::block_y},
    RocprofColumnName{"workgroup_size_z", RocprofColumn::block_z},
    RocprofColumnName{"allocation_size", RocprofColumn::bytes},
    RocprofColumnName{"counter_name", RocprofColumn::counter},
};

// Where each column stands; SIZE_MAX: nowhere.
struct RocprofHeader {
  std::array<std::size_t, kColumns> places;

  bool has(RocprofColumn column) const { return places[static_cast<std::size_t>(column)] != SIZE_MAX; }
  bool has_times() const { return has(RocprofColumn::start) && has(RocprofColumn::end); }
  bool has_totals() const { return has(RocprofColumn::name) && has(RocprofColumn::calls) && has(RocprofColumn::total); }
  bool has_kernels() const {
    return has(RocprofColumn::name) && has(RocprofColumn::device) && has(RocprofColumn::queue);
  }
  bool has_events() const {
    return has_times() &&
           ((has(RocprofColumn::name) && has(RocprofColumn::device)) || has(RocprofColumn::direction) ||
            has(RocprofColumn::operation) || (has(RocprofColumn::function) && has(RocprofColumn::domain)));
  }
};

RocprofHeader rocprof_header_from(const std::vector<std::string_view>& fields) {
  RocprofHeader header;
  header.places.fill(SIZE_MAX);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::string name = to_lower(trim(fields[i]));
    std::replace(name.begin(), name.end(), '-', '_');
    for (const RocprofColumnName& row : kRocprofColumns) {
      std::size_t& place = header.places[static_cast<std::size_t>(row.column)];
      if (row.name == name && place == SIZE_MAX) place = i;
    }
  }
  return header;
}

std::uint32_t rocprof_dimension(std::int64_t number) {
  return number > 0 && number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

bool is_amd_call(std::string_view name) {
  for (const std::string_view library : {"hip", "__hip", "hsa_", "nccl", "rocDec", "rocJpeg", "roctx"}) {
    const bool is_longer = name.starts_with(library) && name.size() > library.size();
    if (is_longer && (library == "hsa_" || (name[library.size()] >= 'A' && name[library.size()] <= 'Z'))) {
      return !name.starts_with("ncclDevKernel") && !name.starts_with("ncclKernel");
    }
  }
  return false;
}

bool is_amd_copy(std::string_view name) { return name.starts_with("MEMORY_COPY") || name.starts_with("Copy"); }

class RocprofCsvReader {
 public:
  RocprofCsvReader(TraceSink& sink, const TraceOptions& options)
      : sink_(sink), options_(options), names_(sink), tracks_(sink) {}

  Status read(TraceInput& input) {
    CsvRows rows(input);
    const auto first = rows.next();
    if (!first) return first.error();
    header_ = rocprof_header_from(rows.fields());
    const bool has_totals = header_.has_totals() && !header_.has_times();
    if (header_.has(RocprofColumn::counter) || (!has_totals && !header_.has_events())) {
      const bool untimed = header_.has_kernels() && !header_.has(RocprofColumn::counter);
      return Error{"reading a table of rocprof", input.where(),
                   untimed ? "it has no column of times" : "it holds counters and no times of single kernels",
                   untimed ? "Record it with: rocprof --timestamp on" : "Record one with: rocprofv3 --kernel-trace"};
    }
    while (true) {
      const auto more = rows.next();
      if (!more) return more.error();
      if (!*more) break;
      if (rows.is_damaged()) {
        sink_.damaged(rows.at(), "a row that is longer than 1 MiB or whose quotes do not end");
      } else if (rows.fields().size() > 1) {
        row_ = &rows.fields();
        at_ = rows.at();
        has_totals ? take_total() : take_event();
      }
    }
    if (has_totals) sink_.unseen("how durations are spread and when things ran: the table has numbers and totals only");
    return Done{};
  }

 private:
  std::string_view text(RocprofColumn column) const {
    const std::size_t place = header_.places[static_cast<std::size_t>(column)];
    return place < row_->size() ? trim((*row_)[place]) : "";
  }
  // "7", and "Agent 7"
  std::int64_t number(RocprofColumn column, std::int64_t otherwise) const {
    const std::string_view written = text(column);
    const std::size_t blank = written.rfind(' ');
    return parse_integer(blank == std::string_view::npos ? written : written.substr(blank + 1)).value_or(otherwise);
  }

  void take_event() {
    const std::int64_t start = number(RocprofColumn::start, -1), end = number(RocprofColumn::end, -1);
    if (start < 0 || end < start) return sink_.damaged(at_, "a row whose times cannot be");
    TraceEvent event{.start_ns = start, .duration_ns = end - start};
    Extra extra{.correlation =
                    static_cast<std::uint64_t>(std::max<std::int64_t>(number(RocprofColumn::correlation, 0), 0))};
    if (header_.has(RocprofColumn::function)) {
      if (!options_.device_only) write_call(event, extra);
    } else if (header_.has(RocprofColumn::direction)) {
      event.name = names_.id(text(RocprofColumn::direction));
      event.activity = Activity::copy;
      const std::int64_t to = number(RocprofColumn::to_device, -1);
      event.track = stream(to >= 0 ? to : number(RocprofColumn::device, -1));
      sink_.event(event, &extra);
    } else if (header_.has(RocprofColumn::name)) {
      write_kernel(event, extra);
    } else if (!options_.device_only) {
      event.name = names_.id(text(RocprofColumn::operation));
      event.activity = Activity::allocate;
      event.track = tracks_.thread(0);
      sink_.event(event, &extra);
    }
  }

  TrackId stream(std::int64_t device) {
    const std::int64_t queue = number(RocprofColumn::queue, -1);
    return tracks_.stream(static_cast<std::int32_t>(std::clamp<std::int64_t>(device, -1, INT32_MAX)),
                          number(RocprofColumn::stream, queue));
  }

  void write_call(TraceEvent event, const Extra& extra) {
    const std::string_view name = text(RocprofColumn::function), domain = text(RocprofColumn::domain);
    event.name = names_.id(name);
    event.activity = domain.starts_with("MARKER_CORE") ? Activity::region : runtime_activity(name);
    event.track = tracks_.thread(static_cast<std::uint64_t>(number(RocprofColumn::thread, 0)));
    sink_.event(event, &extra);
  }

  void write_kernel(TraceEvent event, Extra extra) {
    constexpr std::array kGrid = {RocprofColumn::grid_x, RocprofColumn::grid_y, RocprofColumn::grid_z};
    constexpr std::array kBlock = {RocprofColumn::block_x, RocprofColumn::block_y, RocprofColumn::block_z};
    for (std::size_t i = 0; i < 3; ++i) {
      // The older tools write the product of the three.
      const std::int64_t otherwise = header_.has(kBlock[0]) && !header_.has(kBlock[i]) ? 1 : 0;
      const std::int64_t block = number(kBlock[i], otherwise), items = number(kGrid[i], otherwise);
      extra.launch.block[i] = rocprof_dimension(block);
      if (block > 0 && items > 0) extra.launch.grid[i] = rocprof_dimension((items - 1) / block + 1);
    }
    extra.launch.registers = rocprof_dimension(number(RocprofColumn::registers, 0)) +
                             rocprof_dimension(number(RocprofColumn::accumulators, 0));
    extra.launch.shared_bytes = rocprof_dimension(number(RocprofColumn::shared, 0));
    const std::string_view name = text(RocprofColumn::name);
    event.name = names_.id(name);
    event.activity = kernel_activity(name);
    event.track = stream(number(RocprofColumn::device, -1));
    sink_.event(event, &extra);
  }

  void take_total() {
    const std::string_view name = text(RocprofColumn::name);
    const std::string_view sum = text(RocprofColumn::total);  // rocprof-compute's have fractions of a nanosecond
    const std::int64_t calls = number(RocprofColumn::calls, -1);
    const std::int64_t total = parse_integer(sum.substr(0, sum.find('.'))).value_or(-1);
    if (calls < 0 || total < 0) return sink_.damaged(at_, "a row whose numbers cannot be");
    // What some tools write last: the sum of all rows.
    if (name == "Total" && calls > 0 && calls == calls_ && total == total_ns_) return;
    calls_ = add_ns(calls_, calls);
    total_ns_ = add_ns(total_ns_, total);
    TraceEvent event{.name = names_.id(name), .activity = kernel_activity(name)};
    if (is_amd_copy(name)) event.activity = Activity::copy;
    if (is_amd_call(name)) event.activity = runtime_activity(name);
    if (is_amd_call(name) && options_.device_only) return;
    event.track = is_amd_call(name) ? tracks_.thread(0) : tracks_.stream(-1, -1);
    sink_.total(event, nullptr, {.count = static_cast<std::uint64_t>(calls), .total_ns = total}, 0);
  }

  TraceSink& sink_;
  const TraceOptions& options_;
  TraceNames names_;
  TraceTracks tracks_;
  RocprofHeader header_;
  const std::vector<std::string_view>* row_ = nullptr;
  std::uint64_t at_ = 0;                   // of the row
  std::int64_t calls_ = 0, total_ns_ = 0;  // of all rows of totals so far
};

bool is_rocprof_csv(std::span<const std::byte> beginning) {
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.find(',') == std::string_view::npos) return false;
  std::vector<std::string_view> fields = split(line, ',');
  for (std::string_view& field : fields) {
    field = trim(field);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
  }
  const RocprofHeader header = rocprof_header_from(fields);
  return header.has_events() || header.has_totals() || header.has_kernels();
}

Status read_rocprof_csv(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  return RocprofCsvReader(sink, options).read(input);
}

}  // namespace

const TraceFormat kRocprofCsv = {"rocprof CSV", WitnessKind::rocprof, is_rocprof_csv, read_rocprof_csv};

}  // namespace varve
