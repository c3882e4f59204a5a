#pragma once
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "kernels/databases/operation_finder.h"
#include "kernels/databases/trace_database.h"
#include "kernels/trace/trace.h"

namespace varve {

// The SQLite export of Nsight Systems (`nsys export --type sqlite`; Nsight Systems User Guide, "SQLite Schema
// Reference"). A table for each kind of event, written only where there are some:
//
//   CUPTI_ACTIVITY_KIND_KERNEL, ..._MEMCPY, ..._MEMSET  what ran on devices
//   CUPTI_ACTIVITY_KIND_GRAPH_TRACE                     whole graphs, where their kernels were not told one by one
//   CUPTI_ACTIVITY_KIND_RUNTIME                         calls of CUDA's runtime and driver
//   NVTX_EVENTS                                         regions; PyTorch's emit_nvtx marks its operations so
//   StringIds                                           the texts that columns xName, nameId, textId refer to
//
// Times are whole nanoseconds from the beginning of the session. globalPid and globalTid are a machine (8 bits), a
// process (24) and a thread (24). Correlation ids count anew in every process.
inline const std::string kNsysKernels = "CUPTI_ACTIVITY_KIND_KERNEL", kNsysCopies = "CUPTI_ACTIVITY_KIND_MEMCPY",
                         kNsysFills = "CUPTI_ACTIVITY_KIND_MEMSET", kNsysGraphs = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE",
                         kNsysCalls = "CUPTI_ACTIVITY_KIND_RUNTIME", kNsysRanges = "NVTX_EVENTS";

// What the readers of the single tables share: the numbers that they give to names, tracks and processes.
class NsysTables {
 public:
  // All must live longer.
  NsysTables(TraceDatabase& from, TraceSink& into, const TraceOptions& asked);

  TrackId stream_of(std::int64_t global_pid, std::int64_t device_id, std::int64_t context, std::int64_t stream);
  TrackId thread_of(std::int64_t global_tid);
  // The numbers of the first process as they are, those of each further one out of the way of the others; 0: none.
  std::uint64_t correlation_of(std::int64_t global_id, std::int64_t number);

  TraceDatabase& database;
  TraceSink& sink;
  const TraceOptions& options;
  NameTable names;
  StringTable strings;
  OperationFinder operations;

 private:
  using TrackKey = std::array<std::int64_t, 4>;

  void read_devices();
  std::int32_t gpu_of(std::int64_t global_pid, std::int64_t device_id) const;
  TrackId track_of(const TrackKey& key, const Place& place, TrackKind kind);

  std::map<std::pair<std::uint64_t, std::int64_t>, std::int64_t> gpus_;  // by process and its own number of the device
  std::map<TrackKey, TrackId> tracks_;
  std::optional<std::pair<TrackKey, TrackId>> last_track_;
  std::map<std::uint64_t, std::uint64_t> process_numbers_;
  std::uint64_t last_process_ = 0, last_process_number_ = 0;
};

// Each tells the sink the rows of its tables and returns how many there were. Calls and ranges come first and are then
// settled (OperationFinder), so that what ran on a device can be told with the operation that it ran for.
std::uint64_t read_nsys_ranges(NsysTables& tables);
std::uint64_t read_nsys_calls(NsysTables& tables);
std::uint64_t read_nsys_kernels(NsysTables& tables);
std::uint64_t read_nsys_copies(NsysTables& tables);  // and fills
std::uint64_t read_nsys_graphs(NsysTables& tables);

}  // namespace varve
