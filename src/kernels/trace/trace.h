#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/fact.h"
#include "model/kernels/profile.h"
#include "model/window.h"
#include "world/file_reader.h"

namespace varve {

// A trace is read once, from its beginning to its end: the reader of a format writes what it finds into a sink, and
// sinks make of it what they need (a profile, a timeline). A format is one file with one TraceFormat; a sink knows no
// format. Nothing is kept between the two: a reader's memory does not grow with the trace.

// Numbers that the reader gives to names and tracks, from 0 without gaps, and speaks of in events. So several sinks
// can listen to one reader without a word between them.
enum class NameId : std::uint32_t {};
enum class TrackId : std::uint32_t {};
inline constexpr NameId kNoName{UINT32_MAX};

// What a name in a trace stands for. Views hold during the call only. The sink demangles, cleans and classifies.
struct TraceName {
  std::string_view text;      // as the trace writes it
  std::string_view library;   // the file the code is from; empty when the trace does not tell
  std::string_view build_id;  // hexadecimal; empty when the trace does not tell
  Named named = Named::trace;
  std::string_view architecture;  // that its code was made for: "sm_90"; empty when the trace does not tell
};

enum class TrackKind {
  thread,  // of a program: its calls, operations and samples
  stream,  // of a device: its kernels and copies
};

// Something that ran from `start_ns` on for `duration_ns`, on the clock of the trace; neither is negative. A sample is
// a look at what was running at `start_ns`: its duration is the time that it stands for. On a thread a sample counts as
// CPU time and anything else as time in calls; on a stream everything counts as time of the device. Operations, regions
// and calls are told from beginning to end, with all that ran inside them: sinks find out what nests in what.
struct TraceEvent {
  std::int64_t start_ns = 0, duration_ns = 0;
  NameId name = kNoName;
  TrackId track{};
  Activity activity = Activity::code;
  bool is_sample = false;
};

inline constexpr std::uint64_t kGraphUnknown = UINT64_MAX;
inline constexpr std::int64_t kNoNumber = INT64_MIN;

// What some formats tell of some events.
struct Extra {
  NameId operation = kNoName;  // of the framework, on whose behalf it ran, with its shapes: "aten::mm [[8,64],[64,8]]"
  std::uint64_t correlation = 0;  // the same number for a call and what it started on a device; 0: none
  std::uint64_t bytes = 0;        // moved
  Launch launch;
  std::uint64_t graph_node = 0;  // of the device graph that it is part of; kGraphUnknown: of some graph; 0: of none
  NameId group = kNoName;        // of a collective: between whom
  std::int64_t sequence = kNoNumber;  // of a collective: its number in the group
  NameId launched = kNoName;          // of a launch that names its kernel, where captures are kept
};

struct CapturedKernels;
class Files;

// The part of a trace that counts, by rising start and apart from each other. None: all of it.
struct TraceWindows {
  std::vector<Stretch> stretches;
  bool of_unix_clock = false;  // nanoseconds since 1970; false: of the trace's own clock
};

// What a reader is asked for, and what is made of what it reads.
struct TraceOptions {
  // Only what ran on devices: no operations, regions and calls and nothing that links kernels to them. Reading is then
  // as fast as it can be and needs the memory of a buffer.
  bool device_only = false;
  // Keep the kernels in their order, for a capture that others are joined to.
  bool keep_captured = false;
  // Keep the order of what ran, for a comparison.
  bool keep_sequence = false;
  // Whose operations the kernels of graphs get; nullptr: none. Must live as long as the reading.
  const CapturedKernels* capture = nullptr;
  // Where the libraries are that a trace names, so that code is found in them by its digest; nullptr: it is not looked
  // for. Must live as long as the reading.
  const Files* files = nullptr;
  // What lies outside is counted apart (window_sink.h).
  TraceWindows windows = {};
  // Where no windows are given and the trace has annotated steps ("ProfilerStep#12", "iter_3"), or rounds that repeat
  // and took most of its time: from the beginning of the first whole one to the end of the last. The trace is then read
  // twice.
  bool cut_to_steps = false;
  // How many threads may read one file, where its format lets them, each so many bytes of it at once.
  std::size_t threads = 1;
  std::size_t piece_bytes = std::size_t{1} << 19;
};

// Where a reader writes. Names and tracks are told before the first event that speaks of them, each once.
class TraceSink {
 public:
  virtual ~TraceSink() = default;

  virtual void name(NameId id, const TraceName& name) = 0;
  virtual void track(TrackId id, const Place& place, TrackKind kind) = 0;
  // Events come in any order of time. `extra` may be nullptr and holds during the call only.
  virtual void event(const TraceEvent& event, const Extra* extra) = 0;
  // Things that are alike and of which the trace tells how many there were and for how long in all: `event` begins with
  // the first of them and ends with the last; a duration of 0 says that nobody knows when. Of calls and regions `time`
  // is without what ran inside them, which is `nested_ns`. A count of 0 is not known.
  virtual void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) = 0;
  // What the trace discloses about the stack under it, by the id of the fact catalogue.
  virtual void fact(std::string_view id, Fact fact) = 0;
  // What the trace itself says that it left out, or that its witness could not see.
  virtual void unseen(std::string_view what) = 0;
  // A part of the trace, at a byte of it, that could not be read and was passed over.
  virtual void damaged(std::uint64_t at, std::string_view what) = 0;

  // The following are told by some formats, at any time, and heard by some sinks.
  // Times count from this moment of the UNIX clock, in nanoseconds; before the first event.
  virtual void clock(std::int64_t /*base_ns*/) {}
  // So many records of a kind of track were dropped or could not be used; 0: some, and nobody knows how many.
  virtual void lost(TrackKind, std::uint64_t /*records*/) {}
  // There is nothing of what ran on devices, for this reason: not the same as that nothing ran.
  virtual void no_evidence(std::string_view /*why*/) {}
  // The witness was set to record activities of this kind: that there are none then means something.
  virtual void traced(Activity) {}
  // All of the trace is of this rank of so many (0: not told).
  virtual void rank(std::int32_t /*rank*/, std::int32_t /*of*/) {}
  // The trace holds so many environments of processes, or whole command lines: it is not fit to be published.
  virtual void holds_environments(std::uint64_t /*blocks*/) {}
};

// Where the bytes of a trace end although there were to be more: a compressed file that was cut or damaged.
struct TraceCut {
  std::uint64_t at = 0;  // behind the last byte that could be had
  Error why;
};

// The bytes of a trace.
class TraceInput {
 public:
  virtual ~TraceInput() = default;

  // The next bytes, at most as many as `into` holds; 0 at the end, or where they are cut. Error: there are none at all.
  virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
  // Once read() has come to the end: whether it was one too early. nullptr: it was not.
  virtual const TraceCut* cut() const { return nullptr; }
  // The file itself, for formats that jump about in it (SQLite); nullptr when there is only a stream of bytes.
  virtual const FileReader* file() const = 0;
  // What reads file() by itself tells how far it has come.
  virtual void came_to(std::uint64_t) {}
  // Bytes of the file that were used up for what was read: how far reading is. 0 where nobody can tell.
  virtual std::uint64_t consumed() const { return 0; }
  // What messages call it.
  virtual const std::string& where() const = 0;
};

// A format of traces: a row of a table.
struct TraceFormat {
  const char* name;  // "perf script"
  WitnessKind witness;
  bool (*recognises)(std::span<const std::byte> beginning);  // of the bytes, 4 KiB or all there are
  // Reads to the end. Damage that can be passed over goes to the sink; Error: nothing, or no more, can be read.
  Status (*read)(TraceInput& input, TraceSink& sink, const TraceOptions& options);
  // Of formats whose beginnings look alike (databases): whether the whole file is of this one. nullptr: no need to ask.
  bool (*holds)(const FileReader& file) = nullptr;
};

}  // namespace varve
