#pragma once
#include <map>
#include <string_view>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

// The events of a trace in columns, 37 bytes each, for what needs their order: how a window divides into kernels,
// collectives, copies and idleness; which call started which kernel. Names, facts and damage are for other sinks.
class Timeline : public TraceSink {
 public:
  // At most so many events are kept; the others are counted.
  explicit Timeline(std::size_t most_events = 100'000'000) : most_events_(most_events) {}

  void name(NameId, const TraceName&) override {}
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void fact(std::string_view, Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override {}

  std::size_t size() const { return start_ns_.size(); }
  std::uint64_t left_out() const { return left_out_; }  // events that found no room
  TraceEvent operator[](std::size_t index) const;
  std::uint64_t correlation(std::size_t index) const { return correlation_[index]; }
  NameId operation(std::size_t index) const { return operation_[index]; }

  // From the first beginning to the last end on the streams of a device (-1: those that name none).
  struct Window {
    std::int64_t start_ns = 0, end_ns = 0;
    std::int64_t length_ns() const { return end_ns - start_ns; }
  };
  Window window(std::int32_t device) const;

  // The window of a device divided over all its streams: each moment belongs to the first of kernel, collective, copy
  // and idle that applies, so that the parts sum to the window. What runs beside a kernel hides behind it.
  std::map<Part, std::int64_t> partition(std::int32_t device) const;

 private:
  bool is_on(std::size_t index, std::int32_t device) const;

  struct Track {
    Place place;
    TrackKind kind = TrackKind::thread;
  };
  std::size_t most_events_;
  std::uint64_t left_out_ = 0;
  std::vector<Track> tracks_;  // by TrackId
  std::vector<std::int64_t> start_ns_, duration_ns_;
  std::vector<NameId> name_, operation_;
  std::vector<TrackId> track_;
  std::vector<std::uint64_t> correlation_;
  std::vector<std::uint8_t> activity_;  // the highest bit: a sample
};

}  // namespace varve
