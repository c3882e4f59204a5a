#include "kernels/trace/profile_builder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "tables/kernel_names.h"

namespace varve {

namespace {
constexpr std::size_t kMostRows = 1'000'000;
constexpr std::size_t kMostDamage = 100;
constexpr std::size_t kMostReasons = 100;
constexpr std::size_t kMostPeriods = 1000;  // a sampler that adapts its period has another one for every sample

Quantity quantity_of(TrackKind track, const TraceEvent& event) {
  if (track == TrackKind::stream) return Quantity::device_time;
  return event.is_sample ? Quantity::cpu_time : Quantity::call_time;
}

Kernel kernel_from(const TraceName& name) {
  Kernel kernel;
  const std::string raw = clean_utf8(name.text);
  kernel.key = {demangle(raw), clean_utf8(name.library), std::string(name.build_id)};
  kernel.named = name.named;
  if (kernel.key.name != raw) kernel.raw_name = raw;
  kernel.meaning = kernel_meaning(kernel.key.name);
  return kernel;
}
}  // namespace

void ProfileBuilder::name(NameId id, const TraceName& name) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= kernels_.size()) kernels_.resize(index + 1, kNoKernel);
  kernels_[index] = reading_.record.kernels.intern(kernel_from(name));
}

void ProfileBuilder::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= tracks_.size()) tracks_.resize(index + 1);
  tracks_[index] = {place, kind};
}

KernelId ProfileBuilder::kernel_of(NameId id) {
  const auto index = static_cast<std::size_t>(id);
  if (index < kernels_.size() && kernels_[index] != kNoKernel) return kernels_[index];
  return reading_.record.kernels.intern(kernel_from({.text = "(unknown)", .named = Named::system}));
}

ProfileBuilder::Sum* ProfileBuilder::find_row(Account& account, RowKey key) {
  const auto find = [&]() -> Sum* {
    const auto known = account.rows.find(key);
    if (known != account.rows.end()) return &known->second;
    return account.rows.size() < kMostRows ? &account.rows[key] : nullptr;
  };
  if (Sum* row = find()) return row;
  key.place = {};
  key.launch = {};
  return find();
}

void ProfileBuilder::event(const TraceEvent& event, const Extra* extra) {
  const auto index = static_cast<std::size_t>(event.track);
  const Track track = index < tracks_.size() ? tracks_[index] : Track{};
  Account& account = accounts_[quantity_of(track.kind, event)];
  account.first_ns = std::min(account.first_ns, event.start_ns);
  account.last_ns =
      std::max(account.last_ns, event.is_sample ? event.start_ns : add_ns(event.start_ns, event.duration_ns));
  RowKey key{.activity = event.activity, .kernel = kernel_of(event.name), .place = track.place};
  if (extra != nullptr) {
    key.launch = extra->launch;
    if (extra->operation != kNoName) key.operation = kernel_of(extra->operation);
  }
  Sum* row = find_row(account, key);
  if (row == nullptr) {
    account.lost = add_counts(account.lost, 1);
    return;
  }
  if (extra != nullptr) row->bytes = add_counts(row->bytes, extra->bytes);
  if (!event.is_sample) {
    row->time.add(event.duration_ns);
    return;
  }
  row->time.total_ns = add_ns(row->time.total_ns, std::max<std::int64_t>(event.duration_ns, 0));
  row->samples = add_counts(row->samples, 1);
  if (event.duration_ns > 0 && account.periods_ns.size() < kMostPeriods) account.periods_ns.insert(event.duration_ns);
}

void ProfileBuilder::fact(std::string_view id, Fact fact) {
  reading_.facts.insert_or_assign(std::string(id), std::move(fact));
}

void ProfileBuilder::unseen(std::string_view what) {
  if (unseen_.size() < kMostReasons) unseen_.insert(clean_utf8(what));
}

void ProfileBuilder::damaged(std::uint64_t at, std::string_view what) {
  ++reading_.damaged;
  if (reading_.damage.size() < kMostDamage) reading_.damage.push_back({at, clean_utf8(what)});
}

TraceReading ProfileBuilder::take() {
  for (auto& [quantity, account] : accounts_) {
    Profile& profile = reading_.record.profiles.by_kind[{witness_, quantity}];
    std::vector<ProfileRow> rows;
    rows.reserve(account.rows.size());
    for (auto& [key, sum] : account.rows) {
      rows.push_back({.key = key, .time = std::move(sum.time), .samples = sum.samples, .bytes = sum.bytes});
    }
    add_rows(profile, std::move(rows));
    profile.periods_ns = std::move(account.periods_ns);
    profile.lost = account.lost;
    profile.window_ns = account.last_ns > account.first_ns ? account.last_ns - account.first_ns : 0;
    profile.whole_ns = profile.rows_ns();
    profile.unseen = unseen_;
    if (account.lost > 0) profile.unseen.insert("what has more than a million different kernels, places and shapes");
  }
  TraceReading reading = std::exchange(reading_, {});
  kernels_.clear();
  tracks_.clear();
  accounts_.clear();
  unseen_.clear();
  return reading;
}

}  // namespace varve
