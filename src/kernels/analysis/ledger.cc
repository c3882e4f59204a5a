#include "kernels/analysis/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace varve {

namespace {
bool is_kernel(const DeviceEvent& one) { return one.part == Part::kernel || one.part == Part::collective; }

// Whether a call stands for itself: not part of another that is counted.
bool is_own_launch(const HostCall& call) { return call.is_launch && call.outer == kNoCall; }

void count_launches(const HostCalls& calls, TraceTally& tally) {
  const std::vector<bool> started = calls_that_started(calls);
  bool any_correlation = false;
  tally.launches = 0;
  std::uint64_t without = 0;
  for (std::size_t i = 0; i < started.size(); ++i) {
    const HostCall& call = calls.all()[i];
    any_correlation = any_correlation || (call.is_launch && call.correlation != 0);
    if (!is_own_launch(call)) continue;
    ++tally.launches;
    if (!started[i]) ++without;
  }
  // Where nothing joins the two, only their numbers can be compared.
  const std::uint64_t fewer = tally.launches > tally.kernels ? tally.launches - tally.kernels : 0;
  tally.launches_without_kernel = any_correlation ? without : fewer;
}

// Kernels whose call was not seen. A stream runs in order: those before its first kernel with a call were launched
// before calls were recorded. On a stream without any such kernel they are those that began before the first such
// kernel of the device.
void count_unlaunched(const Timeline& timeline, const Device& device, TraceTally& tally) {
  std::map<std::int64_t, std::int64_t> first_of_stream;
  std::int64_t first_of_device = INT64_MAX;
  const auto stream_of = [&](const DeviceEvent& one) {
    const auto track = static_cast<std::size_t>(timeline[one.event].track);
    return timeline.tracks()[track].place.stream;
  };
  for (const DeviceEvent& one : device.events) {
    if (!is_kernel(one) || one.call == nullptr) continue;
    first_of_device = std::min(first_of_device, one.start_ns);
    first_of_stream.try_emplace(stream_of(one), one.start_ns);
  }
  for (const DeviceEvent& one : device.events) {
    if (!is_kernel(one) || one.call != nullptr || timeline.correlation(one.event) == 0) continue;
    const auto first = first_of_stream.find(stream_of(one));
    const std::int64_t until = first == first_of_stream.end() ? first_of_device : first->second;
    const bool before = one.start_ns < until && until != INT64_MAX;
    std::uint64_t& count = before ? tally.kernels_before_window : tally.kernels_without_launch;
    std::int64_t& sum = before ? tally.before_window_ns : tally.without_launch_ns;
    ++count;
    sum = add_ns(sum, timeline.duration_ns(one.event));
  }
}

std::string time_text(std::int64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} µs", value / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.1f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

std::string share_text(std::int64_t ns, std::int64_t whole_ns) {
  return fmt::format("{:.1f} %", whole_ns == 0 ? 0.0 : 100 * static_cast<double>(ns) / static_cast<double>(whole_ns));
}

// "1 of 50 kernels has", "3 of 50 kernels have".
std::string some_of(std::uint64_t some, std::uint64_t all, std::string_view things, std::string_view one,
                    std::string_view several) {
  return fmt::format("{} of {} {} {}", some, all, things, some == 1 ? one : several);
}

std::string of_device_time(std::int64_t ns, const TraceTally& tally) {
  return fmt::format("{}, {} of the kernels' time", time_text(ns), share_text(ns, tally.kernels_ns));
}
}  // namespace

std::vector<bool> calls_that_started(const HostCalls& calls) {
  std::vector<bool> started(calls.all().size());
  for (std::size_t i = 0; i < started.size(); ++i) {
    const HostCall& call = calls.all()[i];
    if (call.started == 0) continue;
    started[i] = true;
    if (call.outer != kNoCall) started[call.outer] = true;
  }
  return started;
}

void keep_ledger(const Timeline& timeline, const std::vector<Device>& devices, const HostCalls& calls,
                 TraceTally& tally) {
  const bool calls_seen = !calls.all().empty();
  for (const Device& device : devices) {
    if (calls_seen) count_unlaunched(timeline, device, tally);
    for (const DeviceEvent& one : device.events) {
      if (!is_kernel(one)) continue;
      const std::int64_t told_ns = timeline.duration_ns(one.event);
      if (one.in_graph) {
        ++tally.kernels_in_graphs;
        tally.in_graphs_ns = add_ns(tally.in_graphs_ns, told_ns);
      }
      if (one.is_impossible) {
        ++tally.impossible_durations;
        tally.impossible_ns = add_ns(tally.impossible_ns, timeline.end_ns(one.event) - one.end_ns);
      }
    }
  }
  count_launches(calls, tally);
}

std::string capped_sentence(const TraceTally& tally) {
  return fmt::format(
      "it holds {} events, {} kernels among them: so round a number is mostly the limit of a writer, and what came "
      "later is then missing",
      tally.events, tally.kernels);
}

std::vector<std::string> ledger_sentences(const TraceTally& tally, const CaptureJoined& joined, bool with_capture) {
  std::vector<std::string> sentences;
  const auto say = [&](std::uint64_t when, auto make) {
    if (when > 0) sentences.push_back(make());
  };
  const std::uint64_t kernels = tally.kernels;
  say(tally.launches_without_kernel, [&] {
    return some_of(tally.launches_without_kernel, tally.launches, "launches", "has", "have") +
           " no kernel row: totals are a lower bound";
  });
  say(tally.kernels_before_window, [&] {
    return some_of(tally.kernels_before_window, kernels, "kernels", "was", "were") +
           fmt::format(
               " launched before the first call that was recorded ({}): which operation they belong to is not "
               "known",
               of_device_time(tally.before_window_ns, tally));
  });
  say(tally.kernels_without_launch, [&] {
    return some_of(tally.kernels_without_launch, kernels, "kernels", "has", "have") +
           fmt::format(" no launch, though calls were recorded ({}): which operation they belong to is not known",
                       of_device_time(tally.without_launch_ns, tally));
  });
  say(joined.kernels, [&] {
    return some_of(joined.kernels, tally.kernels_in_graphs, "kernels inside graphs", "has", "have") +
           fmt::format(" the operation that the capture shows, {} by node and {} by sequence: {} of the {} in graphs",
                       joined.by_node, joined.kernels - joined.by_node, share_text(joined.ns, tally.in_graphs_ns),
                       time_text(tally.in_graphs_ns));
  });
  say(joined.kernels > 0 ? 0 : tally.kernels_in_graphs, [&] {
    return some_of(tally.kernels_in_graphs, kernels, "kernels", "ran", "ran") +
           fmt::format(" inside graphs ({}): of them only what launched the graph is known{}",
                       of_device_time(tally.in_graphs_ns, tally),
                       with_capture ? ", since no graph here runs what the capture shows" : "");
  });
  say(with_capture && tally.kernels_in_graphs == 0 ? 1 : 0,
      [] { return std::string("no kernel here ran inside a graph: the capture adds nothing"); });
  say(tally.zero_durations, [&] {
    return some_of(tally.zero_durations, kernels, "kernels", "has", "have") +
           " a duration of 0: the totals are without their time";
  });
  say(tally.impossible_durations, [&] {
    const std::string without = time_text(tally.kernels_ns - tally.impossible_ns), with = time_text(tally.kernels_ns);
    return some_of(tally.impossible_durations, kernels, "kernels", "ends", "end") +
           fmt::format(" after the next one on the stream began, by {}, which cannot be",
                       of_device_time(tally.impossible_ns, tally)) +
           (without == with ? "" : fmt::format(": without that the kernels took {} and not {}", without, with));
  });
  say(tally.capped ? 1 : 0, [&] { return capped_sentence(tally); });
  say(tally.left_out, [&] {
    return fmt::format(
        "{} of {} events are more than a timeline holds: kernels among them are counted, but calls and "
        "operations are not, and nothing is known of their order",
        tally.left_out, tally.events);
  });
  say(tally.resolution_ns >= 1000 ? 1 : 0, [&] {
    std::string text = fmt::format("no time is told finer than {}", time_text(tally.resolution_ns));
    if (kernels == 0) return text;
    return text + fmt::format(", and the mean kernel takes {}",
                              time_text(tally.kernels_ns / static_cast<std::int64_t>(kernels)));
  });
  say(tally.environments, [&] {
    return fmt::format("this file carries {} environment block{}: do not publish it", tally.environments,
                       tally.environments == 1 ? "" : "s");
  });
  return sentences;
}

}  // namespace varve
