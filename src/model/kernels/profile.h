#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/kernels/durations.h"
#include "model/kernels/kernel.h"

namespace varve {

// Who saw what ran.
enum class WitnessKind {
  cpu_samples,     // Varve's own sampler: a look at every thread after each period of its CPU time
  onednn_verbose,  // the lines that oneDNN writes about each primitive it executes
  perf_script,     // the samples of a perf.data file, as `perf script` prints them
  mkl_verbose,     // the lines that MKL writes about each of its functions
  kineto,          // PyTorch's profiler, whichever way it writes its trace
  nsight_systems,
  nvprof,
  rocprof,  // AMD's profilers of that name, all generations
  rpd,      // AMD's rocmProfileData
  xplane,   // the profiler of XLA: JAX and TensorFlow
  proton,   // Triton's profiler
  cupti,    // Varve's own recorder inside the program: src/inject
};

// What is accounted for. Amounts of two quantities are never added: an hour of CPU time and an hour that somebody
// waited for a call are no two hours of anything.
enum class Quantity {
  cpu_time,     // user and system time, of all threads together
  device_time,  // how long things ran on a device
  call_time,    // from the beginning of a call to its end, on the clock of the caller
};

// What a row's time was spent on.
enum class Activity {
  code,    // of a CPU, as samples show it
  kernel,  // on a device, as the following three
  copy,
  fill,
  collective,
  call,         // of a runtime or a library, none of the other three kinds
  synchronise,  // a call that waits for a device
  launch,       // a call that starts a kernel or a graph of them
  allocate,     // a call that takes or gives back memory of a device
  operation,    // of a framework: "aten::mm"
  region,       // that the program itself marked: NVTX, an annotation
};

// The kinds of time that a window is divided into where a timeline is known; each moment belongs to the first of them
// that applies. What runs beside a kernel hides behind it; the kinds of idleness say what the host did meanwhile.
enum class Part {
  kernel,
  collective,  // transferring, or waiting for it where nobody can tell the two apart
  waiting,     // inside a collective, for the rank that came last
  copy,
  idle_launch,       // the host was in a call that starts kernels
  idle_synchronise,  // the host waited for a device that had nothing to do
  idle_host,         // the host was in some other call or operation
  idle,              // nothing is known of the host
};

// Where an activity of a device counts; nothing for what occupies no device.
std::optional<Part> part_of(Activity activity);

// One account: what this witness saw of this quantity.
struct ProfileKind {
  WitnessKind witness = WitnessKind::cpu_samples;
  Quantity quantity = Quantity::cpu_time;

  auto operator<=>(const ProfileKind&) const = default;
};

inline constexpr ProfileKind kCpuSamples{WitnessKind::cpu_samples, Quantity::cpu_time};
inline constexpr ProfileKind kOnednnCalls{WitnessKind::onednn_verbose, Quantity::call_time};

inline constexpr std::array kAllParts{Part::kernel,      Part::collective,       Part::waiting,   Part::copy,
                                      Part::idle_launch, Part::idle_synchronise, Part::idle_host, Part::idle};

// Where something ran; -1: it was not told, or does not apply.
struct Place {
  std::int32_t rank = -1, device = -1;
  std::int64_t stream = -1;

  auto operator<=>(const Place&) const = default;
};

// The shape of a launch on a device; all 0 when not told.
struct Launch {
  std::array<std::uint32_t, 3> grid{}, block{};
  std::uint32_t registers = 0;     // of a thread
  std::uint32_t shared_bytes = 0;  // of a block

  auto operator<=>(const Launch&) const = default;
};

// What tells the rows of a profile apart.
struct RowKey {
  Activity activity = Activity::code;
  KernelId kernel = kNoKernel;
  // On whose behalf it ran, in the same table: an operator of a framework or library; of code of a CPU also a function
  // of the program that called it. kNoKernel: nobody can tell.
  KernelId operation = kNoKernel;
  Place place;
  Launch launch;

  auto operator<=>(const RowKey&) const = default;
};

// How often and how long one thing ran. Of samples: `samples` and time.total_ns (samples x period), time.count 0. Of
// calls, operations and regions `time` is without what ran inside them on the same thread, so that rows can be added.
struct ProfileRow {
  RowKey key;
  Durations time;
  std::int64_t nested_ns = 0;  // what ran inside, not in `time`; both together are from beginning to end
  // Of time.total_ns what belongs to key.operation because another thread ran the same task for it at that time; the
  // stack of the thread itself tells the rest.
  std::int64_t joined_ns = 0;
  std::int64_t impossible_ns = 0;  // of time.total_ns what cannot have been: it ran on after its successor had begun
  // Where a timeline is known. Each moment is shared equally among all that ran on the device in it (the Shapley value
  // of covering the window), so that shares and idleness sum to the window; alone_ns <= share_ns <= time.total_ns.
  std::int64_t share_ns = 0, alone_ns = 0;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  // moved by copies, fills and collectives; 0 when not told

  bool operator==(const ProfileRow&) const = default;
};

// A closed account of one quantity over one window by one witness: rows and remainder are the whole. All amounts are
// whole numbers and not negative, so that merging is exact. Which witness and quantity says the ProfileKind it is kept
// under.
struct Profile {
  std::set<std::string> scopes;       // what the witness was permitted to see: "user", "user and kernel"
  std::set<std::int64_t> periods_ns;  // the time one sample stands for; empty: everything was counted
  std::uint64_t lost = 0;             // records that the witness reports as dropped
  std::int64_t window_ns = 0;         // how long it watched, by the clock; 0 when not known
  std::int64_t whole_ns = 0;          // all there was of the quantity in the window, known from elsewhere
  // Where the window is a part of what was watched: what was seen outside of it, in no row and not in whole_ns, which
  // is then the part of all there was that the rows have of all that was seen.
  std::int64_t before_ns = 0, between_ns = 0, after_ns = 0;
  std::vector<ProfileRow> rows;        // by rising key, each key once
  std::map<Part, std::int64_t> parts;  // the window divided, where a timeline is known; empty without one
  std::set<std::string> unseen;        // what this witness could not see and why; empty: it saw all that it can

  std::int64_t rows_ns() const;
  std::int64_t outside_ns() const;
  // The whole without the rows: what was not sampled, what ran outside of kernels. Below zero when the rows claim more
  // than there was (samples count whole periods; what runs at the same time on one device overlaps).
  std::int64_t remainder_ns() const;
  // The window without its parts: what no timeline divides. Never below zero in a sound profile.
  std::int64_t undivided_ns() const;
  std::uint64_t samples() const;

  bool operator==(const Profile&) const = default;
};

// Adds rows in any order; those of an equal key become one.
void add_rows(Profile& profile, std::vector<ProfileRow> rows);

// Why there is no profile of a kind: the reason is kept beside what others saw and changes nothing about it.
struct Unseen {
  ProfileKind kind;
  std::string reason;

  auto operator<=>(const Unseen&) const = default;
};

// What ran, as several witnesses saw it, side by side and never added.
struct Profiles {
  std::map<ProfileKind, Profile> by_kind;
  std::map<Unseen, std::uint64_t> absent;  // with the number of merged profiles of which this is true

  const Profile* find(ProfileKind kind) const;  // nullptr when it is not there
  void add_absent(ProfileKind kind, std::string reason);
  // The reasons why there is none of this kind.
  std::vector<std::string> reasons_absent(ProfileKind kind) const;

  bool operator==(const Profiles&) const = default;
};

// Adds what `from` saw, like to like: rows, wholes and windows are summed, scopes, periods and reasons united. `ids`
// says which ids the kernels of `from` have in the table of `into`. Associative and commutative; what has no profiles
// leaves all profiles as they are.
void merge(Profiles& into, const Profiles& from, const KernelIdMap& ids);
void merge(Profiles& into, const Profiles& from);  // both speak of one table

// Profiles with the kernels that they speak of: what a witness or the reader of a trace hands over.
struct ProfileRecord {
  KernelTable kernels;
  Profiles profiles;
};

void merge(ProfileRecord& into, const ProfileRecord& from);

// The record with every kernel put through `change`; kernels that come out with one key become one.
ProfileRecord with_kernels(const ProfileRecord& record, const std::function<Kernel(const Kernel&)>& change);

std::string_view to_string(WitnessKind witness);  // "cpu-samples"
std::string_view to_string(Quantity quantity);    // "cpu_time"
std::string_view to_string(Activity activity);
std::string_view to_string(Part part);
std::string quantity_title(Quantity quantity);  // for people: "CPU time"

}  // namespace varve
