#pragma once
#include <initializer_list>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

// Hands everything to several sinks, in their order. They must live longer.
class TeeSink final : public TraceSink {
 public:
  TeeSink(std::initializer_list<TraceSink*> sinks) : sinks_(sinks) {}

  void name(NameId id, const TraceName& name) override {
    for (TraceSink* sink : sinks_) sink->name(id, name);
  }
  void track(TrackId id, const Place& place, TrackKind kind) override {
    for (TraceSink* sink : sinks_) sink->track(id, place, kind);
  }
  void event(const TraceEvent& event, const Extra* extra) override {
    for (TraceSink* sink : sinks_) sink->event(event, extra);
  }
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override {
    for (TraceSink* sink : sinks_) sink->total(event, extra, time, nested_ns);
  }
  void fact(std::string_view id, Fact fact) override {
    for (TraceSink* sink : sinks_) sink->fact(id, fact);
  }
  void unseen(std::string_view what) override {
    for (TraceSink* sink : sinks_) sink->unseen(what);
  }
  void damaged(std::uint64_t at, std::string_view what) override {
    for (TraceSink* sink : sinks_) sink->damaged(at, what);
  }
  void clock(std::int64_t base_ns) override {
    for (TraceSink* sink : sinks_) sink->clock(base_ns);
  }
  void lost(TrackKind track, std::uint64_t records) override {
    for (TraceSink* sink : sinks_) sink->lost(track, records);
  }
  void no_evidence(std::string_view why) override {
    for (TraceSink* sink : sinks_) sink->no_evidence(why);
  }
  void traced(Activity activity) override {
    for (TraceSink* sink : sinks_) sink->traced(activity);
  }
  void rank(std::int32_t rank, std::int32_t of) override {
    for (TraceSink* sink : sinks_) sink->rank(rank, of);
  }
  void holds_environments(std::uint64_t blocks) override {
    for (TraceSink* sink : sinks_) sink->holds_environments(blocks);
  }

 private:
  std::vector<TraceSink*> sinks_;
};

}  // namespace varve
