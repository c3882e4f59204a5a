#include "kernels/analysis/device_events.h"

#include <algorithm>
#include <charconv>

#include "base/sort_runs.h"

namespace varve {

namespace {
bool is_kernel(Part part) { return part == Part::kernel || part == Part::collective; }

// Whether a name is that of a call that starts a graph: cudaGraphLaunch, cuGraphLaunch_ptsz, hipGraphLaunch.
bool starts_graph(std::string_view call) { return call.find("GraphLaunch") != std::string_view::npos; }

// Joins events to the calls that started them; then a call that started several kernels started a graph.
void join_to_calls(const Timeline& timeline, HostCalls& calls, std::vector<DeviceEvent>& events) {
  for (DeviceEvent& one : events) {
    one.call = calls.find(timeline.correlation(one.event));
    if (one.call == nullptr) continue;
    ++one.call->started;
    if (is_kernel(one.part)) ++one.call->kernels;
  }
}

void tell_graphs(const Timeline& timeline, std::vector<DeviceEvent>& events) {
  for (DeviceEvent& one : events) {
    one.in_graph = timeline.graph_node(one.event) != 0;
    if (one.in_graph || one.call == nullptr || !is_kernel(one.part)) continue;
    one.in_graph = one.call->kernels > 1 || starts_graph(timeline.text(timeline.name(one.call->event)));
  }
}

// Kernels whose call was not seen are of one graph when they bear one correlation: its launch lies before the window.
void tell_graphs_without_call(const Timeline& timeline, std::vector<DeviceEvent>& events) {
  std::vector<std::pair<std::uint64_t, DeviceEvent*>> alone;
  for (DeviceEvent& one : events) {
    const std::uint64_t correlation = timeline.correlation(one.event);
    if (one.call == nullptr && correlation != 0 && is_kernel(one.part)) alone.emplace_back(correlation, &one);
  }
  sort_runs(alone, [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < alone.size(); ++i) {
    if (alone[i].first == alone[i - 1].first) alone[i].second->in_graph = alone[i - 1].second->in_graph = true;
  }
}

// The events of one stream by rising start: each must have ended when the first behind it began that is not of the same
// launch of a graph.
void find_impossible(const Timeline& timeline, std::vector<DeviceEvent>& stream, std::int64_t allowed_ns) {
  std::int64_t next_ns = INT64_MAX;  // when the next launch began
  for (std::size_t i = stream.size(); i-- > 0;) {
    DeviceEvent& one = stream[i];
    if (i + 1 < stream.size()) {
      const DeviceEvent& next = stream[i + 1];
      const bool same_launch =
          one.in_graph && next.in_graph && timeline.correlation(one.event) == timeline.correlation(next.event);
      if (!same_launch) next_ns = next.start_ns;
    }
    if (!is_kernel(one.part) || one.end_ns <= next_ns || one.end_ns - next_ns <= allowed_ns) continue;
    one.is_impossible = true;
    one.end_ns = next_ns;
  }
}

bool starts_before(const DeviceEvent& a, const DeviceEvent& b) {
  return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.end_ns < b.end_ns;
}
}  // namespace

std::int64_t overlap_allowed_ns(const std::map<std::string, Fact>& facts, std::int64_t resolution_ns) {
  constexpr std::int64_t kRounding = 1000, kDependentLaunch = 5000;
  std::int64_t allowed = kRounding;
  const auto fact = facts.find("gpu.compute_capabilities");
  const auto* capabilities = fact == facts.end() || !fact->second.value
                                 ? nullptr
                                 : std::get_if<std::vector<std::string>>(&*fact->second.value);
  if (capabilities == nullptr || capabilities->empty()) allowed = kDependentLaunch;
  for (const std::string& text : capabilities == nullptr ? std::vector<std::string>{} : *capabilities) {
    int major = 0;
    std::from_chars(text.data(), text.data() + text.size(), major);
    if (major == 0 || major >= 9) allowed = kDependentLaunch;
  }
  return std::max(allowed, 2 * resolution_ns);
}

std::vector<Device> gather_devices(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                                   HostCalls& calls, std::int64_t overlap_allowed_ns) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::map<std::int64_t, std::vector<DeviceEvent>>> streams;
  for (std::size_t track = 0; track < std::min(by_track.size(), timeline.tracks().size()); ++track) {
    if (timeline.tracks()[track].kind != TrackKind::stream) continue;
    const Place& place = timeline.tracks()[track].place;
    // Where no stream is told, nothing is known of what follows what: every track is one of its own.
    const std::int64_t stream = place.stream >= 0 ? place.stream : -1 - static_cast<std::int64_t>(track);
    std::vector<DeviceEvent>& events = streams[{place.rank, place.device}][stream];
    for (const std::uint32_t event : by_track[track]) {
      const auto part = part_of(timeline.activity(event));
      if (part) events.push_back({timeline.start_ns(event), timeline.end_ns(event), event, *part});
    }
  }
  std::vector<Device> devices;
  for (auto& [place, by_stream] : streams) {
    for (auto& [stream, events] : by_stream) join_to_calls(timeline, calls, events);
  }
  for (auto& [place, by_stream] : streams) {
    Device device{place.first, place.second, {}};
    for (auto& [stream, events] : by_stream) {
      tell_graphs(timeline, events);
      tell_graphs_without_call(timeline, events);
      sort_runs(events, starts_before);
      find_impossible(timeline, events, overlap_allowed_ns);
      device.events.insert(device.events.end(), events.begin(), events.end());
      std::vector<DeviceEvent>().swap(events);
    }
    sort_runs(device.events, starts_before);
    if (!device.events.empty()) devices.push_back(std::move(device));
  }
  return devices;
}

std::int64_t clock_gap_ns(const Timeline& timeline, const std::vector<Device>& devices) {
  constexpr std::int64_t kMinute = 60'000'000'000, kMillisecond = 1'000'000;
  std::int64_t least = INT64_MAX, most = INT64_MIN;
  for (const Device& device : devices) {
    for (const DeviceEvent& one : device.events) {
      if (one.call == nullptr || !is_kernel(one.part)) continue;
      const std::int64_t after = one.start_ns - timeline.start_ns(one.call->event);
      least = std::min(least, after);
      most = std::max(most, after);
    }
  }
  if (least > most) return 0;  // no kernel has a call
  return least > kMinute ? least : most < -kMillisecond ? most : 0;
}

}  // namespace varve
