#include "model/kernels/profile.h"

#include <algorithm>
#include <utility>

namespace varve {

namespace {
void add_row(ProfileRow& into, const ProfileRow& from) {
  into.time.merge(from.time);
  into.nested_ns = add_ns(into.nested_ns, from.nested_ns);
  into.joined_ns = add_ns(into.joined_ns, from.joined_ns);
  into.impossible_ns = add_ns(into.impossible_ns, from.impossible_ns);
  into.share_ns = add_ns(into.share_ns, from.share_ns);
  into.alone_ns = add_ns(into.alone_ns, from.alone_ns);
  into.samples = add_counts(into.samples, from.samples);
  into.bytes = add_counts(into.bytes, from.bytes);
}

bool by_key(const ProfileRow& a, const ProfileRow& b) { return a.key < b.key; }

void add_profile(Profile& into, const Profile& from) {
  into.scopes.insert(from.scopes.begin(), from.scopes.end());
  into.periods_ns.insert(from.periods_ns.begin(), from.periods_ns.end());
  into.lost = add_counts(into.lost, from.lost);
  into.window_ns = add_ns(into.window_ns, from.window_ns);
  into.whole_ns = add_ns(into.whole_ns, from.whole_ns);
  into.before_ns = add_ns(into.before_ns, from.before_ns);
  into.between_ns = add_ns(into.between_ns, from.between_ns);
  into.after_ns = add_ns(into.after_ns, from.after_ns);
  add_rows(into, from.rows);
  for (const auto& [part, ns] : from.parts) into.parts[part] = add_ns(into.parts[part], ns);
  into.unseen.insert(from.unseen.begin(), from.unseen.end());
}
}  // namespace

std::optional<Part> part_of(Activity activity) {
  switch (activity) {
    case Activity::kernel:
    case Activity::code:
      return Part::kernel;
    case Activity::collective:
      return Part::collective;
    case Activity::copy:
    case Activity::fill:
      return Part::copy;
    case Activity::call:
    case Activity::synchronise:
    case Activity::launch:
    case Activity::allocate:
    case Activity::operation:
    case Activity::region:
      return std::nullopt;
  }
  return std::nullopt;
}

std::int64_t Profile::rows_ns() const {
  std::int64_t sum = 0;
  for (const ProfileRow& row : rows) sum = add_ns(sum, row.time.total_ns);
  return sum;
}

std::int64_t Profile::outside_ns() const { return add_ns(add_ns(before_ns, between_ns), after_ns); }

std::int64_t Profile::remainder_ns() const { return whole_ns - rows_ns(); }

std::int64_t Profile::undivided_ns() const {
  std::int64_t divided = 0;
  for (const auto& [part, ns] : parts) divided = add_ns(divided, ns);
  return window_ns - divided;
}

std::uint64_t Profile::samples() const {
  std::uint64_t sum = 0;
  for (const ProfileRow& row : rows) sum = add_counts(sum, row.samples);
  return sum;
}

void add_rows(Profile& profile, std::vector<ProfileRow> rows) {
  std::move(profile.rows.begin(), profile.rows.end(), std::back_inserter(rows));
  profile.rows.clear();
  std::sort(rows.begin(), rows.end(), by_key);
  for (ProfileRow& row : rows) {
    if (!profile.rows.empty() && profile.rows.back().key == row.key) {
      add_row(profile.rows.back(), row);
    } else {
      profile.rows.push_back(std::move(row));
    }
  }
}

const Profile* Profiles::find(ProfileKind kind) const {
  const auto found = by_kind.find(kind);
  return found == by_kind.end() ? nullptr : &found->second;
}

void Profiles::add_absent(ProfileKind kind, std::string reason) {
  std::uint64_t& times = absent[{kind, std::move(reason)}];
  times = add_counts(times, 1);
}

std::vector<std::string> Profiles::reasons_absent(ProfileKind kind) const {
  std::vector<std::string> reasons;
  for (const auto& [unseen, times] : absent) {
    if (unseen.kind == kind) reasons.push_back(unseen.reason);
  }
  return reasons;
}

void merge(Profiles& into, const Profiles& from, const KernelIdMap& ids) {
  const auto mapped = [&](KernelId id) { return id == kNoKernel ? id : ids.at(static_cast<std::size_t>(id)); };
  Profiles renamed = from;
  for (auto& [kind, profile] : renamed.by_kind) {
    for (ProfileRow& row : profile.rows) {
      row.key.kernel = mapped(row.key.kernel);
      row.key.operation = mapped(row.key.operation);
    }
  }
  merge(into, renamed);
}

void merge(Profiles& into, const Profiles& from) {
  for (const auto& [kind, profile] : from.by_kind) add_profile(into.by_kind[kind], profile);
  for (const auto& [unseen, times] : from.absent) {
    std::uint64_t& sum = into.absent[unseen];
    sum = add_counts(sum, times);
  }
}

void merge(ProfileRecord& into, const ProfileRecord& from) {
  merge(into.profiles, from.profiles, into.kernels.intern_all(from.kernels));
}

ProfileRecord with_kernels(const ProfileRecord& record, const std::function<Kernel(const Kernel&)>& change) {
  ProfileRecord changed;
  KernelIdMap ids;
  for (const Kernel& kernel : record.kernels.kernels()) ids.push_back(changed.kernels.intern(change(kernel)));
  merge(changed.profiles, record.profiles, ids);
  return changed;
}

}  // namespace varve
