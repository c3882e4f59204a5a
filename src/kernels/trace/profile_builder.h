#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/trace/trace.h"
#include "model/answers/kernels_record.h"

namespace varve {

// What was made of a trace.
struct TraceReading {
  ProfileRecord record;
  std::map<std::string, Fact> facts;  // what it discloses of the stack under it
  std::vector<TraceDamage> damage;    // the first 100
  std::uint64_t damaged = 0;          // all of them
};

// Adds up what a reader writes: a profile for each quantity that occurs. Keeps no events; its memory grows with the
// number of different kernels, places and shapes, and is bounded: from a million rows on, places and shapes are told
// apart no longer, and what finds no row even so is counted as lost.
class ProfileBuilder : public TraceSink {
 public:
  explicit ProfileBuilder(WitnessKind witness) : witness_(witness) {}

  void name(NameId id, const TraceName& name) override;
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void fact(std::string_view id, Fact fact) override;
  void unseen(std::string_view what) override;
  void damaged(std::uint64_t at, std::string_view what) override;

  // Everything so far; the builder is empty afterwards. The whole of a quantity is what its rows hold, since a trace
  // tells no more.
  TraceReading take();

 private:
  struct Track {
    Place place;
    TrackKind kind = TrackKind::thread;
  };
  struct Sum {
    Durations time;
    std::uint64_t samples = 0, bytes = 0;
  };
  struct Account {
    std::map<RowKey, Sum> rows;
    std::set<std::int64_t> periods_ns;
    std::uint64_t lost = 0;
    std::int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;
  };

  KernelId kernel_of(NameId id);
  Sum* find_row(Account& account, RowKey key);

  WitnessKind witness_;
  TraceReading reading_;
  std::vector<KernelId> kernels_;  // by NameId
  std::vector<Track> tracks_;      // by TrackId
  std::map<Quantity, Account> accounts_;
  std::set<std::string> unseen_;
};

}  // namespace varve
