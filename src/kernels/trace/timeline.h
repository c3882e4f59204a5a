#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

struct LaunchHash {
  std::size_t operator()(const Launch& launch) const;
};

// The events of a trace in columns, 41 bytes each, for what needs their order: how a window divides into kernels,
// collectives, copies and idleness; which call started which kernel; what ran inside of what. Samples, which are looks
// at a moment, totals, which have no time, facts and damage are for other sinks.
class Timeline : public TraceSink {
 public:
  static constexpr std::size_t kMostEvents = 32'000'000;  // 1.3 GB

  struct Track {
    Place place;
    TrackKind kind = TrackKind::thread;
  };

  // At most so many events are kept; the others are counted.
  explicit Timeline(std::size_t most_events = kMostEvents) : most_events_(most_events) {}

  void name(NameId id, const TraceName& name) override;
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void total(const TraceEvent&, const Extra*, const Durations&, std::int64_t) override {}
  void fact(std::string_view, Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override {}

  std::size_t size() const { return start_ns_.size(); }
  bool is_full() const { return size() >= most_events_; }
  std::uint64_t left_out() const { return left_out_; }  // events that found no room

  TraceEvent operator[](std::size_t index) const {
    return {start_ns_[index], duration_ns_[index], name_[index], track_[index], activity(index), false};
  }
  Extra extra(std::size_t index) const;  // what was told beside the event
  std::int64_t start_ns(std::size_t index) const { return start_ns_[index]; }
  std::int64_t duration_ns(std::size_t index) const { return duration_ns_[index]; }
  std::int64_t end_ns(std::size_t index) const { return add_ns(start_ns_[index], duration_ns_[index]); }
  NameId name(std::size_t index) const { return name_[index]; }
  Activity activity(std::size_t index) const { return static_cast<Activity>(activity_[index] & ~kRare); }
  std::uint64_t correlation(std::size_t index) const { return correlation_[index]; }
  NameId operation(std::size_t index) const { return operation_[index]; }
  std::uint64_t graph_node(std::size_t index) const;
  NameId launched(std::size_t index) const;

  const std::vector<Track>& tracks() const { return tracks_; }  // by TrackId
  // The events of each track, by TrackId, in the order in which they were told.
  std::vector<std::vector<std::uint32_t>> by_track() const;
  std::size_t names() const { return texts_.size(); }
  // As the trace wrote it; empty for a name that it never told. Holds as long as the timeline.
  std::string_view text(NameId id) const;

 private:
  static constexpr std::uint8_t kRare = 0x80;
  struct Rare {  // what few events have
    std::uint32_t index = 0;
    NameId group = kNoName, launched = kNoName;
    std::uint64_t bytes = 0, graph_node = 0;
    std::int64_t sequence = kNoNumber;
  };

  const Rare* rare(std::size_t index) const;
  std::uint32_t launch_number(const Launch& launch);

  std::size_t most_events_;
  std::uint64_t left_out_ = 0;
  std::vector<Track> tracks_;
  std::vector<std::string> texts_;  // by NameId
  std::vector<std::int64_t> start_ns_, duration_ns_;
  std::vector<NameId> name_, operation_;
  std::vector<TrackId> track_;
  std::vector<std::uint64_t> correlation_;
  std::vector<std::uint8_t> activity_;  // the highest bit: it is in rare_
  std::vector<std::uint32_t> launch_;   // into launches_
  std::vector<Launch> launches_{Launch{}};
  std::uint32_t last_launch_ = 0;
  std::unordered_map<Launch, std::uint32_t, LaunchHash> launch_numbers_;
  std::vector<Rare> rare_;  // by rising index
};

}  // namespace varve
