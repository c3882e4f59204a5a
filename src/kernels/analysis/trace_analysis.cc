#include "kernels/analysis/trace_analysis.h"

#include <fmt/format.h>

#include "kernels/analysis/ledger.h"
#include "kernels/analysis/partition.h"
#include "kernels/analysis/steps.h"

namespace varve {

namespace {
// On whose behalf a kernel ran: as the trace tells, or else what was open when it was launched. Of a graph's kernels
// only the launch is known.
NameId operation_of(const Timeline& timeline, const DeviceEvent& one) {
  const NameId told = timeline.operation(one.event);
  if (told != kNoName || one.call == nullptr) return told;
  return one.call->operation != kNoName || !one.in_graph ? one.call->operation : one.call->region;
}

void add_parts(std::map<Part, std::int64_t>& into, const std::map<Part, std::int64_t>& from) {
  for (const auto& [part, ns] : from) into[part] = add_ns(into[part], ns);
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
    if (event.activity == Activity::collective) note_collective(event, extra, 0);
    return;
  }
  const bool no_room = timeline_.is_full();
  timeline_.event(event, extra);
  if (!no_room) return;
  if (part_of(event.activity)) return builder_.event(event, extra);
  builder_.lose(event);
}

void TraceAnalysis::note_collective(const TraceEvent& event, const Extra* extra, std::int64_t exposed_ns) {
  const auto track = static_cast<std::size_t>(event.track);
  const Place place = track < places_.size() ? places_[track] : Place{};
  const RankCollectives::One times{.start_ns = event.start_ns,
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

void TraceAnalysis::analyse(TraceTally& tally, TraceSteps& steps) {
  const auto by_track = timeline_.by_track();
  HostSweep host = sweep_host(timeline_, by_track, builder_);
  std::vector<Device> devices =
      gather_devices(timeline_, by_track, host.calls, overlap_allowed_ns(builder_.facts(), tally.resolution_ns));
  keep_ledger(timeline_, devices, host.calls, tally);

  steps = find_steps(timeline_, by_track, devices, host.calls);
  std::vector<TimeSpan> spans;
  for (const TraceStep& step : steps.steps) spans.push_back({step.start_ns, step.start_ns + step.length_ns});

  std::int64_t windows_ns = 0;
  std::map<Part, std::int64_t> parts;
  for (const Device& device : devices) {
    const auto hand_on = [&](const DeviceEvent& one, const Had& had) {
      Extra extra = timeline_.extra(one.event);
      extra.operation = operation_of(timeline_, one);
      const TraceEvent event = timeline_[one.event];
      builder_.add(event, &extra,
                   {.own_ns = event.duration_ns,
                    .impossible_ns = one.is_impossible ? timeline_.end_ns(one.event) - one.end_ns : 0,
                    .alone_ns = had.alone_ns,
                    .share = had.share});
      if (one.part == Part::collective) note_collective(event, &extra, had.without_kernel_ns);
    };
    const Partition partition = divide_window(device, host.intervals, spans, hand_on);
    windows_ns = add_ns(windows_ns, partition.end_ns - partition.start_ns);
    add_parts(parts, partition.parts);
    for (std::size_t i = 0; i < partition.of_spans.size(); ++i) add_parts(steps.steps[i].parts, partition.of_spans[i]);
  }
  builder_.divide(windows_ns, std::move(parts));
}

TraceReading TraceAnalysis::take() {
  TraceTally tally = counts_.tally();
  tally.left_out = timeline_.left_out();
  if (timeline_.left_out() > 0) {
    builder_.unseen(fmt::format("the order of what came after the first {} events", timeline_.size()));
  }
  TraceSteps steps{TraceSteps::Found::none, "only devices were looked at", {}};
  if (!options_.device_only) analyse(tally, steps);
  tally.sentences = ledger_sentences(tally);
  TraceReading reading = builder_.take();
  reading.tally = std::move(tally);
  reading.steps = std::move(steps);
  reading.absence = counts_.absence();
  reading.collectives = take_collectives(reading);
  return reading;
}

}  // namespace varve
