#pragma once
#include <map>
#include <unordered_map>
#include <utility>

#include "kernels/analysis/device_events.h"
#include "kernels/analysis/ranks.h"
#include "kernels/analysis/sequence.h"
#include "kernels/analysis/trace_counts.h"
#include "kernels/trace/profile_builder.h"
#include "kernels/trace/timeline.h"

namespace varve {

// Takes in a whole trace and says what it holds: profiles, and what follows from the order of its events. With
// `device_only` no event is kept and memory is bounded by the number of different kernels, places and shapes; else a
// timeline is, of at most Timeline::kMostEvents: what finds no room in it is counted by itself when it ran on a device,
// and as lost when it did not.
class TraceAnalysis final : public TraceSink {
 public:
  TraceAnalysis(WitnessKind witness, const TraceOptions& options, std::size_t most_events = Timeline::kMostEvents)
      : options_(options), builder_(witness), timeline_(most_events) {}

  void name(NameId id, const TraceName& name) override;
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void fact(std::string_view id, Fact fact) override { builder_.fact(id, std::move(fact)); }
  void unseen(std::string_view what) override { builder_.unseen(what); }
  void damaged(std::uint64_t at, std::string_view what) override { builder_.damaged(at, what); }
  void traced(Activity activity) override { counts_.traced(activity); }
  void rank(std::int32_t rank, std::int32_t of) override { builder_.rank(rank, of); }
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override;
  void lost(TrackKind track, std::uint64_t records) override;
  void no_evidence(std::string_view why) override { builder_.no_evidence(why); }
  void holds_environments(std::uint64_t blocks) override { counts_.holds_environments(blocks); }

  // Everything so far. Once only.
  TraceReading take();

 private:
  void note_collective(const TraceEvent& event, const Extra* extra, std::int64_t exposed_ns,
                       const SequencePlace& place);
  std::vector<RankCollectives> take_collectives(const TraceReading& reading);
  void join_capture(const std::vector<Device>& devices);
  CapturedKernels captured(const std::vector<Device>& devices, const HostCalls& calls);
  NameId operation_of(const DeviceEvent& one) const;
  void keep_sequence(const std::vector<std::vector<std::uint32_t>>& by_track, const std::vector<Device>& devices,
                     const HostSweep& host, const TraceSteps& steps);
  void analyse(TraceTally& tally, TraceSteps& steps);

  TraceOptions options_;
  ProfileBuilder builder_;
  Timeline timeline_;
  TraceCounts counts_;
  std::unordered_map<std::uint32_t, NameId> joined_;  // the operation of an event, by a capture
  CaptureJoined joined_sum_;
  bool has_totals_ = false;
  CapturedKernels captured_;
  TraceSequence sequence_;
  std::vector<DividedWindow> windows_;
  std::unordered_map<std::uint32_t, SequencePlace> places_of_collectives_;       // in it, by event
  std::vector<Place> places_;                                                    // of tracks, by TrackId
  std::map<std::pair<std::int32_t, std::int32_t>, CollectiveList> collectives_;  // by rank and device
};

}  // namespace varve
