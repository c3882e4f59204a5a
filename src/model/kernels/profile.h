#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
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
};

// What is accounted for. Amounts of two quantities are never added: an hour of CPU time and an hour that somebody
// waited for a call are no two hours of anything.
enum class Quantity {
  cpu_time,     // user and system time, of all threads together
  device_time,  // how long things ran on a device
  call_time,    // from the beginning of a call to its end, on the clock of the caller
};

// What a row's time was spent on.
enum class Activity { code, kernel, copy, fill, collective, call, synchronise, operation };

// The kinds of time that a window is divided into where a timeline is known; each moment belongs to the first of them
// that applies. What runs beside a kernel hides behind it.
enum class Part { kernel, collective, copy, idle };

// One account: what this witness saw of this quantity.
struct ProfileKind {
  WitnessKind witness = WitnessKind::cpu_samples;
  Quantity quantity = Quantity::cpu_time;

  auto operator<=>(const ProfileKind&) const = default;
};

inline constexpr ProfileKind kCpuSamples{WitnessKind::cpu_samples, Quantity::cpu_time};
inline constexpr ProfileKind kOnednnCalls{WitnessKind::onednn_verbose, Quantity::call_time};

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
  KernelId operation = kNoKernel;  // of the framework, on whose behalf it ran, in the same table
  Place place;
  Launch launch;

  auto operator<=>(const RowKey&) const = default;
};

// How often and how long one thing ran. Of samples: `samples` and time.total_ns (samples x period), time.count 0.
struct ProfileRow {
  RowKey key;
  Durations time;
  std::uint64_t samples = 0;
  std::uint64_t bytes = 0;  // moved by copies, fills and collectives; 0 when not told

  bool operator==(const ProfileRow&) const = default;
};

// A closed account of one quantity over one window by one witness: rows and remainder are the whole. All amounts are
// whole numbers and not negative, so that merging is exact. Which witness and quantity says the ProfileKind it is kept
// under.
struct Profile {
  std::set<std::string> scopes;        // what the witness was permitted to see: "user", "user and kernel"
  std::set<std::int64_t> periods_ns;   // the time one sample stands for; empty: everything was counted
  std::uint64_t lost = 0;              // records that the witness reports as dropped
  std::int64_t window_ns = 0;          // how long it watched, by the clock; 0 when not known
  std::int64_t whole_ns = 0;           // all there was of the quantity in the window, known from elsewhere
  std::vector<ProfileRow> rows;        // by rising key, each key once
  std::map<Part, std::int64_t> parts;  // the window divided, where a timeline is known; empty without one
  std::set<std::string> unseen;        // what this witness could not see and why; empty: it saw all that it can

  std::int64_t rows_ns() const;
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
