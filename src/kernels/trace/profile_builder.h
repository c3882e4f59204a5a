#pragma once
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/trace/share.h"
#include "kernels/trace/sketch_builder.h"
#include "kernels/trace/trace.h"
#include "model/answers/captured_kernels.h"
#include "model/answers/kernels_record.h"
#include "model/answers/rank_report.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// What was made of a trace.
struct TraceReading {
  ProfileRecord record;
  std::map<std::string, Fact> facts;  // what it discloses of the stack under it
  std::vector<TraceDamage> damage;    // the first 100
  std::uint64_t damaged = 0;          // all of them
  std::int32_t rank = -1, ranks = 0;  // -1 and 0: not told
  KernelAbsence absence = KernelAbsence::none_absent;
  TraceTally tally;
  TraceSteps steps;
  std::vector<DividedWindow> windows;        // of each device
  std::vector<RankCollectives> collectives;  // likewise
  CapturedKernels captured;                  // where they were to be kept
  CaptureJoined joined;                      // where a capture was given
  TraceSequence sequence;                    // where it was to be kept
};

// What is known of an event once those around it were seen.
struct EventTimes {
  std::int64_t own_ns = 0;  // without what ran inside
  std::int64_t nested_ns = 0, impossible_ns = 0, alone_ns = 0;
  Share share = 0;
};

// Adds up what a reader writes: a profile for each quantity that occurs. Keeps no events; its memory grows with the
// number of different kernels, places and shapes, and is bounded: from a million rows on, places and shapes are told
// apart no longer, and what finds no row even so is counted as lost. It does not see what nests in what: calls and
// operations of a thread go to a timeline first, which hands them on by `add`.
class ProfileBuilder : public TraceSink {
 public:
  explicit ProfileBuilder(WitnessKind witness) : witness_(witness) {}

  void name(NameId id, const TraceName& name) override;
  void track(TrackId id, const Place& place, TrackKind kind) override;
  void event(const TraceEvent& event, const Extra* extra) override;
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override;
  void fact(std::string_view id, Fact fact) override;
  void unseen(std::string_view what) override;
  void damaged(std::uint64_t at, std::string_view what) override;
  void rank(std::int32_t rank, std::int32_t of) override;
  void lost(TrackKind track, std::uint64_t records) override;
  void no_evidence(std::string_view why) override;

  // An event whose surroundings are known.
  void add(const TraceEvent& event, const Extra* extra, const EventTimes& times);
  // The windows of the devices together, and what they divide into.
  void divide(std::int64_t windows_ns, std::map<Part, std::int64_t> parts);
  // There was no room for an event.
  void lose(const TraceEvent& event);

  std::string_view text(NameId id) const;  // of a name that was told; holds until the next name or take()
  // A name as its rows show it: without the spelling of one tool.
  const std::string& shown_name(NameId id) { return reading_.record.kernels[kernel_of(id)].key.name; }
  // The kernel that a name is in the record; made where it is not there yet.
  KernelId kernel_of(NameId id);
  const std::map<std::string, Fact>& facts() const { return reading_.facts; }

  // Everything so far; the builder is empty afterwards. The whole of a quantity is what its rows hold, since a trace
  // tells no more. Its window is that from the first beginning to the last end, of every device.
  TraceReading take();

 private:
  static constexpr std::size_t kQuantities = 3;
  static constexpr std::uint32_t kNoRow = UINT32_MAX;

  struct Name {
    std::string text, library, build_id, architecture;
    Named named = Named::trace;
    KernelId kernel = kNoKernel;  // once it is needed
  };
  struct Track {
    std::uint32_t place = 0;  // into places_
    TrackKind kind = TrackKind::thread;
  };
  struct Window {
    std::int64_t first_ns = INT64_MAX, last_ns = INT64_MIN;
  };
  struct SeenPlace {
    Place place;
    std::array<Window, kQuantities> windows;
  };
  // Of a row, as long as names and places are numbers, packed so that comparing is a matter of a few words: the name
  // and the operation; the place, the activity and the quantity; the launch.
  struct Key {
    std::array<std::uint64_t, 6> words{};

    NameId name() const { return static_cast<NameId>(words[0] >> 32); }
    NameId operation() const { return static_cast<NameId>(words[0] & UINT32_MAX); }
    std::uint32_t place() const { return static_cast<std::uint32_t>(words[1] >> 32); }
    Activity activity() const { return static_cast<Activity>((words[1] >> 8) & 0xFF); }
    Quantity quantity() const { return static_cast<Quantity>(words[1] & 0xFF); }
    Launch launch() const;
    bool is(const Key& other) const;
    std::uint64_t hash() const;
  };
  struct Row {
    Key key;
    std::uint64_t count = 0;
    std::int64_t total_ns = 0, min_ns = INT64_MAX, max_ns = 0;
    SketchBuilder quantiles;
    std::int64_t nested_ns = 0, impossible_ns = 0, alone_ns = 0;
    Share share = 0;
    std::uint64_t samples = 0, bytes = 0;
  };
  struct Account {
    bool seen = false, is_full = false;
    std::uint64_t lost = 0;
    std::set<std::int64_t> periods_ns;
  };

  static Quantity quantity_of(TrackKind track, const TraceEvent& event);
  std::uint32_t number_of(const Place& place);
  Row* count(const TraceEvent& event, const Extra* extra, std::int64_t own_ns);
  Row* row_for(const Key& key, const Extra* extra, std::uint64_t times);
  void widen_window(const TraceEvent& event, const Track& track, Quantity quantity);
  Track track_of(const TraceEvent& event) const;
  Row* find_row(const Key& key);
  Row* find_or_make_row(const Key& key);
  void grow_slots();
  static Key key_of(const TraceEvent& event, const Extra* extra, const Track& track);
  ProfileRow row_from(Row& row, std::int64_t share_ns);
  std::vector<ProfileRow> take_rows(Quantity quantity);
  std::int64_t windows_ns(Quantity quantity) const;

  WitnessKind witness_;
  TraceReading reading_;
  std::vector<Name> names_{Name{.text = "(unknown)", .named = Named::system}};  // by NameId, from 1
  std::vector<std::uint32_t> last_rows_{kNoRow};                                // the last row of each of them
  std::vector<Track> tracks_;                                                   // by TrackId
  std::vector<SeenPlace> places_{SeenPlace{}};                                  // each once
  std::map<Place, std::uint32_t> place_numbers_{{Place{}, 0}};
  std::vector<Row> rows_;
  std::vector<std::uint32_t> slots_;  // a hash table: numbers of rows, from 1
  std::array<Account, kQuantities> accounts_;
  std::set<std::string> unseen_;
  std::int64_t divided_ns_ = 0;
  std::map<Part, std::int64_t> parts_;
};

}  // namespace varve
