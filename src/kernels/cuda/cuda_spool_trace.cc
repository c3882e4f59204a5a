#include "kernels/cuda/cuda_spool_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "kernels/cuda/cubin_origin.h"
#include "kernels/cuda/cuda_spool.h"
#include "kernels/databases/cuda_names.h"
#include "kernels/databases/trace_environment.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

namespace {
constexpr std::string_view kSource = "Varve's recorder (CUPTI)";
constexpr std::int64_t kSecond = 1'000'000'000;

double milliseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::string_view jit_name(const CudaSpool::Row& row) {
  constexpr std::string_view kPtx[] = {"JIT of PTX", "JIT of PTX: loaded from the cache",
                                       "JIT of PTX: put into the cache", "JIT of PTX: compiled"};
  constexpr std::string_view kIr[] = {"JIT of NVVM IR", "JIT of NVVM IR: loaded from the cache",
                                      "JIT of NVVM IR: put into the cache", "JIT of NVVM IR: compiled"};
  const std::size_t operation = row.launch.grid[1] < 4 ? row.launch.grid[1] : 0;
  return row.launch.grid[0] == 2 ? kIr[operation] : kPtx[operation];
}

// Tells a sink of everything in a spool.
class SpoolTeller {
 public:
  SpoolTeller(const CudaSpool& spool, TraceSink& sink, const TraceOptions& options)
      : spool_(spool), sink_(sink), options_(options), tracks_(sink) {}

  void tell() {
    tell_rank(spool_.variables, sink_);
    tell_traced();
    tell_clock();
    find_origins();
    for (const auto& [number, row] : spool_.rows) {
      if (row.time.count > 0) tell_row(row);
    }
    tell_lost();
    tell_stack();
    tell_recorder();
    tell_jit();
    tell_pools();
  }

 private:
  std::uint64_t count_of(char kind) const {
    std::uint64_t sum = 0;
    for (const auto& [number, row] : spool_.rows) sum = add_counts(sum, row.kind == kind ? row.time.count : 0);
    return sum;
  }

  // That no kernel is there means that none ran only where nothing speaks against it.
  void tell_traced() {
    const bool has_kernels = count_of('k') + count_of('g') > 0;
    if (!spool_.reason.empty()) {
      if (has_kernels) sink_.unseen("what ran after that: " + spool_.reason);
      if (!has_kernels) sink_.no_evidence(spool_.reason);
      return;
    }
    const std::uint64_t modules = spool_.cost("modules_loaded");
    if (!has_kernels && modules > 0) {
      return sink_.no_evidence(fmt::format(
          "CUPTI handed out no record of a kernel, although {} modules of code were loaded: it may be older "
          "than the GPU, or another tool took its records",
          modules));
    }
    if (!spool_.has_ended) {
      const std::string what =
          spool_.is_cut ? "what came after the last whole line of the spool: the disk was full, or the process was "
                          "killed while it wrote"
                        : "the last second or less: the process ended without its exit handlers (_exit, exec or a "
                          "signal), or runs still";
      if (!has_kernels) return sink_.no_evidence(what);
      sink_.unseen(what);
    }
    for (const Activity activity : {Activity::kernel, Activity::collective, Activity::copy, Activity::fill}) {
      sink_.traced(activity);
    }
    if (spool_.setting("calls") == "yes") {
      for (const Activity activity : {Activity::launch, Activity::synchronise, Activity::call}) sink_.traced(activity);
    }
  }

  // The windows that are asked for, by the clock of the records.
  void tell_clock() {
    if (!spool_.clock) return;
    const std::int64_t base_ns = spool_.clock->unix_ns - spool_.clock->here_ns;
    sink_.clock(base_ns);
    for (Stretch window : options_.windows.stretches) {
      if (options_.windows.of_unix_clock) window = {window.start_ns - base_ns, window.end_ns - base_ns};
      edges_.push_back(window.start_ns);
      edges_.push_back(window.end_ns);
    }
  }

  void find_origins() {
    if (options_.files == nullptr) return;
    std::set<WantedCubin> wanted;
    for (const auto& [number, name] : spool_.names) {
      const auto module = spool_.modules.find(name.module);
      if (module != spool_.modules.end()) wanted.insert({module->second.size, module->second.sha256});
    }
    if (!wanted.empty()) origins_ = find_cubins(*options_.files, spool_.libraries, wanted);
  }

  const CubinOrigin* origin_of(const CudaSpool::Name& name) const {
    const auto module = spool_.modules.find(name.module);
    if (module == spool_.modules.end()) return nullptr;
    const auto found = origins_.find({module->second.size, module->second.sha256});
    return found == origins_.end() ? nullptr : &found->second;
  }

  NameId tell_name(const std::string& text, Named named, const CubinOrigin* origin) {
    const auto id = static_cast<NameId>(names_++);
    TraceName name{.text = text, .library = {}, .build_id = {}, .named = named, .architecture = {}};
    if (origin != nullptr) {
      name.library = origin->library;
      name.build_id = origin->build_id;
      name.architecture = origin->architecture;
    }
    sink_.name(id, name);
    return id;
  }

  // Of what the spool names; each once.
  NameId listed_name(std::uint64_t number) {
    const auto known = listed_.find(number);
    if (known != listed_.end()) return known->second;
    const auto name = spool_.names.find(number);
    if (name == spool_.names.end()) return kNoName;
    return listed_[number] = tell_name(name->second.text, Named::trace, origin_of(name->second));
  }
  NameId made_name(const std::string& text, Named named = Named::trace) {
    const auto known = made_.find(text);
    return known != made_.end() ? known->second : made_[text] = tell_name(text, named, nullptr);
  }

  void tell_row(const CudaSpool::Row& row) {
    Extra extra;
    TraceEvent event{.start_ns = row.first_ns, .duration_ns = row.last_ns - row.first_ns};
    if (event.duration_ns > spool_.elapsed_ns + kSecond) event.duration_ns = 0;  // one of its times cannot be
    const auto name = spool_.names.find(row.name);
    const std::string_view text = name == spool_.names.end() ? "" : std::string_view(name->second.text);
    const bool on_host = row.kind == 'a' || row.kind == 'r' || row.kind == 'j';
    event.track = on_host ? tracks_.thread(0) : tracks_.stream(row.place.device, row.place.stream);
    extra.bytes = row.bytes;
    switch (row.kind) {
      case 'k':
        event.name = listed_name(row.name);
        event.activity = kernel_activity(text);
        extra.launch = row.launch;
        extra.graph_node = row.in_graph ? kGraphUnknown : 0;
        break;
      case 'g':
        event.name = made_name("(graph, traced as a whole)", Named::system);
        event.activity = Activity::kernel;
        break;
      case 'c':
        event.name = made_name(cuda_copy_name(row.launch.grid[0], row.launch.grid[1], row.launch.grid[2]));
        event.activity = Activity::copy;
        break;
      case 'f':
        event.name = made_name(cuda_fill_name(row.launch.grid[0]));
        event.activity = Activity::fill;
        break;
      case 'a':
        event.name = listed_name(row.name);
        event.activity = runtime_activity(text);
        break;
      case 'r':
        event.name = listed_name(row.name);
        event.activity = Activity::region;
        break;
      default:
        event.name = made_name(std::string(jit_name(row)));
        event.activity = Activity::call;
        break;
    }
    if (edges_.empty() || on_host || !tell_slices(row, event, extra)) {
      sink_.total(event, &extra, row.time, row.nested_ns);
    }
  }

  // A row in its slices instead of as a whole, so that windows may divide it. False: they do not hold all of it.
  bool tell_slices(const CudaSpool::Row& row, TraceEvent event, const Extra& extra) {
    std::uint64_t count = 0;
    std::int64_t ns = 0;
    for (const auto& [number, slice] : row.slices) {
      count = add_counts(count, slice.count);
      ns = add_ns(ns, slice.ns);
    }
    if (row.slice_ns == 0 || count != row.time.count || ns != row.time.total_ns) return false;
    for (const auto& [number, slice] : row.slices) {
      const std::int64_t start_ns = spool_.clock->origin_ns + row.slice_ns * static_cast<std::int64_t>(number);
      tell_slice({std::max(start_ns, row.first_ns), std::min(start_ns + row.slice_ns, row.last_ns)}, slice, event,
                 extra);
    }
    widest_ns_ = std::max(widest_ns_, row.slice_ns);
    return true;
  }

  // Where an edge of a window divides a slice, each part gets its share by time.
  void tell_slice(Stretch where, CudaSpool::Slice slice, TraceEvent event, const Extra& extra) {
    for (const std::int64_t edge : edges_) {
      if (edge <= where.start_ns || edge >= where.end_ns) continue;
      const double share =
          static_cast<double>(edge - where.start_ns) / static_cast<double>(where.end_ns - where.start_ns);
      const CudaSpool::Slice part{static_cast<std::uint64_t>(std::llround(share * static_cast<double>(slice.count))),
                                  std::llround(share * static_cast<double>(slice.ns))};
      tell_part({where.start_ns, edge}, part, event, extra);
      slice = {slice.count - std::min(part.count, slice.count), slice.ns - std::min(part.ns, slice.ns)};
      where.start_ns = edge;
    }
    tell_part(where, slice, event, extra);
  }
  void tell_part(Stretch where, CudaSpool::Slice slice, TraceEvent event, const Extra& extra) {
    event.start_ns = where.start_ns;
    event.duration_ns = std::max<std::int64_t>(where.end_ns - where.start_ns, 1);
    Durations time;
    time.count = slice.count;
    time.total_ns = slice.ns;
    if (slice.count > 0 || slice.ns > 0) sink_.total(event, &extra, time, 0);
  }

  void tell_lost() {
    if (widest_ns_ > 0) {
      sink_.unseen(
          fmt::format("how long single kernels and copies took in the window, and on which side of its edges "
                      "they ran within {:.0f} ms: sums were kept by slices of that length",
                      milliseconds(widest_ns_)));
    }
    const std::uint64_t dropped = spool_.cost("dropped"), untimed = spool_.cost("untimed");
    const std::uint64_t backwards = spool_.cost("backwards"), too_long = spool_.cost("too_long");
    const std::uint64_t no_room = spool_.cost("no_room");
    std::uint64_t all = 0;
    for (const std::uint64_t one : {dropped, untimed, backwards, too_long, no_room}) all = add_counts(all, one);
    if (all > 0) sink_.lost(TrackKind::stream, all);
    const auto say = [&](std::uint64_t count, std::string_view one, std::string_view several) {
      if (count > 0) sink_.unseen(fmt::format("{} {}", count, count == 1 ? one : several));
    };
    say(dropped, "record that CUPTI dropped", "records that CUPTI dropped");
    say(untimed, "record without a time: CUPTI could not collect it",
        "records without a time: CUPTI could not collect it");
    say(backwards, "record that ends before it begins", "records that end before they begin");
    say(too_long, "record that is longer than the recording", "records that are longer than the recording");
    const auto no_room_ns = static_cast<std::int64_t>(std::min<std::uint64_t>(spool_.cost("no_room_ns"), INT64_MAX));
    const std::string left = fmt::format("for which there was no room ({:.3f} ms)", milliseconds(no_room_ns));
    say(no_room, "record " + left, "records " + left);
    if (spool_.cost("coarse") > 0) sink_.unseen("streams and launches of everything one by one: there are too many");
    std::int64_t graphs_ns = 0;
    for (const auto& [number, row] : spool_.rows)
      graphs_ns = add_ns(graphs_ns, row.kind == 'g' ? row.time.total_ns : 0);
    const std::string whole = fmt::format("({:.3f} ms) kernel by kernel: recorded at graph level (VARVE_CUDA_RECORD)",
                                          milliseconds(graphs_ns));
    say(count_of('g'), "launch of a graph " + whole, "launches of graphs " + whole);
    say(spool_.cost("unmatched_ranges"), "NVTX range of which the beginning or the end is missing",
        "NVTX ranges of which the beginning or the end is missing");
  }

  void fact(std::string_view id, Value value) { sink_.fact(id, known_fact(std::move(value), std::string(kSource))); }

  void tell_stack() {
    const std::string driver = cuda_version_text(parse_integer(spool_.setting("driver.cuda")).value_or(0));
    if (!driver.empty()) fact("driver.api_level", driver);
    std::vector<std::string> models, capabilities, units;
    for (const auto& [number, device] : spool_.devices) {
      models.push_back(clean_utf8(device.name, 200));
      capabilities.push_back(fmt::format("{}.{}", device.major, device.minor));
      units.push_back(std::to_string(device.units));
    }
    if (models.empty()) return;
    fact("trace.devices", static_cast<std::int64_t>(models.size()));
    fact("gpu.models", std::move(models));
    fact("gpu.compute_capabilities", std::move(capabilities));
    fact("trace.device_cores", std::move(units));
  }

  void tell_recorder() {
    const std::string cupti = cuda_version_text(parse_integer(spool_.setting("cupti.cuda")).value_or(0));
    if (cupti.empty()) return;
    fact("trace.cupti_version", fmt::format("{} (API {})", cupti, clean_utf8(spool_.setting("cupti.api"), 20)));
    fact("trace.cupti_library", fmt::format("{} ({})", clean_utf8(spool_.setting("cupti.path")),
                                            clean_utf8(spool_.setting("cupti.found"), 100)));
    fact("trace.cuda_graphs", spool_.setting("graphs") == "node" ? std::string("kernel by kernel (node level)")
                                                                 : std::string("as wholes (graph level)"));
    const auto cost = [&](const char* name) {
      return static_cast<std::int64_t>(std::min<std::uint64_t>(spool_.cost(name), INT64_MAX / 8));
    };
    const std::int64_t inside = cost("callbacks_ns") + cost("modules_ns"),
                       beside = cost("flushes_ns") + cost("asking_ns");
    std::int64_t own = 0;  // CUPTI's
    for (const auto& [kind, overhead] : spool_.overheads) own = add_ns(own, overhead.ns);
    fact(
        "trace.recorder_cost",
        fmt::format("{} records taken in for {:.3f} ms, {:.3f} ms on a thread of its own, {:.3f} ms that CUPTI reports "
                    "of itself, in {:.3f} s",
                    spool_.cost("records"), milliseconds(inside), milliseconds(beside), milliseconds(own),
                    milliseconds(spool_.elapsed_ns) / 1e3));
  }

  // Whether the driver compiled PTX for the kernels that ran: proven either way where CUPTI records it.
  void tell_jit() {
    std::uint64_t compiled = 0, loaded = 0;
    std::int64_t ns = 0;
    for (const auto& [number, row] : spool_.rows) {
      if (row.kind != 'j' || row.launch.grid[0] != 1) continue;
      if (row.launch.grid[1] == 1) loaded = add_counts(loaded, row.time.count);
      if (row.launch.grid[1] == 3) compiled = add_counts(compiled, row.time.count);
      if (row.launch.grid[1] == 3) ns = add_ns(ns, row.time.total_ns);
    }
    if (compiled + loaded == 0) return;
    fact("trace.ptx_jit",
         fmt::format("PTX compiled {} × ({:.3f} ms), loaded from the cache {} ×", compiled, milliseconds(ns), loaded));
  }

  void tell_pools() {
    std::vector<std::string> pools;
    for (const auto& [device, pool] : spool_.pools) {
      pools.push_back(fmt::format("device {}: {} made, at most {} bytes, {} of them used", device, pool.created,
                                  pool.most_bytes, pool.most_used));
    }
    if (!pools.empty()) fact("trace.memory_pools", std::move(pools));
  }

  const CudaSpool& spool_;
  TraceSink& sink_;
  const TraceOptions& options_;
  TraceTracks tracks_;
  std::map<WantedCubin, CubinOrigin> origins_;
  std::map<std::uint64_t, NameId> listed_;
  std::map<std::string, NameId> made_;
  std::uint32_t names_ = 0;
  std::vector<std::int64_t> edges_;  // of the windows that are asked for, by rising time
  std::int64_t widest_ns_ = 0;       // of the slices that were told; 0: none
};

bool is_cuda_spool(std::span<const std::byte> beginning) {
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  return text.starts_with("varve-cuda-spool ");
}

Status read_spool_trace(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const Result<CudaSpool> spool = read_cuda_spool(input, sink);
  if (!spool) return spool.error();
  SpoolTeller(*spool, sink, options).tell();
  return Done{};
}
}  // namespace

const TraceFormat kCudaSpool = {"Varve's CUDA spool", WitnessKind::cupti, is_cuda_spool, read_spool_trace};

}  // namespace varve
