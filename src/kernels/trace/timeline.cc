#include "kernels/trace/timeline.h"

#include <algorithm>
#include <array>
#include <optional>

namespace varve {

namespace {
constexpr std::uint8_t kSample = 0x80;

// Where an activity of a device counts; nothing for what occupies no device.
std::optional<Part> part_of(Activity activity) {
  switch (activity) {
    case Activity::kernel:
    case Activity::code:
      return Part::kernel;
    case Activity::collective:
      return Part::collective;
    case Activity::copy:
    case Activity::fill:
      return Part::copy;
    case Activity::call:
    case Activity::synchronise:
    case Activity::launch:
    case Activity::allocate:
    case Activity::operation:
    case Activity::region:
      return std::nullopt;
  }
  return std::nullopt;
}

struct Edge {
  std::int64_t at_ns = 0;
  Part part = Part::kernel;
  int change = 0;  // of how many run
};
}  // namespace

void Timeline::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= tracks_.size()) tracks_.resize(index + 1);
  tracks_[index] = {place, kind};
}

void Timeline::event(const TraceEvent& event, const Extra* extra) {
  if (size() >= most_events_) {
    ++left_out_;
    return;
  }
  start_ns_.push_back(event.start_ns);
  duration_ns_.push_back(event.duration_ns);
  name_.push_back(event.name);
  operation_.push_back(extra != nullptr ? extra->operation : kNoName);
  track_.push_back(event.track);
  correlation_.push_back(extra != nullptr ? extra->correlation : 0);
  activity_.push_back(
      static_cast<std::uint8_t>(static_cast<std::uint8_t>(event.activity) | (event.is_sample ? kSample : 0)));
}

TraceEvent Timeline::operator[](std::size_t index) const {
  return {.start_ns = start_ns_[index],
          .duration_ns = duration_ns_[index],
          .name = name_[index],
          .track = track_[index],
          .activity = static_cast<Activity>(activity_[index] & ~kSample),
          .is_sample = (activity_[index] & kSample) != 0};
}

bool Timeline::is_on(std::size_t index, std::int32_t device) const {
  const auto track = static_cast<std::size_t>(track_[index]);
  return track < tracks_.size() && tracks_[track].kind == TrackKind::stream && tracks_[track].place.device == device;
}

Timeline::Window Timeline::window(std::int32_t device) const {
  std::optional<Window> window;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!is_on(i, device)) continue;
    const std::int64_t end = add_ns(start_ns_[i], duration_ns_[i]);
    if (!window) window = Window{start_ns_[i], end};
    window->start_ns = std::min(window->start_ns, start_ns_[i]);
    window->end_ns = std::max(window->end_ns, end);
  }
  return window.value_or(Window{});
}

std::map<Part, std::int64_t> Timeline::partition(std::int32_t device) const {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < size(); ++i) {
    const TraceEvent event = (*this)[i];
    const auto part = part_of(event.activity);
    if (!part || event.duration_ns <= 0 || !is_on(i, device)) continue;
    edges.push_back({event.start_ns, *part, 1});
    edges.push_back({add_ns(event.start_ns, event.duration_ns), *part, -1});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at_ns < b.at_ns; });

  const Window whole = window(device);
  std::map<Part, std::int64_t> parts;
  std::array<std::int64_t, 3> running{};  // by part: kernel, collective, copy
  std::int64_t from = whole.start_ns;
  const auto advance = [&](std::int64_t to) {
    const auto first = std::find_if(running.begin(), running.end(), [](std::int64_t count) { return count > 0; });
    const Part part = first == running.end() ? Part::idle : static_cast<Part>(first - running.begin());
    if (to > from) parts[part] += to - from;
    from = to;
  };
  for (const Edge& edge : edges) {
    advance(edge.at_ns);
    running[static_cast<std::size_t>(edge.part)] += edge.change;
  }
  advance(whole.end_ns);
  return parts;
}

}  // namespace varve
