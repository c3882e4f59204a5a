#include "kernels/databases/database_formats.h"
#include "kernels/databases/nsys_facts.h"
#include "kernels/databases/nsys_tables.h"
#include "kernels/trace/trace_input.h"

namespace varve {

namespace {

void tell_traced(TraceSink& sink, std::initializer_list<Activity> activities) {
  for (const Activity one : activities) sink.traced(one);
}

// What the profiler noted about its own work. Its texts hold paths and names of users: none is shown.
struct NsysDiagnostics {
  bool lost = false, none = false, may_not_have_begun = false;  // CUDA events: some, perhaps; any; tracing them
};

NsysDiagnostics nsys_diagnostics(TraceDatabase& database) {
  NsysDiagnostics found;
  TableRows rows = database.rows("DIAGNOSTIC_EVENT", {"text"});
  while (rows.next()) {
    const std::string_view text = rows.bytes(0);
    const auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
    const bool about_cuda = says("CUDA") || says("CUPTI");
    if (about_cuda && (says("dropped") || says("Not all") || says("lost"))) found.lost = true;
    if (says("No CUDA events collected")) found.none = true;
    if (about_cuda && says("might have not been started correctly")) found.may_not_have_begun = true;
  }
  return found;
}

void tell_nsys_diagnostics(const NsysDiagnostics& noted, TraceSink& sink) {
  if (noted.lost) {
    sink.lost(TrackKind::stream, 0);
    sink.unseen("some of the CUDA events, possibly: Nsight Systems notes that it may not have collected all");
  }
  if (noted.none) sink.unseen("CUDA events: Nsight Systems notes that it collected none");
  if (noted.may_not_have_begun) {
    sink.unseen("CUDA events, possibly: Nsight Systems notes that tracing CUDA may not have begun");
  }
}

// That a kind is missing means something only where it was recorded: by the settings, or because something of it, or
// of what is recorded with it, is there.
void read_nsys_tables(TraceDatabase& database, TraceSink& sink, const TraceOptions& options) {
  const NsysSettings settings = nsys_settings(database);
  const NsysDiagnostics noted = nsys_diagnostics(database);
  NsysTables tables(database, sink, options);
  std::uint64_t ranges = 0, cuda = 0;
  if (!options.device_only) {
    ranges = read_nsys_ranges(tables);
    cuda = read_nsys_calls(tables);
    tables.operations.settle();
  }
  cuda += read_nsys_kernels(tables);
  cuda += read_nsys_copies(tables);
  cuda += read_nsys_graphs(tables);
  // Of a program without CUDA, and of one into which the tracing did not get, the same is noted.
  const bool is_blind = cuda == 0 && (noted.none || noted.may_not_have_begun);
  if (is_blind) sink.no_evidence("Nsight Systems notes that it collected no CUDA events, and may not have begun to");
  const bool saw_cuda = (settings.cuda && !is_blind) || cuda > 0;
  if (saw_cuda) tell_traced(sink, {Activity::kernel, Activity::collective, Activity::copy, Activity::fill});
  tell_nsys_diagnostics(noted, sink);
  if (options.device_only) return;
  if (saw_cuda) tell_traced(sink, {Activity::launch, Activity::synchronise, Activity::allocate, Activity::call});
  if (settings.nvtx || ranges > 0) tell_traced(sink, {Activity::region});
}

// Of an export of any of its versions: which tables there are depends on what was recorded.
bool is_nsys(const TraceDatabase& database) {
  return database.has("StringIds") &&
         (database.has("META_DATA_EXPORT") || database.has("EXPORT_META_DATA") || database.has("ANALYSIS_DETAILS") ||
          database.has("TARGET_INFO_SYSTEM_ENV") || database.has(kNsysKernels) || database.has(kNsysCalls) ||
          database.has(kNsysRanges));
}

bool holds_nsys(const FileReader& file) { return is_nsys(TraceDatabase(file)); }

Status read_nsys_file(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto file = whole_file(input);
  if (!file) return file.error();
  TraceDatabase database(*file, &sink, &input);
  if (!is_nsys(database)) {
    return Error{"reading an export of Nsight Systems", input.where(), "its tables are not those of one, or damaged",
                 "Export the report anew: nsys export --type sqlite"};
  }
  tell_nsys_facts(database, sink);
  read_nsys_tables(database, sink, options);
  return Done{};
}

}  // namespace

const TraceFormat kNsightSystems = {"Nsight Systems SQLite", WitnessKind::nsight_systems, is_database, read_nsys_file,
                                    holds_nsys};

}  // namespace varve
