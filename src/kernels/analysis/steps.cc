#include "kernels/analysis/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/sort_runs.h"
#include "base/text.h"
#include "kernels/analysis/ledger.h"
#include "kernels/analysis/period.h"

namespace varve {

namespace {
constexpr std::size_t kMostSteps = 10'000;
constexpr std::string_view kOfPytorch = "ProfilerStep#N";

TraceSteps no_steps(std::string reason) { return {TraceSteps::Found::none, std::move(reason), {}}; }

// The ranges of one annotation on one thread.
struct Annotated {
  std::string annotation;
  std::vector<std::uint32_t> events;
  std::int64_t covered_ns = 0;
};

// Drops what lies inside of another, or is none of the first so many.
void keep_apart(const Timeline& timeline, Annotated& found) {
  sort_runs(found.events,
            [&](std::uint32_t a, std::uint32_t b) { return timeline.start_ns(a) < timeline.start_ns(b); });
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t event : found.events) {
    if (kept.size() == kMostSteps) break;
    if (!kept.empty() && timeline.start_ns(event) < timeline.end_ns(kept.back())) continue;
    kept.push_back(event);
    found.covered_ns = add_ns(found.covered_ns, timeline.duration_ns(event));
  }
  found.events = std::move(kept);
}

// The annotation that covers most; PyTorch's own before any other.
Annotated find_annotated(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track) {
  std::map<NameId, std::string> known;
  Annotated best;
  for (std::size_t track = 0; track < by_track.size(); ++track) {
    if (track < timeline.tracks().size() && timeline.tracks()[track].kind != TrackKind::thread) continue;
    std::map<std::string, Annotated> here;
    for (const std::uint32_t event : by_track[track]) {
      const Activity activity = timeline.activity(event);
      if (activity != Activity::region && activity != Activity::operation) continue;
      const auto [name, is_new] = known.try_emplace(timeline.name(event));
      if (is_new) name->second = step_annotation(timeline.text(timeline.name(event)));
      // In traces of 2021 PyTorch's own steps are operations.
      if (activity == Activity::operation && name->second != kOfPytorch) continue;
      if (!name->second.empty()) here[name->second].events.push_back(event);
    }
    for (auto& [annotation, found] : here) {
      found.annotation = annotation;
      keep_apart(timeline, found);
      const bool of_pytorch = annotation == kOfPytorch;
      const bool best_is = best.annotation == kOfPytorch;
      if (found.events.size() < 2 && !of_pytorch) continue;
      if (of_pytorch != best_is ? of_pytorch : found.covered_ns > best.covered_ns) best = std::move(found);
    }
  }
  return best;
}

// The step in which a moment lies; nullptr: in none.
TraceStep* step_at(std::vector<TraceStep>& steps, std::int64_t ns) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), ns,
                                      [](std::int64_t at, const TraceStep& step) { return at < step.start_ns; });
  if (after == steps.begin()) return nullptr;
  TraceStep& step = *(after - 1);
  return ns < step.start_ns + step.length_ns ? &step : nullptr;
}

// The operations of a track that lie in no other, in their order. Steps that are operations themselves are none.
std::vector<std::uint32_t> outermost_operations(const Timeline& timeline, const std::vector<std::uint32_t>& of_track,
                                                const std::vector<std::uint32_t>& steps) {
  const std::set<std::uint32_t> left_out(steps.begin(), steps.end());
  std::vector<std::uint32_t> events, outermost;
  for (const std::uint32_t event : of_track) {
    if (timeline.activity(event) == Activity::operation && !left_out.contains(event)) events.push_back(event);
  }
  sort_runs(events, [&](std::uint32_t a, std::uint32_t b) {
    return timeline.start_ns(a) != timeline.start_ns(b) ? timeline.start_ns(a) < timeline.start_ns(b)
                                                        : timeline.end_ns(a) > timeline.end_ns(b);
  });
  std::int64_t until = INT64_MIN;
  for (const std::uint32_t event : events) {
    if (timeline.start_ns(event) < until) continue;  // inside of another
    until = timeline.end_ns(event);
    outermost.push_back(event);
  }
  return outermost;
}

// Where no kernel was seen, the operations of all threads take their place.
void add_operations(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                    const Annotated& found, std::vector<TraceStep>& steps) {
  for (std::size_t track = 0; track < by_track.size(); ++track) {
    if (track < timeline.tracks().size() && timeline.tracks()[track].kind != TrackKind::thread) continue;
    for (const std::uint32_t event : outermost_operations(timeline, by_track[track], found.events)) {
      if (TraceStep* step = step_at(steps, timeline.start_ns(event))) {
        step->kernel_ns = add_ns(step->kernel_ns, timeline.duration_ns(event));
      }
    }
  }
}

TraceSteps annotated_steps(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                           const Annotated& found, const std::vector<Device>& devices, const HostCalls& calls) {
  TraceSteps steps{TraceSteps::Found::annotated, found.annotation, {}};
  for (const std::uint32_t event : found.events) {
    steps.steps.push_back({.name = clean_utf8(timeline.text(timeline.name(event)), 200),
                           .start_ns = timeline.start_ns(event),
                           .length_ns = timeline.duration_ns(event)});
  }
  bool saw_kernels = false;
  for (const Device& device : devices) {
    for (const DeviceEvent& one : device.events) {
      if (one.part == Part::copy) continue;
      saw_kernels = true;
      // What was launched before the window is of no step that can be seen.
      const bool lost_its_call = one.call == nullptr && timeline.correlation(one.event) != 0 && !calls.all().empty();
      if (lost_its_call) continue;
      const std::int64_t at = one.call != nullptr ? timeline.start_ns(one.call->event) : one.start_ns;
      if (TraceStep* step = step_at(steps.steps, at))
        step->kernel_ns = add_ns(step->kernel_ns, one.end_ns - one.start_ns);
    }
  }
  if (!saw_kernels) add_operations(timeline, by_track, found, steps.steps);
  const std::vector<bool> started = calls_that_started(calls);
  for (std::size_t i = 0; i < started.size(); ++i) {
    const HostCall& call = calls.all()[i];
    if (started[i] || !call.is_launch || call.outer != kNoCall || call.correlation == 0) continue;
    if (TraceStep* step = step_at(steps.steps, timeline.start_ns(call.event))) step->complete = false;
  }
  return steps;
}

constexpr std::uint32_t kNoEvent = UINT32_MAX;

// What repeats: kernels of a stream, or operations of a thread, one after the other.
struct Sequence {
  std::vector<std::uint32_t> names;
  std::vector<TimeSpan> times;
  std::vector<std::uint64_t> graphs;  // the launch of the graph that each is part of; 0: of none
  std::vector<std::uint32_t> hosts;   // the event on a thread that each is, or was launched by; kNoEvent: none is known
  std::string of;                     // "kernels on stream 7"
  std::int64_t busy_ns = 0;

  void add(NameId name, std::int64_t start_ns, std::int64_t end_ns, std::uint64_t graph, std::uint32_t host) {
    graphs.push_back(graph);
    hosts.push_back(host);
    names.push_back(static_cast<std::uint32_t>(name));
    times.push_back({start_ns, end_ns});
    busy_ns = add_ns(busy_ns, end_ns - start_ns);
  }
};

Sequence busiest_stream(const Timeline& timeline, const std::vector<Device>& devices) {
  std::map<std::pair<std::int32_t, std::int64_t>, Sequence> streams;
  for (const Device& device : devices) {
    for (const DeviceEvent& one : device.events) {
      if (one.part == Part::copy) continue;
      const Place& place = timeline.tracks()[static_cast<std::size_t>(timeline[one.event].track)].place;
      streams[{place.device, place.stream}].add(timeline.name(one.event), one.start_ns, one.end_ns,
                                                one.in_graph ? timeline.correlation(one.event) : 0,
                                                one.call != nullptr ? one.call->event : kNoEvent);
    }
  }
  Sequence best;
  for (auto& [place, sequence] : streams) {
    sequence.of = place.second < 0 ? fmt::format("kernels of device {}", place.first)
                                   : fmt::format("kernels of device {}, stream {}", place.first, place.second);
    if (sequence.busy_ns > best.busy_ns) best = std::move(sequence);
  }
  return best;
}

Sequence busiest_thread(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track) {
  Sequence best;
  for (std::size_t track = 0; track < by_track.size(); ++track) {
    if (track < timeline.tracks().size() && timeline.tracks()[track].kind != TrackKind::thread) continue;
    Sequence sequence;
    sequence.of = "operations of a thread";
    for (const std::uint32_t event : outermost_operations(timeline, by_track[track], {})) {
      sequence.add(timeline.name(event), timeline.start_ns(event), timeline.end_ns(event), 0, event);
    }
    if (sequence.busy_ns > best.busy_ns) best = std::move(sequence);
  }
  return best;
}

// Which place of a period a round begins at: the first, where whole rounds were seen, else that before which the pauses
// of all rounds together are longest.
std::size_t round_begins(const Sequence& sequence, const Period& period) {
  if ((period.end - period.begin) % period.length == 0) return 0;
  std::vector<std::int64_t> pauses(period.length);
  for (std::size_t i = period.begin + 1; i < period.end; ++i) {
    const std::int64_t pause = std::max<std::int64_t>(0, sequence.times[i].start_ns - sequence.times[i - 1].end_ns);
    std::int64_t& sum = pauses[(i - period.begin) % period.length];
    sum = add_ns(sum, pause);
  }
  const auto longest = static_cast<std::size_t>(std::max_element(pauses.begin(), pauses.end()) - pauses.begin());
  const bool two_whole = period.begin + longest + 2 * period.length <= period.end;
  return two_whole ? longest : 0;
}

// The innermost region that the program marked around all of a stretch; kNoEvent: there is none.
std::uint32_t region_around(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                            const Sequence& sequence, const Period& period) {
  const std::uint32_t first = sequence.hosts[period.begin], last = sequence.hosts[period.end - 1];
  std::uint32_t found = kNoEvent;
  if (first == kNoEvent || last == kNoEvent) return found;
  for (const std::uint32_t event : by_track[static_cast<std::size_t>(timeline[first].track)]) {
    if (timeline.activity(event) != Activity::region) continue;
    if (timeline.start_ns(event) > timeline.start_ns(first) || timeline.end_ns(event) < timeline.start_ns(last))
      continue;
    if (found == kNoEvent || timeline.duration_ns(event) < timeline.duration_ns(found)) found = event;
  }
  return found;
}

TraceSteps repeated_steps(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                          const Sequence& sequence) {
  const PeriodSearch search = find_period(sequence.names);
  if (search.period.length == 0) return no_steps(fmt::format("of the {} {}", sequence.of, search.reason));
  const Period& period = search.period;
  const std::uint64_t graph = sequence.graphs[period.begin];
  if (graph != 0 && graph == sequence.graphs[period.end - 1]) {
    return no_steps(fmt::format("{} {} repeat {} times within one launch of a graph: these are its layers",
                                period.length, sequence.of, period.rounds()));
  }
  if (const std::uint32_t region = region_around(timeline, by_track, sequence, period); region != kNoEvent) {
    return no_steps(
        fmt::format("{} {} repeat {} times, all within one \"{}\": layers or steps of it, which nothing tells",
                    period.length, sequence.of, period.rounds(), clean_utf8(timeline.text(timeline.name(region)), 80)));
  }
  const std::size_t first = period.begin + round_begins(sequence, period);
  TraceSteps steps{TraceSteps::Found::repeated, "", {}};
  const auto end_of = [&](std::size_t end) {
    return end < sequence.times.size() ? sequence.times[end].start_ns : sequence.times[end - 1].end_ns;
  };
  const auto add = [&](std::size_t begin, std::size_t end, bool complete) {
    if (begin >= end || steps.steps.size() >= kMostSteps) return;
    const std::int64_t start_ns = sequence.times[begin].start_ns, end_ns = end_of(end);
    steps.steps.push_back({.name = fmt::format("round {}", steps.steps.size() + 1),
                           .start_ns = start_ns,
                           .length_ns = std::max<std::int64_t>(0, end_ns - start_ns),
                           .complete = complete});
  };
  std::size_t rounds = 0;
  add(period.begin, first, false);
  std::size_t at = first;
  for (; at + period.length <= period.end; at += period.length, ++rounds) add(at, at + period.length, true);
  add(at, period.end, false);
  steps.detail = fmt::format("{} {} repeat, {} times whole", period.length, sequence.of, rounds);
  if (steps.steps.size() == kMostSteps) steps.unlisted_end_ns = end_of(at);
  for (const TimeSpan& time : sequence.times) {
    if (TraceStep* step = step_at(steps.steps, time.start_ns)) {
      step->kernel_ns = add_ns(step->kernel_ns, time.end_ns - time.start_ns);
    } else if (time.start_ns > steps.steps.back().start_ns && time.start_ns < steps.unlisted_end_ns) {
      steps.unlisted_ns = add_ns(steps.unlisted_ns, time.end_ns - time.start_ns);
    }
  }
  return steps;
}
}  // namespace

std::string step_annotation(std::string_view name) {
  const std::string lower = to_lower(name);
  if (lower == "step" || lower == "train_step" || lower == "training_step" || lower == "iteration") {
    return std::string(name);
  }
  for (const std::string_view word : {"step", "iteration", "iter"}) {
    for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
      std::size_t digit = at + word.size();
      while (digit < lower.size() && std::string_view(" #_:=-").find(lower[digit]) != std::string_view::npos) ++digit;
      if (digit < lower.size() && is_digit(lower[digit])) return clean_utf8(name.substr(0, digit), 200) + "N";
    }
  }
  return "";
}

TraceSteps find_steps(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                      const std::vector<Device>& devices, const HostCalls& calls) {
  const Annotated annotated = find_annotated(timeline, by_track);
  if (!annotated.events.empty()) return annotated_steps(timeline, by_track, annotated, devices, calls);
  const Sequence kernels = busiest_stream(timeline, devices);
  if (!kernels.names.empty()) return repeated_steps(timeline, by_track, kernels);
  const Sequence operations = busiest_thread(timeline, by_track);
  if (!operations.names.empty()) return repeated_steps(timeline, by_track, operations);
  return no_steps("there are neither kernels nor operations");
}

}  // namespace varve
