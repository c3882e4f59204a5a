#pragma once
// For tests only: traces that are written down event by event.
#include <map>
#include <string>

#include "kernels/trace/trace.h"

namespace varve::test {

inline constexpr TrackId kStream{0}, kOtherStream{1}, kThread{2}, kOtherThread{3}, kOtherDevice{4};

// Writes into a sink, and gives numbers to names as they come.
class MadeTrace {
 public:
  explicit MadeTrace(TraceSink& sink) : sink_(sink) {
    sink.track(kStream, {.device = 0, .stream = 7}, TrackKind::stream);
    sink.track(kOtherStream, {.device = 0, .stream = 13}, TrackKind::stream);
    sink.track(kThread, {}, TrackKind::thread);
    sink.track(kOtherThread, {}, TrackKind::thread);
    sink.track(kOtherDevice, {.device = 1, .stream = 7}, TrackKind::stream);
  }

  NameId name(const std::string& text) {
    const auto [at, is_new] = names_.try_emplace(text, NameId{static_cast<std::uint32_t>(names_.size())});
    if (is_new) sink_.name(at->second, {.text = text});
    return at->second;
  }

  void add(TrackId track, Activity activity, const std::string& text, std::int64_t start_ns, std::int64_t duration_ns,
           Extra extra = {}) {
    sink_.event(
        {.start_ns = start_ns, .duration_ns = duration_ns, .name = name(text), .track = track, .activity = activity},
        &extra);
  }
  void operation(const std::string& text, std::int64_t start_ns, std::int64_t duration_ns) {
    add(kThread, Activity::operation, text, start_ns, duration_ns);
  }
  void launch(std::uint64_t correlation, std::int64_t start_ns, std::int64_t duration_ns = 5,
              const std::string& text = "cudaLaunchKernel") {
    add(kThread, Activity::launch, text, start_ns, duration_ns, {.correlation = correlation});
  }
  void kernel(const std::string& text, std::uint64_t correlation, std::int64_t start_ns, std::int64_t duration_ns,
              TrackId stream = kStream) {
    add(stream, Activity::kernel, text, start_ns, duration_ns, {.correlation = correlation});
  }

 private:
  TraceSink& sink_;
  std::map<std::string, NameId> names_;
};

}  // namespace varve::test
