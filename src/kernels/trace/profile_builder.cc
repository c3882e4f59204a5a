#include "kernels/trace/profile_builder.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "tables/kernel_names.h"

namespace varve {

namespace {
constexpr std::size_t kMostRows = 1'000'000;
constexpr std::size_t kMostDamage = 100;
constexpr std::size_t kMostReasons = 100;
constexpr std::size_t kLongestName = std::size_t{64} << 10;
constexpr std::size_t kMostPeriods = 1000;  // a sampler that adapts its period has another one for every sample
constexpr std::array kAllQuantities{Quantity::cpu_time, Quantity::device_time, Quantity::call_time};

std::size_t index_of(Quantity quantity) { return static_cast<std::size_t>(quantity); }

// Adjoining fields of a key as one word.
std::uint64_t pair(std::uint32_t high, std::uint32_t low) { return (std::uint64_t{high} << 32) | low; }
}  // namespace

Quantity ProfileBuilder::quantity_of(TrackKind track, const TraceEvent& event) {
  if (track == TrackKind::stream) return Quantity::device_time;
  return event.is_sample ? Quantity::cpu_time : Quantity::call_time;
}

void ProfileBuilder::name(NameId id, const TraceName& name) {
  const std::size_t index = static_cast<std::size_t>(id) + 1;
  if (index >= names_.size()) names_.resize(index + 1, names_.front());
  names_[index] = {clean_utf8(name.text, kLongestName),
                   clean_utf8(name.library),
                   std::string(name.build_id),
                   clean_utf8(name.architecture),
                   name.named,
                   kNoKernel};
  last_rows_.resize(names_.size(), kNoRow);
}

std::string_view ProfileBuilder::text(NameId id) const {
  const std::size_t index = static_cast<std::size_t>(id) + 1;
  return id != kNoName && index < names_.size() ? std::string_view(names_[index].text) : std::string_view{};
}

std::uint32_t ProfileBuilder::number_of(const Place& place) {
  const auto [known, is_new] = place_numbers_.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
  if (is_new) places_.push_back({place, {}});
  return known->second;
}

void ProfileBuilder::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= tracks_.size()) tracks_.resize(index + 1);
  tracks_[index] = {number_of(place), kind};
}

KernelId ProfileBuilder::kernel_of(NameId id) {
  const std::size_t index = id == kNoName ? 0 : static_cast<std::size_t>(id) + 1;
  Name& name = names_[index < names_.size() ? index : 0];
  if (name.kernel != kNoKernel) return name.kernel;
  Kernel kernel;
  const bool is_foreign = name.named == Named::trace;  // of a tool with a spelling of its own
  kernel.key = {is_foreign ? normalised_kernel_name(name.text) : demangle(name.text), name.library, name.build_id};
  kernel.named = name.named;
  if (kernel.key.name != name.text) kernel.raw_name = clean_utf8(name.text);
  kernel.meaning = kernel_meaning(kernel.key.name, is_foreign ? NameSpelling::canonical : NameSpelling::any);
  if (kernel.meaning.architecture.empty()) kernel.meaning.architecture = name.architecture;
  return name.kernel = reading_.record.kernels.intern(std::move(kernel));
}

Launch ProfileBuilder::Key::launch() const {
  return std::bit_cast<Launch>(std::array{words[2], words[3], words[4], words[5]});
}

bool ProfileBuilder::Key::is(const Key& other) const {
  std::uint64_t differs = 0;
  for (std::size_t i = 0; i < words.size(); ++i) differs |= words[i] ^ other.words[i];
  return differs == 0;
}

std::uint64_t ProfileBuilder::Key::hash() const {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15u;
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) hash = (std::rotl(hash, 25) ^ word) * kOdd;
  return hash ^ (hash >> 32);
}

ProfileBuilder::Key ProfileBuilder::key_of(const TraceEvent& event, const Extra* extra, const Track& track) {
  Key key;
  const NameId operation = extra != nullptr ? extra->operation : kNoName;
  key.words[0] = pair(static_cast<std::uint32_t>(event.name), static_cast<std::uint32_t>(operation));
  key.words[1] = pair(track.place, static_cast<std::uint32_t>(event.activity) << 8 |
                                       static_cast<std::uint32_t>(quantity_of(track.kind, event)));
  if (extra != nullptr) {
    const auto launch = std::bit_cast<std::array<std::uint64_t, 4>>(extra->launch);
    std::copy(launch.begin(), launch.end(), key.words.begin() + 2);
  }
  return key;
}

void ProfileBuilder::grow_slots() {
  slots_.assign(std::max<std::size_t>(1024, slots_.size() * 2), 0);
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    std::size_t at = rows_[i].key.hash() & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i + 1;
  }
}

ProfileBuilder::Row* ProfileBuilder::find_or_make_row(const Key& key) {
  if (rows_.size() * 2 >= slots_.size()) grow_slots();
  std::size_t at = key.hash() & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (Row& row = rows_[slots_[at] - 1]; row.key.is(key)) return &row;
  }
  if (rows_.size() >= kMostRows) return nullptr;
  rows_.push_back({.key = key});
  slots_[at] = static_cast<std::uint32_t>(rows_.size());
  return &rows_.back();
}

// Most events are like the last one of their name.
ProfileBuilder::Row* ProfileBuilder::find_row(const Key& key) {
  const std::size_t index = static_cast<std::uint32_t>(static_cast<std::uint32_t>(key.name()) + 1);  // of none: 0
  std::uint32_t& last = last_rows_[index < last_rows_.size() ? index : 0];
  if (last != kNoRow && rows_[last].key.is(key)) return &rows_[last];
  Row* row = find_or_make_row(key);
  if (row == nullptr) {
    Key coarse;
    coarse.words[0] = key.words[0];
    coarse.words[1] = key.words[1] & UINT32_MAX;
    row = find_or_make_row(coarse);
  }
  if (row != nullptr) last = static_cast<std::uint32_t>(row - rows_.data());
  return row;
}

void ProfileBuilder::event(const TraceEvent& event, const Extra* extra) { count(event, extra, event.duration_ns); }

void ProfileBuilder::add(const TraceEvent& event, const Extra* extra, const EventTimes& times) {
  Row* row = count(event, extra, times.own_ns);
  if (row == nullptr) return;
  row->nested_ns = add_ns(row->nested_ns, times.nested_ns);
  row->impossible_ns = add_ns(row->impossible_ns, times.impossible_ns);
  row->alone_ns = add_ns(row->alone_ns, times.alone_ns);
  row->share += times.share;
}

void ProfileBuilder::total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) {
  const Track track = track_of(event);
  const Key key = key_of(event, extra, track);
  if (event.duration_ns > 0) widen_window(event, track, key.quantity());
  Row* row = row_for(key, extra, time.count);
  if (row == nullptr) return;
  row->count = add_counts(row->count, time.count);
  row->total_ns = add_ns(row->total_ns, std::max<std::int64_t>(time.total_ns, 0));
  row->nested_ns = add_ns(row->nested_ns, std::max<std::int64_t>(nested_ns, 0));
  if (!time.has_spread()) return;
  row->min_ns = std::min(row->min_ns, time.min_ns);
  row->max_ns = std::max(row->max_ns, time.max_ns);
  row->quantiles.add(time.quantiles);
}

void ProfileBuilder::widen_window(const TraceEvent& event, const Track& track, Quantity quantity) {
  Window& window = places_[track.place].windows[index_of(quantity)];
  window.first_ns = std::min(window.first_ns, event.start_ns);
  window.last_ns =
      std::max(window.last_ns, event.is_sample ? event.start_ns : add_ns(event.start_ns, event.duration_ns));
}

ProfileBuilder::Track ProfileBuilder::track_of(const TraceEvent& event) const {
  const auto index = static_cast<std::size_t>(event.track);
  return index < tracks_.size() ? tracks_[index] : Track{};
}

// For something that ran so often. nullptr, and counted as lost, where there is no room.
ProfileBuilder::Row* ProfileBuilder::row_for(const Key& key, const Extra* extra, std::uint64_t times) {
  Account& account = accounts_[index_of(key.quantity())];
  account.seen = true;
  Row* row = find_row(key);
  if (row == nullptr) {
    account.is_full = true;
    account.lost = add_counts(account.lost, times);
  } else if (extra != nullptr && extra->bytes != 0) {
    row->bytes = add_counts(row->bytes, extra->bytes);
  }
  return row;
}

ProfileBuilder::Row* ProfileBuilder::count(const TraceEvent& event, const Extra* extra, std::int64_t own_ns) {
  const Track track = track_of(event);
  const Key key = key_of(event, extra, track);
  widen_window(event, track, key.quantity());
  Row* row = row_for(key, extra, 1);
  if (row == nullptr) return nullptr;
  if (event.is_sample) {
    Account& account = accounts_[index_of(key.quantity())];
    row->total_ns = add_ns(row->total_ns, std::max<std::int64_t>(event.duration_ns, 0));
    row->samples = add_counts(row->samples, 1);
    if (event.duration_ns > 0 && account.periods_ns.size() < kMostPeriods) account.periods_ns.insert(event.duration_ns);
    return row;
  }
  own_ns = std::max<std::int64_t>(own_ns, 0);
  ++row->count;
  row->total_ns = add_ns(row->total_ns, own_ns);
  row->min_ns = std::min(row->min_ns, own_ns);
  row->max_ns = std::max(row->max_ns, own_ns);
  row->quantiles.add(own_ns);
  return row;
}

void ProfileBuilder::lost(TrackKind track, std::uint64_t records) {
  if (records == 0) return;
  Account& account = accounts_[index_of(quantity_of(track, {}))];
  account.seen = true;
  account.lost = add_counts(account.lost, records);
}

void ProfileBuilder::no_evidence(std::string_view why) {
  reading_.record.profiles.add_absent({witness_, Quantity::device_time}, clean_utf8(why));
}

void ProfileBuilder::divide(std::int64_t windows_ns, std::map<Part, std::int64_t> parts) {
  divided_ns_ = windows_ns;
  parts_ = std::move(parts);
}

void ProfileBuilder::lose(const TraceEvent& event) {
  Account& account = accounts_[index_of(quantity_of(track_of(event).kind, event))];
  account.seen = true;
  account.lost = add_counts(account.lost, 1);
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

void ProfileBuilder::rank(std::int32_t rank, std::int32_t of) {
  reading_.rank = rank;
  reading_.ranks = of;
}

ProfileRow ProfileBuilder::row_from(Row& row, std::int64_t share_ns) {
  const NameId operation = row.key.operation();
  Place place = places_[row.key.place()].place;
  if (place.rank < 0) place.rank = reading_.rank;
  return {.key = {row.key.activity(), kernel_of(row.key.name()),
                  operation == kNoName ? kNoKernel : kernel_of(operation), place, row.key.launch()},
          .time = {.count = row.count,
                   .total_ns = row.total_ns,
                   .min_ns = row.min_ns == INT64_MAX ? 0 : row.min_ns,
                   .max_ns = row.max_ns,
                   .quantiles = row.quantiles.take()},
          .nested_ns = row.nested_ns,
          .impossible_ns = row.impossible_ns,
          .share_ns = share_ns,
          .alone_ns = row.alone_ns,
          .samples = row.samples,
          .bytes = row.bytes};
}

// Shares of one device sum to whole nanoseconds, and so are made whole device by device.
std::vector<ProfileRow> ProfileBuilder::take_rows(Quantity quantity) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::vector<std::uint32_t>> by_device;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const Place& place = places_[rows_[i].key.place()].place;
    if (rows_[i].key.quantity() == quantity) by_device[{place.rank, place.device}].push_back(i);
  }
  std::vector<ProfileRow> rows;
  for (const auto& [device, numbers] : by_device) {
    std::vector<Share> shares;
    for (const std::uint32_t number : numbers) shares.push_back(rows_[number].share);
    const std::vector<std::int64_t> whole = whole_shares(shares);
    for (std::size_t i = 0; i < numbers.size(); ++i) rows.push_back(row_from(rows_[numbers[i]], whole[i]));
  }
  return rows;
}

std::int64_t ProfileBuilder::windows_ns(Quantity quantity) const {
  std::map<std::pair<std::int32_t, std::int32_t>, Window> by_device;
  for (const SeenPlace& seen : places_) {
    const Window& from = seen.windows[index_of(quantity)];
    Window& into = by_device[{seen.place.rank, seen.place.device}];
    into.first_ns = std::min(into.first_ns, from.first_ns);
    into.last_ns = std::max(into.last_ns, from.last_ns);
  }
  std::int64_t sum = 0;
  for (const auto& [device, window] : by_device) {
    std::int64_t length_ns = 0;
    if (window.last_ns <= window.first_ns) continue;
    if (__builtin_sub_overflow(window.last_ns, window.first_ns, &length_ns)) length_ns = INT64_MAX;
    sum = add_ns(sum, length_ns);
  }
  return sum;
}

TraceReading ProfileBuilder::take() {
  for (const Quantity quantity : kAllQuantities) {
    Account& account = accounts_[index_of(quantity)];
    if (!account.seen) continue;
    Profile& profile = reading_.record.profiles.by_kind[{witness_, quantity}];
    add_rows(profile, take_rows(quantity));
    profile.periods_ns = std::move(account.periods_ns);
    profile.lost = account.lost;
    profile.window_ns = windows_ns(quantity);
    if (quantity == Quantity::device_time && !parts_.empty()) {
      profile.window_ns = divided_ns_;
      profile.parts = std::move(parts_);
    }
    profile.whole_ns = profile.rows_ns();
    profile.unseen = unseen_;
    if (account.is_full) profile.unseen.insert("what has more than a million different kernels, places and shapes");
  }
  TraceReading reading = std::move(reading_);
  *this = ProfileBuilder(witness_);
  return reading;
}

}  // namespace varve
