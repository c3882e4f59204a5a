#include "report/kernel_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kFewestNamed = 1000;

// Who made a kernel: what its name says of it, else the file it is from.
std::string source_of(const Kernel& kernel) {
  return kernel.meaning.origin.empty() ? file_name(kernel.key.library) : kernel.meaning.origin;
}

// What ran as a collective is one, whatever its name says.
std::string family_of(const Kernel& kernel, const ProfileRow& row) {
  const bool collective = row.key.activity == Activity::collective;
  return std::string(to_string(collective ? Family::collective : kernel.meaning.family));
}

// "aten::mm" for "aten::mm [[8,64],[64,8]]".
std::string without_shapes(const std::string& operation) { return operation.substr(0, operation.find(" [")); }

std::string rank_of(const Place& place) {
  std::string name = place.rank >= 0 ? fmt::format("rank {}", place.rank) : "";
  if (place.device >= 0) name += fmt::format("{}device {}", name.empty() ? "" : ", ", place.device);
  return name.empty() ? "(not told)" : name;
}

// What tells groups apart; apart from ranks and kernels it is what they are called.
std::string group_key(const KernelTable& kernels, const ProfileRow& row, KernelGrouping grouping) {
  const Kernel& kernel = kernels[row.key.kernel];
  switch (grouping) {
    case KernelGrouping::family:
      return family_of(kernel, row);
    case KernelGrouping::operation:
      if (row.key.operation != kNoKernel) return kernels[row.key.operation].key.name;
      return row.key.activity == Activity::operation ? kernel.key.name : "(operation not known)";
    case KernelGrouping::library: {
      const std::string source = source_of(kernel);
      return source.empty() ? "(not told)" : source;
    }
    case KernelGrouping::rank: {
      const Place& place = row.key.place;
      return fmt::format("{:010}{:010}", std::int64_t{place.rank} + 1, std::int64_t{place.device} + 1);
    }
    case KernelGrouping::name:
    case KernelGrouping::step:
      break;
  }
  if (row.key.activity == Activity::operation) return without_shapes(kernel.key.name);
  return kernel.key.name + '\n' + kernel.key.library;
}

bool is_by_name(KernelGrouping grouping) {
  return grouping == KernelGrouping::name || grouping == KernelGrouping::step;
}

// Whether a group is one kernel, or a copy, that is called unlike all others.
bool has_own_name(const ProfileRow& row, KernelGrouping grouping) {
  const bool is_shown = kMainActivities.contains(row.key.activity) || kCopyActivities.contains(row.key.activity);
  return is_by_name(grouping) && is_shown;
}

// What a group is called by its first row, until it gets a name of its own.
void name_group(RowGroup& group, const std::string& key, const Kernel& kernel, const ProfileRow& row,
                KernelGrouping grouping) {
  group.name = group.full_name = grouping == KernelGrouping::rank ? rank_of(row.key.place) : key;
  if (!is_by_name(grouping) || row.key.activity == Activity::operation) return;
  group.name = has_own_name(row, grouping) ? kernel.key.name : short_name(kernel.key.name);
  group.full_name = kernel.raw_name.empty() ? kernel.key.name : kernel.raw_name;
}

void add_row(RowGroup& group, const Kernel& kernel, const ProfileRow& row) {
  group.families.insert(family_of(kernel, row));
  if (const std::string source = source_of(kernel); !source.empty()) group.sources.insert(source);
  if (!kernel.meaning.precision.empty()) group.precisions.insert(kernel.meaning.precision);
  group.tensor_cores = group.tensor_cores || kernel.meaning.tensor_cores.value_or(false);
  group.compiled = group.compiled || kernel.meaning.compiled;
  group.time.merge(row.time);
  group.nested_ns = add_ns(group.nested_ns, row.nested_ns);
  group.impossible_ns = add_ns(group.impossible_ns, row.impossible_ns);
  group.share_ns = add_ns(group.share_ns, row.share_ns);
  group.samples = add_counts(group.samples, row.samples);
  group.bytes = add_counts(group.bytes, row.bytes);
}

void add_group(RowGroup& into, const RowGroup& from) {
  into.families.insert(from.families.begin(), from.families.end());
  into.sources.insert(from.sources.begin(), from.sources.end());
  into.precisions.insert(from.precisions.begin(), from.precisions.end());
  into.tensor_cores = into.tensor_cores || from.tensor_cores;
  into.compiled = into.compiled || from.compiled;
  into.time.merge(from.time);
  into.nested_ns = add_ns(into.nested_ns, from.nested_ns);
  into.impossible_ns = add_ns(into.impossible_ns, from.impossible_ns);
  into.share_ns = add_ns(into.share_ns, from.share_ns);
  into.samples = add_counts(into.samples, from.samples);
  into.bytes = add_counts(into.bytes, from.bytes);
}

// Names of kernels on one line each, no two of the first ones alike; of the others nobody sees any.
void set_display_names(const KernelTable& kernels, const GroupNames& names, std::vector<RowGroup>& groups,
                       std::vector<KernelId>& ids) {
  const std::size_t named =
      names.most == 0 ? groups.size() : std::min(groups.size(), std::max(names.most + 1, kFewestNamed));
  KernelTable shown;
  for (std::size_t i = 0; i < named; ++i) {
    if (ids[i] != kNoKernel) shown.intern(kernels[ids[i]]);
  }
  const std::vector<std::string> texts = display_names(shown, names.columns);
  for (std::size_t i = 0; i < named; ++i) {
    if (ids[i] != kNoKernel) groups[i].name = texts[static_cast<std::size_t>(shown.intern(kernels[ids[i]]))];
  }
}

bool is_before(const RowGroup& a, const RowGroup& b) {
  return std::tuple(a.time.total_ns, a.samples) > std::tuple(b.time.total_ns, b.samples);
}
}  // namespace

std::vector<RowGroup> kernel_groups(const KernelTable& kernels, const Profile& profile, const Activities& activities,
                                    KernelGrouping grouping, const GroupNames& names) {
  struct Found {
    RowGroup group;
    KernelId kernel = kNoKernel;  // where it has a group of its own
  };
  std::map<std::string, Found> found;
  for (const ProfileRow& row : profile.rows) {
    if (!activities.contains(row.key.activity)) continue;
    const Kernel& kernel = kernels[row.key.kernel];
    const auto [at, fresh] = found.try_emplace(group_key(kernels, row, grouping));
    if (fresh) name_group(at->second.group, at->first, kernel, row, grouping);
    if (has_own_name(row, grouping) && at->second.kernel == kNoKernel) at->second.kernel = row.key.kernel;
    add_row(at->second.group, kernel, row);
  }
  std::vector<Found> sorted;
  for (auto& [key, one] : found) sorted.push_back(std::move(one));
  const auto goes_first = [](const Found& a, const Found& b) { return is_before(a.group, b.group); };
  if (grouping != KernelGrouping::rank)
    std::stable_sort(sorted.begin(), sorted.end(), goes_first);  // else in their order
  std::vector<RowGroup> groups;
  std::vector<KernelId> ids;
  for (Found& one : sorted) {
    groups.push_back(std::move(one.group));
    ids.push_back(one.kernel);
  }
  set_display_names(kernels, names, groups, ids);
  return groups;
}

RowGroup sum_of(const std::vector<RowGroup>& groups) {
  RowGroup sum;
  for (const RowGroup& group : groups) add_group(sum, group);
  return sum;
}

}  // namespace varve
