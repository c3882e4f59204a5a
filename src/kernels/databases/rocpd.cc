#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "binary/elf/demangle.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/operation_finder.h"
#include "kernels/databases/rocpd_facts.h"
#include "kernels/databases/trace_database.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// The database of rocprofv3 (ROCprofiler-SDK, source/share/rocprofiler-sdk-rocpd/rocpd_tables.sql), its default since
// ROCm 7. The name of each table ends in an id of the recording, "rocpd_string_0197…"; views without it, which are not
// asked, unite those of several. Tables:
//
//   rocpd_kernel_dispatch, rocpd_memory_copy   what ran on GPUs
//   rocpd_region                               calls, and ranges that the program marked (their text is in the event)
//   rocpd_event                                of each of them: category, and in stack_id the id of the call
//   rocpd_info_kernel_symbol, rocpd_info_agent, rocpd_string   what their ids stand for
//
// A row has its times itself (start, end) or, in newer files, in rocpd_timestamp (start_id, end_id), and its place
// itself (agent_id, queue_id, stream_id) or in rocpd_track. Nanoseconds; sizes of grids count threads.
namespace {

// The tables of one recording in the file.
class RocpdRecording {
 public:
  RocpdRecording(TraceDatabase& database, TraceSink& sink, const TraceOptions& options, NameTable& names,
                 std::string suffix, std::uint64_t number)
      : database_(database),
        sink_(sink),
        options_(options),
        names_(names),
        suffix_(std::move(suffix)),
        number_(number),
        strings_(database, table("rocpd_string"), "id", "string"),
        times_(database.lookup(table("rocpd_timestamp"), "rowid", {"value"})),
        events_(database.lookup(table("rocpd_event"), "rowid", {"stack_id", "category_id", "extdata"})) {}

  void read(TrackId& next_track) {
    next_track_ = &next_track;
    read_agents();
    read_tracks();
    std::uint64_t calls = 0;
    if (!options_.device_only) {
      calls = read_regions();
      graph_launches_.settle();
      operations_.settle();
    }
    if (read_kernels() > 0) {
      sink_.traced(Activity::kernel);
      sink_.traced(Activity::collective);
    }
    if (read_copies() > 0) sink_.traced(Activity::copy);
    if (calls == 0) return;
    for (const Activity one : {Activity::launch, Activity::synchronise, Activity::allocate, Activity::call}) {
      sink_.traced(one);
    }
  }

 private:
  struct RocpdPlace {
    std::int64_t agent = -1, queue = 0, stream = 0, process = 0, thread = 0;
  };
  struct Event {
    std::uint64_t call = 0;  // made unlike those of other recordings; 0: none
    std::int64_t category = 0;
    std::string data;
  };
  struct Symbol {
    NameId id = kNoName;
    Activity activity = Activity::kernel;
    std::uint32_t registers = 0;
  };

  std::string table(const std::string& name) const { return name + suffix_; }

  // Every table of what took time begins with these columns.
  enum {
    kTimedStart,
    kTimedEnd,
    kTimedStartId,
    kTimedEndId,
    kTimedTrack,
    kTimedAgent,
    kTimedQueue,
    kTimedStream,
    kTimedProcess,
    kTimedThread,
    kTimedEvent,
    kTimedOwn
  };
  TableRows timed_rows(const std::string& name, const std::vector<std::string>& others) {
    std::vector<std::string> columns = {"start",    "end",       "start_id", "end_id", "track_id", "agent_id",
                                        "queue_id", "stream_id", "pid",      "tid",    "event_id"};
    columns.insert(columns.end(), others.begin(), others.end());
    return database_.rows(table(name), columns);
  }

  std::optional<std::int64_t> time_of(TableRows& row, int itself, int by_id) {
    if (row.has(itself)) return row.integer(itself);
    if (!times_ || !row.has(by_id)) return std::nullopt;
    times_->ask(row.integer(by_id));
    return times_->next() ? std::optional(times_->row().integer(0)) : std::nullopt;
  }

  // False, and told, when the times of a row are none.
  bool take_times(TableRows& row, TraceEvent& event) {
    const auto start = time_of(row, kTimedStart, kTimedStartId), end = time_of(row, kTimedEnd, kTimedEndId);
    const auto duration = start && end ? duration_between(*start, *end) : std::nullopt;
    if (!duration) {
      row.damaged(start && end ? "it ends before it starts" : "it has no times");
      return false;
    }
    event.start_ns = *start;
    event.duration_ns = *duration;
    return true;
  }

  RocpdPlace place_of(const TableRows& row) const {
    if (const auto track = row.has(kTimedTrack) ? places_.find(row.integer(kTimedTrack)) : places_.end();
        track != places_.end()) {
      return track->second;
    }
    return {row.has(kTimedAgent) ? row.integer(kTimedAgent) : -1, row.integer(kTimedQueue), row.integer(kTimedStream),
            row.integer(kTimedProcess), row.integer(kTimedThread)};
  }

  Event event_of(const TableRows& row) {
    Event event;
    if (!events_ || !row.has(kTimedEvent)) return event;
    events_->ask(row.integer(kTimedEvent));
    if (!events_->next()) return event;
    const std::int64_t call = events_->row().integer(0);
    if (call > 0 && call <= UINT32_MAX) event.call = number_ << 32 | static_cast<std::uint64_t>(call);
    event.category = events_->row().integer(1);
    event.data = events_->row().bytes(2).substr(0, 65536);
    return event;
  }

  // GPUs are numbered among themselves.
  void read_agents() {
    TableRows rows = database_.rows(table("rocpd_info_agent"), {"id", "type", "type_index", "absolute_index"});
    while (rows.next()) {
      const std::int64_t number = rows.has(2) ? rows.integer(2) : rows.integer(3);
      const bool is_gpu = rows.bytes(1) == "GPU" && number >= 0 && number <= INT32_MAX;
      if (is_gpu) gpus_[rows.integer(0)] = static_cast<std::int32_t>(number);
    }
    TableRows streams = database_.rows(table("rocpd_info_stream"), {"id"});
    while (streams.next()) has_streams_ = has_streams_ || streams.count() > 1;
  }

  void read_tracks() {
    TableRows rows = database_.rows(table("rocpd_track"), {"id", "agent_id", "queue_id", "stream_id", "pid", "tid"});
    while (rows.next()) {
      places_[rows.integer(0)] = {rows.has(1) ? rows.integer(1) : -1, rows.integer(2), rows.integer(3), rows.integer(4),
                                  rows.integer(5)};
    }
  }

  TrackId track_of(TrackKind kind, std::int64_t a, std::int64_t b, std::int64_t c, const Place& place) {
    const auto [found, is_new] = tracks_.try_emplace({kind, a, b, c}, *next_track_);
    if (is_new) {
      *next_track_ = static_cast<TrackId>(static_cast<std::uint32_t>(*next_track_) + 1);
      sink_.track(found->second, place, kind);
    }
    return found->second;
  }

  // Work is put into streams; where none were told apart, the queues that carried it tell what ran side by side.
  TrackId stream_of(const RocpdPlace& place) {
    const auto gpu = gpus_.find(place.agent);
    const std::int64_t stream = has_streams_ ? place.stream : place.queue;
    return track_of(TrackKind::stream, place.agent, place.queue, stream,
                    {.rank = -1, .device = gpu == gpus_.end() ? -1 : gpu->second, .stream = stream});
  }

  // Regions of the category MARKER… are the program's, named by their text; all others are calls.
  std::uint64_t read_regions() {
    enum { name = kTimedOwn };
    TableRows rows = timed_rows("rocpd_region", {"name_id"});
    TraceEvent event;
    std::uint64_t calls = 0;
    while (rows.next()) {
      if (!take_times(rows, event)) continue;
      const RocpdPlace place = place_of(rows);
      event.track = track_of(TrackKind::thread, place.process, place.thread, 0, {});
      const auto thread = static_cast<std::uint64_t>(event.track);
      const Event told = event_of(rows);
      const std::string text(strings_.text(rows.integer(name)));
      if (strings_.text(told.category).starts_with("MARKER")) {
        const std::string message = rocpd_message(told.data);
        tell_range(event, thread, message.empty() ? text : message);
        continue;
      }
      ++calls;
      event.name = names_.of(text.empty() ? "(unknown call)" : text);
      event.activity = runtime_activity(text);
      const Extra extra{.correlation = told.call};
      sink_.event(event, &extra);
      operations_.add_call(thread, event.start_ns, told.call);
      if (text.starts_with("hipGraphLaunch")) graph_launches_.add(static_cast<std::int64_t>(told.call), 1);
    }
    return calls;
  }

  void tell_range(TraceEvent& event, std::uint64_t thread, const std::string& text) {
    const auto operation = operation_from_range(text);
    event.name = names_.of(operation ? *operation : text.empty() ? "(range without a name)" : text);
    event.activity = operation ? Activity::operation : Activity::region;
    sink_.event(event, nullptr);
    if (operation) operations_.add_operation(thread, event.start_ns, event.duration_ns, event.name);
  }

  std::unordered_map<std::int64_t, Symbol> read_symbols() {
    std::unordered_map<std::int64_t, Symbol> symbols;
    TableRows rows = database_.rows(table("rocpd_info_kernel_symbol"),
                                    {"id", "kernel_name", "display_name", "arch_vgpr_count", "accum_vgpr_count"});
    while (rows.next()) {
      std::string text(rows.bytes(1));
      if (text.ends_with(".kd")) text.resize(text.size() - 3);  // of the descriptor, which is what is launched
      if (text.empty()) text = rows.bytes(2);
      if (text.empty()) continue;
      symbols[rows.integer(0)] = {names_.of(text), kernel_activity(demangle(text)),
                                  number32(rows.integer(3)) + number32(rows.integer(4))};
    }
    return symbols;
  }

  Extra extra_of(const TableRows& row) {
    Extra extra;
    if (options_.device_only) return extra;
    extra.correlation = event_of(row).call;
    if (!operations_.empty()) extra.operation = operations_.operation_of(extra.correlation);
    if (graph_launches_.find(static_cast<std::int64_t>(extra.correlation))) extra.graph_node = kGraphUnknown;
    return extra;
  }

  std::uint64_t read_kernels() {
    enum { kernel = kTimedOwn, grid_x, grid_y, grid_z, block_x, block_y, block_z, shared };
    const std::unordered_map<std::int64_t, Symbol> symbols = read_symbols();
    TableRows rows = timed_rows("rocpd_kernel_dispatch",
                                {"kernel_id", "grid_size_x", "grid_size_y", "grid_size_z", "workgroup_size_x",
                                 "workgroup_size_y", "workgroup_size_z", "group_segment_size"});
    TraceEvent event;
    while (rows.next()) {
      if (!take_times(rows, event)) continue;
      const auto symbol = symbols.find(rows.integer(kernel));
      event.name = symbol == symbols.end() ? names_.of("(kernel without a name)") : symbol->second.id;
      event.activity = symbol == symbols.end() ? Activity::kernel : symbol->second.activity;
      event.track = stream_of(place_of(rows));
      Extra extra = extra_of(rows);
      const auto part = [&](int column) { return number32(rows.integer(column)); };
      extra.launch.block = {part(block_x), part(block_y), part(block_z)};
      const std::array threads = {part(grid_x), part(grid_y), part(grid_z)};
      for (std::size_t i = 0; i < 3; ++i) {
        const std::uint64_t block = std::max(extra.launch.block[i], 1u);
        extra.launch.grid[i] = static_cast<std::uint32_t>((threads[i] + block - 1) / block);
      }
      extra.launch.shared_bytes = part(shared);
      extra.launch.registers = symbol == symbols.end() ? 0 : symbol->second.registers;
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  // A copy is of the GPU that takes part in it; between two, of the one that it goes to.
  std::uint64_t read_copies() {
    enum { name = kTimedOwn, size, to, from };
    TableRows rows = timed_rows("rocpd_memory_copy", {"name_id", "size", "dst_agent_id", "src_agent_id"});
    TraceEvent event{.activity = Activity::copy};
    while (rows.next()) {
      if (!take_times(rows, event)) continue;
      const std::string text(strings_.text(rows.integer(name)));
      event.name = names_.of(text.empty() ? "(copy)" : text);
      RocpdPlace place = place_of(rows);
      if (!gpus_.contains(place.agent)) {
        place.agent = gpus_.contains(rows.integer(to)) ? rows.integer(to) : rows.integer(from);
      }
      event.track = stream_of(place);
      Extra extra = extra_of(rows);
      extra.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(size), 0));
      sink_.event(event, &extra);
    }
    return rows.count();
  }

  TraceDatabase& database_;
  TraceSink& sink_;
  const TraceOptions& options_;
  NameTable& names_;
  std::string suffix_;
  std::uint64_t number_;
  StringTable strings_;
  std::optional<SqliteQuery> times_, events_;
  OperationFinder operations_;
  NumberMap graph_launches_;
  bool has_streams_ = false;
  std::unordered_map<std::int64_t, std::int32_t> gpus_;  // by the id of the agent
  std::unordered_map<std::int64_t, RocpdPlace> places_;  // by the id of the track
  std::map<std::tuple<TrackKind, std::int64_t, std::int64_t, std::int64_t>, TrackId> tracks_;
  TrackId* next_track_ = nullptr;
};

Status read_rocpd_file(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto file = whole_file(input);
  if (!file) return file.error();
  TraceDatabase database(*file, &sink, &input);
  const std::vector<std::string> suffixes = rocpd_suffixes(database);
  if (suffixes.empty()) {
    return Error{"reading a database of rocprofv3", input.where(), "its tables are not those of one, or damaged",
                 "Record it anew: rocprofv3 --output-format rocpd"};
  }
  NameTable names(sink);
  TrackId next_track{0};
  std::uint64_t number = 0;
  for (const std::string& suffix : suffixes) {
    tell_rocpd_facts(database, suffix, suffixes.size(), sink);
    RocpdRecording(database, sink, options, names, suffix, number++).read(next_track);
  }
  return Done{};
}

bool holds_rocpd(const FileReader& file) { return !rocpd_suffixes(TraceDatabase(file)).empty(); }

}  // namespace

const TraceFormat kRocpd = {"rocprofv3 database", WitnessKind::rocprof, is_database, read_rocpd_file, holds_rocpd};

}  // namespace varve
