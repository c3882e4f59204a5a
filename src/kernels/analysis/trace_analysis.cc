#include "kernels/analysis/trace_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "kernels/analysis/capture_join.h"
#include "kernels/analysis/ledger.h"
#include "kernels/analysis/partition.h"
#include "kernels/analysis/steps.h"

namespace varve {

namespace {
void add_parts(std::map<Part, std::int64_t>& into, const std::map<Part, std::int64_t>& from) {
  for (const auto& [part, ns] : from) into[part] = add_ns(into[part], ns);
}
void add_window(TraceSequence::Window& into, std::int64_t length_ns, const std::map<Part, std::int64_t>& parts) {
  into.length_ns = add_ns(into.length_ns, length_ns);
  add_parts(into.parts, parts);
}
}  // namespace

void TraceAnalysis::name(NameId id, const TraceName& name) {
  builder_.name(id, name);
  if (!options_.device_only) timeline_.name(id, name);
}

void TraceAnalysis::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= places_.size()) places_.resize(index + 1);
  places_[index] = place;
  builder_.track(id, place, kind);
  counts_.track(id, place, kind);
  if (!options_.device_only) timeline_.track(id, place, kind);
}

void TraceAnalysis::event(const TraceEvent& event, const Extra* extra) {
  counts_.event(event, extra);
  if (event.is_sample) return builder_.event(event, extra);
  if (options_.device_only) {
    if (part_of(event.activity)) builder_.event(event, extra);
    if (event.activity == Activity::collective) note_collective(event, extra, 0, {});
    return;
  }
  const bool no_room = timeline_.is_full();
  timeline_.event(event, extra);
  if (!no_room) return;
  if (part_of(event.activity)) return builder_.event(event, extra);
  builder_.lose(event);
}

// What is known as a sum only has no place in an order of events.
void TraceAnalysis::total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) {
  if (options_.device_only && !part_of(event.activity)) return;
  has_totals_ = true;
  counts_.total(event, extra, time, nested_ns);
  builder_.total(event, extra, time, nested_ns);
}

// On whose behalf a kernel ran: as the trace tells, or else what was open when it was launched. Of a graph's kernels
// only the launch is known, unless a capture shows more.
NameId TraceAnalysis::operation_of(const DeviceEvent& one) const {
  const auto joined = joined_.find(one.event);
  if (joined != joined_.end()) return joined->second;
  const NameId told = timeline_.operation(one.event);
  if (told != kNoName || one.call == nullptr) return told;
  return one.call->operation != kNoName || !one.in_graph ? one.call->operation : one.call->region;
}

void TraceAnalysis::join_capture(const std::vector<Device>& devices) {
  const CaptureJoin join(*options_.capture);
  std::map<std::uint64_t, std::vector<const DeviceEvent*>> replays;  // by the launch of the graph
  for (const Device& device : devices) {
    for (const DeviceEvent& one : device.events) {
      if (one.in_graph) replays[timeline_.correlation(one.event)].push_back(&one);
    }
  }
  std::unordered_map<std::uint32_t, NameId> operations;  // by the text of the capture
  for (const auto& [launch, kernels] : replays) {
    std::vector<CaptureJoin::Replayed> replay;
    for (const DeviceEvent* one : kernels) {
      replay.push_back({builder_.shown_name(timeline_.name(one->event)), timeline_.graph_node(one->event)});
    }
    const std::vector<CaptureJoin::Joined> joined = join.join(replay);
    for (std::size_t i = 0; i < joined.size(); ++i) {
      if (joined[i].operation == CapturedKernels::kNone) continue;
      const auto number = static_cast<std::uint32_t>(timeline_.names() + operations.size());
      const auto [name, is_new] = operations.try_emplace(joined[i].operation, NameId{number});
      if (is_new) builder_.name(name->second, {.text = options_.capture->texts[joined[i].operation]});
      joined_[kernels[i]->event] = name->second;
      ++joined_sum_.kernels;
      if (joined[i].by_node) ++joined_sum_.by_node;
      joined_sum_.ns = add_ns(joined_sum_.ns, timeline_.duration_ns(kernels[i]->event));
    }
  }
}

CapturedKernels TraceAnalysis::captured(const std::vector<Device>& devices, const HostCalls& calls) {
  CapturedKernels found;
  std::map<NameId, std::uint32_t> numbers;
  const auto number_of = [&](NameId id) {
    if (id == kNoName) return CapturedKernels::kNone;
    const auto [at, is_new] = numbers.try_emplace(id, static_cast<std::uint32_t>(found.texts.size()));
    if (is_new) found.texts.push_back(builder_.shown_name(id));
    return at->second;
  };
  std::vector<const HostCall*> launches;
  bool names_without_kernel = false;
  for (const HostCall& call : calls.all()) {
    if (!call.is_launch || call.outer != kNoCall || launches.size() >= CapturedKernels::kMost) continue;
    launches.push_back(&call);
    names_without_kernel |= call.kernels == 0 && timeline_.launched(call.event) != kNoName;
  }
  std::stable_sort(launches.begin(), launches.end(), [&](const HostCall* a, const HostCall* b) {
    return timeline_.start_ns(a->event) < timeline_.start_ns(b->event);
  });
  // Launches into a graph that is captured start nothing, and HIP names their kernels: then they tell the order.
  for (const Device& device : devices) {
    if (names_without_kernel) break;
    for (const DeviceEvent& one : device.events) {
      if (one.part == Part::copy || found.all.size() >= CapturedKernels::kMost) continue;
      found.all.push_back(
          {number_of(timeline_.name(one.event)), number_of(operation_of(one)), timeline_.graph_node(one.event)});
    }
  }
  found.has_names = names_without_kernel || !found.all.empty();
  if (found.has_names && !names_without_kernel) return found;
  for (const HostCall* call : launches) {
    const NameId name = timeline_.launched(call->event);
    if (names_without_kernel && name == kNoName) continue;  // of a graph
    found.all.push_back({number_of(name), number_of(call->operation), 0});
  }
  return found;
}

void TraceAnalysis::note_collective(const TraceEvent& event, const Extra* extra, std::int64_t exposed_ns,
                                    const SequencePlace& in_sequence) {
  const auto track = static_cast<std::size_t>(event.track);
  const Place place = track < places_.size() ? places_[track] : Place{};
  const RankCollectives::One times{.stream = in_sequence.stream,
                                   .item = in_sequence.item,
                                   .start_ns = event.start_ns,
                                   .end_ns = add_ns(event.start_ns, std::max<std::int64_t>(event.duration_ns, 0)),
                                   .exposed_ns = exposed_ns};
  collectives_[{place.rank, place.device}].add(builder_.text(event.name),
                                               extra == nullptr ? "" : builder_.text(extra->group),
                                               extra == nullptr ? kNoNumber : extra->sequence, times);
}

// Where one trace shows several devices and no rank, each device stands for a rank.
std::vector<RankCollectives> TraceAnalysis::take_collectives(const TraceReading& reading) {
  std::vector<RankCollectives> lists;
  for (auto& [place, list] : collectives_) {
    const std::int32_t told = place.first >= 0 ? place.first : reading.rank;
    lists.push_back(list.take(told < 0 && collectives_.size() > 1 ? place.second : told, reading.ranks));
  }
  return lists;
}

// Of a kernel in a graph the trace tells the operation that launched the graph: it says nothing of the kernel.
void TraceAnalysis::keep_sequence(const std::vector<std::vector<std::uint32_t>>& by_track,
                                  const std::vector<Device>& devices, const HostSweep& host, const TraceSteps& steps) {
  const SequenceNames names{.kernel_of = [&](NameId id) { return builder_.kernel_of(id); },
                            .operation_of =
                                [&](const DeviceEvent& one) {
                                  const bool of_the_launch = one.in_graph && !joined_.contains(one.event);
                                  return of_the_launch ? kNoName : operation_of(one);
                                }};
  if (devices.empty()) {
    sequence_ = operation_sequence(timeline_, by_track, steps, names);
    return;
  }
  sequence_ = device_sequence(timeline_, devices, host.calls, steps, names, places_of_collectives_);
  for (const Device& device : devices) {
    add_pauses(device, sequence_.pauses);
    add_launch_latency(timeline_, device, sequence_.launch_latency);
    const std::vector<TimeSpan> spans = step_spans(timeline_, device, host.calls, steps);
    const Partition partition = divide_window(device, host.intervals, spans, [](const DeviceEvent&, const Had&) {});
    TraceSequence::Window whole;
    add_window(whole, partition.end_ns - partition.start_ns, partition.parts);
    for (const auto& [part, ns] : partition.outside) add_window(whole, ns, {{part, ns}});
    add_window(sequence_.whole, whole.length_ns, whole.parts);
    sequence_.devices.push_back({device.rank, device.device, std::move(whole)});
    for (std::size_t i = 0; i < spans.size(); ++i) {
      add_window(sequence_.steps[i].window, spans[i].end_ns - spans[i].start_ns, partition.of_spans[i]);
    }
  }
}

void TraceAnalysis::analyse(TraceTally& tally, TraceSteps& steps) {
  const auto by_track = timeline_.by_track();
  HostSweep host = sweep_host(timeline_, by_track, builder_);
  std::vector<Device> devices =
      gather_devices(timeline_, by_track, host.calls, overlap_allowed_ns(builder_.facts(), tally.resolution_ns));
  keep_ledger(timeline_, devices, host.calls, tally);
  if (const std::int64_t gap_ns = clock_gap_ns(timeline_, devices); gap_ns != 0) {
    host.intervals = {};
    builder_.unseen(
        fmt::format("what the host did while a device was idle: by the times in the trace every kernel began "
                    "{:.3f} s or more {} its launch, so that their clocks are not one",
                    static_cast<double>(std::abs(gap_ns)) / 1e9, gap_ns > 0 ? "after" : "before"));
  }

  if (options_.capture != nullptr) join_capture(devices);
  if (options_.keep_captured) captured_ = captured(devices, host.calls);
  steps = find_steps(timeline_, by_track, devices, host.calls);
  std::vector<TimeSpan> spans;
  for (const TraceStep& step : steps.steps) spans.push_back({step.start_ns, step.start_ns + step.length_ns});

  if (options_.keep_sequence) keep_sequence(by_track, devices, host, steps);
  std::int64_t windows_ns = 0;
  std::map<Part, std::int64_t> parts;
  for (const Device& device : devices) {
    const auto hand_on = [&](const DeviceEvent& one, const Had& had) {
      Extra extra = timeline_.extra(one.event);
      extra.operation = operation_of(one);
      const TraceEvent event = timeline_[one.event];
      builder_.add(event, &extra,
                   {.own_ns = event.duration_ns,
                    .impossible_ns = one.is_impossible ? timeline_.end_ns(one.event) - one.end_ns : 0,
                    .alone_ns = had.alone_ns,
                    .share = had.share});
      if (one.part == Part::collective) {
        const auto place = places_of_collectives_.find(one.event);
        note_collective(event, &extra, had.without_kernel_ns,
                        place == places_of_collectives_.end() ? SequencePlace{} : place->second);
      }
    };
    const Partition partition = divide_window(device, host.intervals, spans, hand_on);
    windows_ns = add_ns(windows_ns, partition.end_ns - partition.start_ns);
    add_parts(parts, partition.parts);
    windows_.push_back({device.rank, device.device, partition.parts});
    for (std::size_t i = 0; i < partition.of_spans.size(); ++i) add_parts(steps.steps[i].parts, partition.of_spans[i]);
  }
  builder_.divide(windows_ns, std::move(parts));
}

void TraceAnalysis::lost(TrackKind track, std::uint64_t records) {
  builder_.lost(track, records);
  counts_.lost(track, records);
}

TraceReading TraceAnalysis::take() {
  TraceTally tally = counts_.tally();
  tally.left_out = timeline_.left_out();
  if (!options_.windows.stretches.empty()) tally.capped = false;  // how many are in a part says nothing of the whole
  if (timeline_.left_out() > 0) {
    builder_.unseen(fmt::format("the order of what came after the first {} events", timeline_.size()));
  }
  TraceSteps steps{
      TraceSteps::Found::none, has_totals_ ? "it tells sums, and no order" : "only devices were looked at", {}};
  const bool has_order = timeline_.size() > 0 || !has_totals_;
  if (!options_.device_only && has_order) analyse(tally, steps);
  tally.sentences = ledger_sentences(tally, joined_sum_, options_.capture != nullptr);
  TraceReading reading = builder_.take();
  reading.tally = std::move(tally);
  reading.steps = std::move(steps);
  reading.absence = counts_.absence();
  // What could not be read may have been them.
  const bool none = reading.absence == KernelAbsence::not_traced || reading.absence == KernelAbsence::none_launched;
  if (none && reading.damaged > 0) reading.absence = KernelAbsence::lost;
  reading.joined = joined_sum_;
  reading.captured = std::move(captured_);
  reading.sequence = std::move(sequence_);
  for (DividedWindow& window : windows_) {
    if (window.rank < 0) window.rank = reading.rank;
  }
  reading.windows = std::move(windows_);
  reading.collectives = take_collectives(reading);
  return reading;
}

}  // namespace varve
