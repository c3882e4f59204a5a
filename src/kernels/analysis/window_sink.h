#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

// What of a trace lies in windows and what beside them. An event that lies across an edge is cut there: its part inside
// is handed on, as an event of that length, and what nested in what before nests so afterwards. What lies outside is
// handed on to nobody and counted: of threads the time in which anything ran, once however deep it was; of streams the
// sum of all that ran. Of sums without an order (totals) those count
// that lie inside from their first to their last; of streams what lies outside as a whole is counted there. Any other
// counts as inside, and it is said that it could not be cut.
class WindowSink final : public TraceSink {
 public:
  // `rest` must live longer. A trace that does not tell which moment of the UNIX clock its times count from is handed
  // on whole where the windows are of that clock, and that is told.
  WindowSink(TraceSink& rest, TraceWindows windows) : rest_(rest), windows_(std::move(windows)) {}

  void name(NameId id, const TraceName& name) override { rest_.name(id, name); }
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void clock(std::int64_t base_ns) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override;
  void fact(std::string_view id, Fact fact) override { rest_.fact(id, std::move(fact)); }
  void unseen(std::string_view what) override { rest_.unseen(what); }
  void damaged(std::uint64_t at, std::string_view what) override { rest_.damaged(at, what); }
  void lost(TrackKind track, std::uint64_t records) override { rest_.lost(track, records); }
  void no_evidence(std::string_view why) override { rest_.no_evidence(why); }
  void traced(Activity activity) override { rest_.traced(activity); }
  void rank(std::int32_t rank, std::int32_t of) override { rest_.rank(rank, of); }
  void holds_environments(std::uint64_t blocks) override { rest_.holds_environments(blocks); }

  // The trace was read: writes what lay outside into the profiles of `witness`, making those of which nothing lay
  // inside. Once only.
  void write_outside(WitnessKind witness, ProfileRecord& record);

 private:
  // Before the first window, between two, behind the last.
  enum Side : std::uint8_t { before, between, after };
  struct Outside {
    std::int64_t start_ns = 0, end_ns = 0;
  };
  using Sums = std::array<std::int64_t, 3>;

  void note_outside(const TraceEvent& event, Quantity quantity, Side side, std::int64_t start_ns, std::int64_t end_ns);
  void say_once(const char* what);

  TraceSink& rest_;
  TraceWindows windows_;
  bool is_ready_ = false;  // the windows are on the clock of the trace
  std::vector<TrackKind> tracks_;
  std::map<Quantity, Sums> sums_;                                        // of streams, and of samples
  std::map<std::pair<TrackId, Side>, std::vector<Outside>> of_threads_;  // in any order
  std::size_t kept_ = 0;                                                 // of all of them
  std::set<std::string> said_;
};

}  // namespace varve
