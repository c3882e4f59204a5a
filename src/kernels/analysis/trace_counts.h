#pragma once
#include <cstdint>
#include <set>

#include "kernels/trace/trace.h"
#include "model/answers/kernels_record.h"

namespace varve {

// What can be counted while a trace is read, without keeping anything of it.
class TraceCounts final : public TraceSink {
 public:
  void name(NameId, const TraceName&) override {}
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void fact(std::string_view, Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override {}
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override;
  void traced(Activity activity) override { traced_.insert(activity); }
  void lost(TrackKind track, std::uint64_t) override { lost_ = lost_ || track == TrackKind::stream; }
  void holds_environments(std::uint64_t blocks) override { environments_ = add_counts(environments_, blocks); }

  // Everything that needs no timeline.
  TraceTally tally() const;
  // Why there is no kernel. Code that samples found, and primitives that a library reports, are kernels of a CPU.
  KernelAbsence absence() const;

 private:
  void refine_resolution(const TraceEvent& event);
  bool on_stream(const TraceEvent& event) const;

  std::vector<bool> is_stream_;  // by TrackId
  std::set<Activity> traced_;
  std::uint64_t events_ = 0, launches_ = 0, kernels_ = 0, kernels_of_cpu_ = 0, zero_ = 0, environments_ = 0;
  std::uint64_t in_graphs_ = 0;  // of totals: those of events are told by the timeline
  std::int64_t kernels_ns_ = 0, in_graphs_ns_ = 0;
  bool has_totals_ = false, lost_ = false;  // some of what ran on devices
  std::int64_t resolution_ns_ = 1'000'000'000;
};

}  // namespace varve
