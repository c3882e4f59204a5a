#include "kernels/analysis/sequence.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/sort_runs.h"
#include "kernels/analysis/steps.h"
#include "model/kernels/compiled_region.h"

namespace varve {

namespace {
// The number of the step in which a moment lies; -1: in none.
std::int32_t step_number(const TraceSteps& steps, std::int64_t ns) {
  const auto after = std::upper_bound(steps.steps.begin(), steps.steps.end(), ns,
                                      [](std::int64_t at, const TraceStep& step) { return at < step.start_ns; });
  if (after == steps.steps.begin()) return -1;
  const TraceStep& step = *(after - 1);
  return ns < step.start_ns + step.length_ns ? static_cast<std::int32_t>(after - steps.steps.begin()) - 1 : -1;
}

// The step that an event of a device belongs to.
std::int32_t step_of(const Timeline& timeline, const DeviceEvent& one, const HostCalls& calls,
                     const TraceSteps& steps) {
  if (steps.found == TraceSteps::Found::none) return -1;
  if (steps.found == TraceSteps::Found::repeated) return step_number(steps, one.start_ns);
  // What was launched before the window is of no step that can be seen.
  const bool lost_its_call = one.call == nullptr && timeline.correlation(one.event) != 0 && !calls.all().empty();
  if (lost_its_call) return -1;
  return step_number(steps, one.call != nullptr ? timeline.start_ns(one.call->event) : one.start_ns);
}

// Shapes of launches, each once.
class LaunchNumbers {
 public:
  explicit LaunchNumbers(std::vector<Launch>& launches) : launches_(launches) {}
  std::uint32_t of(const Launch& launch) {
    if (launch == launches_[last_]) return last_;
    if (launch == Launch{}) return 0;
    const auto [at, is_new] = numbers_.try_emplace(launch, static_cast<std::uint32_t>(launches_.size()));
    if (is_new) launches_.push_back(launch);
    return last_ = at->second;
  }

 private:
  std::vector<Launch>& launches_;
  std::unordered_map<Launch, std::uint32_t, LaunchHash> numbers_;
  std::uint32_t last_ = 0;
};

std::vector<TraceSequence::Step> steps_from(const TraceSteps& steps) {
  std::vector<TraceSequence::Step> made;
  for (const TraceStep& step : steps.steps) made.push_back({{}, step.complete});
  return made;
}

// An operation of a thread that has not ended yet.
struct OpenOperation {
  std::size_t item = 0;
  std::int64_t end_ns = 0;
  bool is_region = false;  // of compiled code: what runs inside of it is what it calls, and none of its own
  bool compiles = false;   // what runs inside of it is a compiler's, and part of it
  bool passes_on = false;  // it hands the operation around it on to the same operation inside of it
};

// What PyTorch's dispatcher writes where Python looks at an operation before it runs: no operation of its own.
bool hands_on(std::string_view operation) {
  return operation.starts_with("PythonDispatchMode") || operation.starts_with("PythonSubclass");
}

// The items of one thread, and when it was busy.
void add_thread(const Timeline& timeline, std::vector<std::uint32_t> events, const TraceSteps& steps,
                const SequenceNames& names, TraceSequence::Stream& stream, std::vector<TimeSpan>& busy) {
  sort_runs(events, [&](std::uint32_t a, std::uint32_t b) {
    return timeline.start_ns(a) != timeline.start_ns(b) ? timeline.start_ns(a) < timeline.start_ns(b)
                                                        : timeline.end_ns(a) > timeline.end_ns(b);
  });
  std::vector<OpenOperation> open;
  for (const std::uint32_t event : events) {
    const std::int64_t start_ns = timeline.start_ns(event);
    while (!open.empty() && open.back().end_ns <= start_ns) open.pop_back();
    if (!open.empty() && open.back().compiles) continue;
    // What runs on after the operation around it ended counts up to that end: the parts must sum to the whole.
    const std::int64_t end_ns =
        open.empty() ? timeline.end_ns(event) : std::min(timeline.end_ns(event), open.back().end_ns);
    TraceSequence::Item item{.kernel = names.kernel_of(timeline.name(event)),
                             .step = step_number(steps, start_ns),
                             .depth = static_cast<std::int32_t>(open.size()),
                             .duration_ns = end_ns - start_ns};
    const std::string_view text = timeline.text(timeline.name(event));
    const bool passes_on = !open.empty() && hands_on(text);
    const bool is_same_again =
        !open.empty() && open.back().passes_on && stream.items[open.back().item].kernel == item.kernel;
    if (passes_on || is_same_again) {
      open.push_back({open.back().item, end_ns, false, false, passes_on});
      continue;
    }
    const auto outermost =
        std::find_if(open.begin(), open.end(), [](const OpenOperation& one) { return !one.is_region; });
    item.operation = outermost == open.end() ? item.kernel : stream.items[outermost->item].kernel;
    if (open.empty()) {
      busy.push_back({start_ns, end_ns});
    } else {
      stream.items[open.back().item].duration_ns -= item.duration_ns;
    }
    open.push_back({stream.items.size(), end_ns, is_compiled_region(text), is_compiling(text)});
    stream.items.push_back(item);
  }
}

// How much of a window spans fill that are sorted by their start; spans that overlap count once.
std::int64_t filled_ns(const std::vector<TimeSpan>& spans, const TimeSpan& window) {
  std::int64_t sum = 0, reached = window.start_ns;
  for (const TimeSpan& one : spans) {
    const std::int64_t from = std::max(one.start_ns, reached), to = std::min(one.end_ns, window.end_ns);
    if (to <= from) continue;
    sum += to - from;
    reached = to;
  }
  return sum;
}

TraceSequence::Window window_of(const std::vector<TimeSpan>& busy, const TimeSpan& window) {
  const std::int64_t length_ns = window.end_ns - window.start_ns, filled = filled_ns(busy, window);
  return {length_ns, {{Part::kernel, filled}, {Part::idle, length_ns - filled}}};
}
}  // namespace

TraceSequence device_sequence(const Timeline& timeline, const std::vector<Device>& devices, const HostCalls& calls,
                              const TraceSteps& steps, const SequenceNames& names,
                              std::unordered_map<std::uint32_t, SequencePlace>& collectives) {
  TraceSequence sequence;
  sequence.steps = steps_from(steps);
  LaunchNumbers launches(sequence.launches);
  for (const Device& device : devices) {
    std::map<std::int64_t, std::uint32_t> streams;  // their numbers
    for (const DeviceEvent& one : device.events) {
      const auto track = static_cast<std::size_t>(timeline[one.event].track);
      const Place& place = timeline.tracks()[track].place;
      streams.try_emplace(place.stream >= 0 ? place.stream : -1 - static_cast<std::int64_t>(track));
    }
    for (auto& [stream, number] : streams) {
      number = static_cast<std::uint32_t>(sequence.streams.size());
      sequence.streams.push_back({{device.rank, device.device, stream}, {}});
    }
    for (const DeviceEvent& one : device.events) {
      const auto track = static_cast<std::size_t>(timeline[one.event].track);
      const Place& place = timeline.tracks()[track].place;
      const NameId operation = names.operation_of(one);
      const std::uint32_t stream = streams.at(place.stream >= 0 ? place.stream : -1 - static_cast<std::int64_t>(track));
      std::vector<TraceSequence::Item>& items = sequence.streams[stream].items;
      if (one.part == Part::collective) collectives[one.event] = {stream, static_cast<std::uint32_t>(items.size())};
      items.push_back({.kernel = names.kernel_of(timeline.name(one.event)),
                       .operation = operation == kNoName ? kNoKernel : names.kernel_of(operation),
                       .launch = launches.of(timeline.extra(one.event).launch),
                       .step = step_of(timeline, one, calls, steps),
                       .part = one.part,
                       .duration_ns = timeline.duration_ns(one.event)});
    }
  }
  return sequence;
}

std::vector<TimeSpan> step_spans(const Timeline& timeline, const Device& device, const HostCalls& calls,
                                 const TraceSteps& steps) {
  std::vector<TimeSpan> spans(steps.steps.size(), TimeSpan{INT64_MAX, INT64_MIN});
  std::int64_t before_ns = INT64_MIN;  // when what is of no step and began before all steps had ended
  bool any = false;
  for (const DeviceEvent& one : device.events) {
    const std::int32_t step = step_of(timeline, one, calls, steps);
    if (step < 0 && !any) before_ns = std::max(before_ns, one.end_ns);
    if (step < 0) continue;
    any = true;
    TimeSpan& span = spans[static_cast<std::size_t>(step)];
    span.start_ns = std::min(span.start_ns, one.start_ns);
    span.end_ns = std::max(span.end_ns, one.end_ns);
  }
  if (!any) return {};
  std::int64_t last_ns = INT64_MIN;
  const bool annotated = steps.found == TraceSteps::Found::annotated;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    TimeSpan& span = spans[i];
    if (span.end_ns == INT64_MIN) continue;
    const TraceStep& step = steps.steps[i];
    if (annotated) span.start_ns = std::min(span.start_ns, std::max(step.start_ns, before_ns));
    before_ns = std::max(before_ns, span.end_ns);
    last_ns = std::max(last_ns, annotated ? std::max(span.end_ns, add_ns(step.start_ns, step.length_ns)) : span.end_ns);
  }
  std::int64_t next_ns = last_ns;  // when anything of a later step began
  for (std::size_t i = spans.size(); i-- > 0;) {
    spans[i].start_ns = std::min(spans[i].start_ns, next_ns);
    spans[i].end_ns = next_ns;
    next_ns = spans[i].start_ns;
  }
  return spans;
}

void add_pauses(const Device& device, Durations& pauses) {
  std::int64_t reached_ns = INT64_MAX;
  for (const DeviceEvent& one : device.events) {
    if (one.start_ns > reached_ns) pauses.add(one.start_ns - reached_ns);
    reached_ns = reached_ns == INT64_MAX ? one.end_ns : std::max(reached_ns, one.end_ns);
  }
}

void add_launch_latency(const Timeline& timeline, const Device& device, Durations& latency) {
  for (const DeviceEvent& one : device.events) {
    if (one.call == nullptr || !one.call->is_launch || one.in_graph) continue;
    const std::int64_t called_ns = timeline.start_ns(one.call->event);
    if (one.start_ns >= called_ns) latency.add(one.start_ns - called_ns);
  }
}

TraceSequence operation_sequence(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                                 const TraceSteps& steps, const SequenceNames& names) {
  TraceSequence sequence{.of_operations = true};
  sequence.steps = steps_from(steps);
  std::vector<TimeSpan> busy;
  for (std::size_t track = 0; track < std::min(by_track.size(), timeline.tracks().size()); ++track) {
    if (timeline.tracks()[track].kind != TrackKind::thread) continue;
    std::vector<std::uint32_t> events;
    for (const std::uint32_t event : by_track[track]) {
      const bool is_one = timeline.activity(event) == Activity::operation;
      if (is_one && step_annotation(timeline.text(timeline.name(event))).empty()) events.push_back(event);
    }
    if (events.empty()) continue;
    TraceSequence::Stream stream{timeline.tracks()[track].place, {}};
    add_thread(timeline, std::move(events), steps, names, stream, busy);
    sequence.streams.push_back(std::move(stream));
  }
  if (busy.empty()) return sequence;
  std::sort(busy.begin(), busy.end(), [](const TimeSpan& a, const TimeSpan& b) { return a.start_ns < b.start_ns; });
  TimeSpan whole = busy.front();
  for (const TimeSpan& one : busy) whole.end_ns = std::max(whole.end_ns, one.end_ns);
  for (const TraceStep& step : steps.steps) {
    whole.start_ns = std::min(whole.start_ns, step.start_ns);
    whole.end_ns = std::max(whole.end_ns, add_ns(step.start_ns, step.length_ns));
  }
  sequence.whole = window_of(busy, whole);
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    const TraceStep& step = steps.steps[i];
    sequence.steps[i].window = window_of(busy, {step.start_ns, step.start_ns + step.length_ns});
  }
  return sequence;
}

}  // namespace varve
