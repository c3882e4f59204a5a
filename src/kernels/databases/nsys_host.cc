#include <algorithm>
#include <array>

#include "kernels/databases/nsys_tables.h"
#include "kernels/trace/runtime_calls.h"

namespace varve {

namespace {

struct NamedRange {
  NameId id = kNoName;
  Activity activity = Activity::region;
};

NamedRange name_range(NsysTables& tables, std::string_view text) {
  if (const auto operation = operation_from_range(text)) return {tables.names.of(*operation), Activity::operation};
  return {tables.names.of(text.empty() ? "(range without a name)" : text), Activity::region};
}

// "cudaLaunchKernel" of "cudaLaunchKernel_v7000": the version of CUDA in which the call came to be.
std::string_view call_name(std::string_view name) {
  const std::size_t version = name.rfind("_v");
  constexpr std::size_t kFewestDigits = 4;
  if (!name.starts_with("cuda") || version == std::string_view::npos) return name;
  const std::string_view digits = name.substr(version + 2);
  const bool is_version =
      digits.size() >= kFewestDigits && digits.find_first_not_of("0123456789") == std::string_view::npos;
  return is_version ? name.substr(0, version) : name;
}

NamedRange name_call(NsysTables& tables, std::int64_t id) {
  const std::string name(call_name(tables.strings.text(id)));
  return {tables.names.of(name.empty() ? "(unknown call)" : name), runtime_activity(name)};
}

// The times of a row, whose first two columns are its start and end; false, and told, when they are none.
bool take_times(TableRows& row, TraceEvent& event) {
  event.start_ns = row.integer(0);
  const auto duration = duration_between(event.start_ns, row.integer(1));
  event.duration_ns = duration.value_or(0);
  if (!duration) row.damaged("it ends before it starts");
  return duration.has_value();
}

// Of exports without calls: waiting is told a second time, by the device.
void read_waits(NsysTables& tables) {
  enum Column { start, end, process, kind };
  constexpr std::array<std::string_view, 5> kKinds = {"synchronisation", "cudaEventSynchronize", "cudaStreamWaitEvent",
                                                      "cudaStreamSynchronize", "cudaDeviceSynchronize"};
  constexpr std::size_t kStreamWaits = 2;  // CUpti_ActivitySynchronizationType; the host goes on
  TableRows rows =
      tables.database.rows("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", {"start", "end", "globalPid", "syncType"});
  TraceEvent event;
  while (rows.next()) {
    if (!take_times(rows, event)) continue;
    const auto number = static_cast<std::uint64_t>(rows.integer(kind));
    event.name = tables.names.of(kKinds[number < kKinds.size() ? number : 0]);
    event.activity = number == kStreamWaits ? Activity::call : Activity::synchronise;
    event.track = tables.thread_of(rows.integer(process));
    tables.sink.event(event, nullptr);
  }
}
}  // namespace

std::uint64_t read_nsys_calls(NsysTables& tables) {
  enum Column { start, end, thread, correlation, name };
  std::unordered_map<std::int64_t, NamedRange> calls;
  TableRows rows = tables.database.rows(kNsysCalls, {"start", "end", "globalTid", "correlationId", "nameId"});
  TraceEvent event;
  Extra extra;
  while (rows.next()) {
    if (!take_times(rows, event)) continue;
    auto known = calls.find(rows.integer(name));
    if (known == calls.end()) known = calls.emplace(rows.integer(name), name_call(tables, rows.integer(name))).first;
    const std::int64_t global_tid = rows.integer(thread);
    event.name = known->second.id;
    event.activity = known->second.activity;
    event.track = tables.thread_of(global_tid);
    extra.correlation = tables.correlation_of(global_tid, rows.integer(correlation));
    tables.sink.event(event, &extra);
    tables.operations.add_call(static_cast<std::uint64_t>(global_tid), event.start_ns, extra.correlation);
  }
  if (rows.count() == 0) read_waits(tables);
  return rows.count();
}

// Marks and ranges that have no end, or begin and end on different threads, take no time of a thread.
std::uint64_t read_nsys_ranges(NsysTables& tables) {
  enum Column { start, end, type, thread, end_thread, text, text_id };
  constexpr std::array<std::int64_t, 4> kTypes = {59, 60, 70, 71};  // ENUM_NSYS_EVENT_TYPE: Nvtx(t) ... Range
  std::unordered_map<std::int64_t, NamedRange> ranges;
  TableRows rows =
      tables.database.rows(kNsysRanges, {"start", "end", "eventType", "globalTid", "endGlobalTid", "text", "textId"});
  TraceEvent event;
  while (rows.next()) {
    const bool is_range =
        !rows.has(type) || std::find(kTypes.begin(), kTypes.end(), rows.integer(type)) != kTypes.end();
    const std::int64_t global_tid = rows.integer(thread);
    if (!is_range || !rows.has(end) || (rows.has(end_thread) && rows.integer(end_thread) != global_tid)) continue;
    if (!take_times(rows, event)) continue;
    NamedRange range;
    if (rows.has(text) || !rows.has(text_id)) {
      range = name_range(tables, rows.bytes(text));
    } else {
      auto known = ranges.find(rows.integer(text_id));
      if (known == ranges.end()) {
        const std::string found(tables.strings.text(rows.integer(text_id)));
        known = ranges.emplace(rows.integer(text_id), name_range(tables, found)).first;
      }
      range = known->second;
    }
    event.name = range.id;
    event.activity = range.activity;
    event.track = tables.thread_of(global_tid);
    tables.sink.event(event, nullptr);
    if (range.activity != Activity::operation) continue;
    tables.operations.add_operation(static_cast<std::uint64_t>(global_tid), event.start_ns, event.duration_ns,
                                    range.id);
  }
  return rows.count();
}

}  // namespace varve
