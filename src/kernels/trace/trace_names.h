#pragma once
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kernels/trace/trace.h"

namespace varve {

// Numbers names for a sink, and tells it each once. At most a million: what comes after them has no name.
class TraceNames {
 public:
  explicit TraceNames(TraceSink& sink) : sink_(sink) {}

  NameId id(std::string_view text, std::string_view library = {});

 private:
  TraceSink& sink_;
  std::unordered_map<std::string, NameId> known_;
  std::string key_;
};

// What runs on a stream under this name: a collective where the name says that devices exchange data, else a kernel.
Activity kernel_activity(std::string_view name);

// Tells of something of which only the number and the sum of durations are known as so many events, one behind the
// other from event.start_ns on, whose durations differ by a nanosecond at most and add up to the sum. Of more than a
// million only a million are told, with the whole sum, and the sink hears of it. Neither may be negative.
void tell_total(TraceSink& sink, TraceEvent event, const Extra* extra, std::int64_t count, std::int64_t total_ns);

// Numbers tracks for a sink, and tells it each once.
class TraceTracks {
 public:
  explicit TraceTracks(TraceSink& sink) : sink_(sink) {}

  TrackId stream(std::int32_t device, std::int64_t stream);
  // A thread of a program by whatever number the trace gives it; threads have no place.
  TrackId thread(std::uint64_t number);

 private:
  TraceSink& sink_;
  std::map<std::pair<std::int32_t, std::int64_t>, TrackId> streams_;
  std::unordered_map<std::uint64_t, TrackId> threads_;
};

}  // namespace varve
