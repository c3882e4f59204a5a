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
