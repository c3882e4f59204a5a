#include "report/kernel_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace varve {

namespace {
struct GroupName {
  std::string name, full_name;
};

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

// What tells groups apart, and what they are called.
std::pair<std::string, GroupName> group_of(const KernelTable& kernels, const ProfileRow& row, KernelGrouping grouping) {
  const Kernel& kernel = kernels[row.key.kernel];
  const auto plain = [](const std::string& name) { return std::pair(name, GroupName{name, name}); };
  switch (grouping) {
    case KernelGrouping::family:
      return plain(family_of(kernel, row));
    case KernelGrouping::operation:
      if (row.key.operation == kNoKernel) {
        const bool is_one = row.key.activity == Activity::operation;
        return plain(is_one ? kernel.key.name : "(operation not known)");
      }
      return plain(kernels[row.key.operation].key.name);
    case KernelGrouping::library: {
      const std::string source = source_of(kernel);
      return plain(source.empty() ? "(not told)" : source);
    }
    case KernelGrouping::rank: {
      const Place& place = row.key.place;
      std::string name = place.rank >= 0 ? fmt::format("rank {}", place.rank) : "";
      if (place.device >= 0) name += fmt::format("{}device {}", name.empty() ? "" : ", ", place.device);
      if (name.empty()) name = "(not told)";
      return {fmt::format("{:010}{:010}", std::int64_t{place.rank} + 1, std::int64_t{place.device} + 1), {name, name}};
    }
    case KernelGrouping::name:
    case KernelGrouping::step:
      break;
  }
  if (row.key.activity == Activity::operation) return plain(without_shapes(kernel.key.name));
  const std::string full = kernel.raw_name.empty() ? kernel.key.name : kernel.raw_name;
  return {kernel.key.name + '\n' + kernel.key.library, {short_name(kernel.key.name), full}};
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

// Names of kernels on one line each, no two alike.
void set_display_names(const KernelTable& kernels, const std::map<std::string, KernelId>& ids, std::size_t columns,
                       std::map<std::string, RowGroup>& groups) {
  KernelTable shown;
  for (const auto& [key, id] : ids) shown.intern(kernels[id]);
  const std::vector<std::string> names = display_names(shown, columns);
  for (const auto& [key, id] : ids) groups[key].name = names[static_cast<std::size_t>(shown.intern(kernels[id]))];
}
}  // namespace

std::vector<RowGroup> kernel_groups(const KernelTable& kernels, const Profile& profile, const Activities& activities,
                                    KernelGrouping grouping, std::size_t name_columns) {
  const bool by_name = grouping == KernelGrouping::name || grouping == KernelGrouping::step;
  std::map<std::string, RowGroup> groups;
  std::map<std::string, KernelId> ids;  // of kernels that have a group of their own
  for (const ProfileRow& row : profile.rows) {
    if (!activities.contains(row.key.activity)) continue;
    auto [key, name] = group_of(kernels, row, grouping);
    const bool is_shown_by_name =
        kMainActivities.contains(row.key.activity) || kCopyActivities.contains(row.key.activity);
    if (by_name && is_shown_by_name) ids.try_emplace(key, row.key.kernel);
    const auto [at, fresh] = groups.try_emplace(std::move(key));
    if (fresh) {
      at->second.name = std::move(name.name);
      at->second.full_name = std::move(name.full_name);
    }
    add_row(at->second, kernels[row.key.kernel], row);
  }
  set_display_names(kernels, ids, name_columns, groups);
  std::vector<RowGroup> sorted;
  for (auto& [key, group] : groups) sorted.push_back(std::move(group));
  if (grouping == KernelGrouping::rank) return sorted;  // in their order
  std::stable_sort(sorted.begin(), sorted.end(), [](const RowGroup& a, const RowGroup& b) {
    return std::tuple(a.time.total_ns, a.samples) > std::tuple(b.time.total_ns, b.samples);
  });
  return sorted;
}

RowGroup sum_of(const std::vector<RowGroup>& groups) {
  RowGroup sum;
  for (const RowGroup& group : groups) add_group(sum, group);
  return sum;
}

}  // namespace varve
