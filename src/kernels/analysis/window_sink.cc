#include "kernels/analysis/window_sink.h"

#include <algorithm>

#include "model/kernels/durations.h"

namespace varve {

namespace {
constexpr std::size_t kMostKept = 8'000'000;  // pieces outside, 16 bytes each
}  // namespace

void WindowSink::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= tracks_.size()) tracks_.resize(index + 1, TrackKind::thread);
  tracks_[index] = kind;
  rest_.track(id, place, kind);
}

void WindowSink::clock(std::int64_t base_ns) {
  rest_.clock(base_ns);
  if (is_ready_ || !windows_.of_unix_clock) return;
  for (Stretch& stretch : windows_.stretches) {
    stretch.start_ns -= base_ns;
    stretch.end_ns -= base_ns;
  }
  is_ready_ = true;
}

void WindowSink::say_once(const char* what) {
  if (said_.insert(what).second) rest_.unseen(what);
}

void WindowSink::event(const TraceEvent& event, const Extra* extra) {
  if (windows_.of_unix_clock && !is_ready_) {
    say_once("what of it lies outside of the window: the trace does not tell its clock");
    return rest_.event(event, extra);
  }
  const auto track = static_cast<std::size_t>(event.track);
  const TrackKind kind = track < tracks_.size() ? tracks_[track] : TrackKind::thread;
  const Quantity quantity = kind == TrackKind::stream ? Quantity::device_time
                            : event.is_sample         ? Quantity::cpu_time
                                                      : Quantity::call_time;
  const std::int64_t end_ns = add_ns(event.start_ns, std::max<std::int64_t>(event.duration_ns, 0));
  // A sample is a moment, whatever it stands for.
  const std::int64_t last_ns = event.is_sample ? event.start_ns : end_ns;
  std::int64_t from_ns = event.start_ns;  // up to which it was dealt with
  for (std::size_t i = 0; i < windows_.stretches.size(); ++i) {
    const Stretch& window = windows_.stretches[i];
    const Side side = i == 0 ? before : between;
    if (from_ns < window.start_ns) {
      note_outside(event, quantity, side, from_ns, std::min(last_ns, window.start_ns));
      if (last_ns <= window.start_ns) return;
      from_ns = window.start_ns;
    }
    if (from_ns >= window.end_ns) continue;
    TraceEvent inside = event;
    inside.start_ns = from_ns;
    if (!event.is_sample) inside.duration_ns = std::min(last_ns, window.end_ns) - from_ns;
    rest_.event(inside, extra);
    if (last_ns <= window.end_ns) return;
    from_ns = window.end_ns;
  }
  note_outside(event, quantity, after, from_ns, last_ns);
}

void WindowSink::note_outside(const TraceEvent& event, Quantity quantity, Side side, std::int64_t start_ns,
                              std::int64_t end_ns) {
  if (quantity == Quantity::call_time) {
    if (end_ns <= start_ns) return;
    if (kept_ == kMostKept) {
      return say_once("all of what ran outside of the window: there was no room to count it");
    }
    ++kept_;
    of_threads_[{event.track, side}].push_back({start_ns, end_ns});
    return;
  }
  std::int64_t& sum = sums_[quantity][side];
  sum = add_ns(sum, event.is_sample ? std::max<std::int64_t>(event.duration_ns, 0) : end_ns - start_ns);
}

void WindowSink::total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) {
  const auto track = static_cast<std::size_t>(event.track);
  const bool of_stream = track < tracks_.size() && tracks_[track] == TrackKind::stream;
  if (event.duration_ns > 0 && (is_ready_ || !windows_.of_unix_clock)) {
    const std::int64_t end_ns = add_ns(event.start_ns, event.duration_ns);
    std::size_t ended = 0;  // windows before it
    while (ended < windows_.stretches.size() && windows_.stretches[ended].end_ns <= event.start_ns) ++ended;
    const bool is_last = ended == windows_.stretches.size();
    if (!is_last && windows_.stretches[ended].start_ns <= event.start_ns &&
        end_ns <= windows_.stretches[ended].end_ns) {
      return rest_.total(event, extra, time, nested_ns);
    }
    if (of_stream && (is_last || end_ns <= windows_.stretches[ended].start_ns)) {
      std::int64_t& sum = sums_[Quantity::device_time][ended == 0 ? before : is_last ? after : between];
      sum = add_ns(sum, std::max<std::int64_t>(time.total_ns, 0));
      return;
    }
  }
  say_once("what of its sums lies outside of the window: they have no order");
  rest_.total(event, extra, time, nested_ns);
}

void WindowSink::write_outside(WitnessKind witness, ProfileRecord& record) {
  for (auto& [key, pieces] : of_threads_) {
    std::sort(pieces.begin(), pieces.end(), [](const Outside& a, const Outside& b) { return a.start_ns < b.start_ns; });
    std::int64_t& sum = sums_[Quantity::call_time][key.second];
    std::int64_t until_ns = INT64_MIN;
    for (const Outside& piece : pieces) {
      if (piece.end_ns <= until_ns) continue;
      sum = add_ns(sum, piece.end_ns - std::max(piece.start_ns, until_ns));
      until_ns = piece.end_ns;
    }
  }
  of_threads_.clear();
  for (const auto& [quantity, sums] : sums_) {
    Profile& profile = record.profiles.by_kind[{witness, quantity}];
    profile.before_ns = add_ns(profile.before_ns, sums[before]);
    profile.between_ns = add_ns(profile.between_ns, sums[between]);
    profile.after_ns = add_ns(profile.after_ns, sums[after]);
  }
}

}  // namespace varve
