#include <algorithm>
#include <cmath>
#include <functional>

#include "base/text.h"
#include "capture/system/cgroup_tree.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
// The limit that one group sets: a number, none, or the reason why nobody knows.
struct Limit {
  std::optional<double> value;
  std::optional<Fact> problem;
};

// Where a limit was read, without the names of groups: they hold the ids of users, sessions and containers.
std::string source_of(const CgroupPlace& place, std::size_t level, const std::string& file) {
  const bool below_mount = level + 1 < place.groups.size();
  std::string source = place.mount + (below_mount ? "/…" : "") + file;
  if (level > 0) source += ", " + std::to_string(level) + (level == 1 ? " level" : " levels") + " above the process";
  return source;
}

// v2, cpu.max: "200000 100000" (microseconds a period) or "max 100000". v1: two files, a quota of -1 is none.
Limit cpu_limit(const Files& files, const std::string& group, bool unified) {
  std::optional<std::int64_t> quota, period;
  const std::string path = group + (unified ? "/cpu.max" : "/cpu.cfs_quota_us");
  const Looked<std::string> text = read_value(files, path);
  if (!text && text.failure == LookFailure::absent) return {};
  if (!text) return {std::nullopt, missing_because(text, path)};
  if (unified) {
    const std::vector<std::string_view> words = split_words(*text);
    if (words.size() == 2 && words[0] == "max") return {};
    if (words.size() == 2) {
      quota = parse_integer(words[0]);
      period = parse_integer(words[1]);
    }
  } else {
    quota = parse_integer(*text);
    if (quota && *quota < 0) return {};
    const Looked<std::string> period_text = read_value(files, group + "/cpu.cfs_period_us");
    if (period_text) period = parse_integer(*period_text);
  }
  if (!quota || !period || *quota <= 0 || *period <= 0) {
    return {std::nullopt, missing_fact(Missing::unreadable, path, "not a quota: " + *text)};
  }
  return {static_cast<double>(*quota) / static_cast<double>(*period), std::nullopt};
}

// v2, memory.max: bytes or "max". v1: bytes; without a limit the largest multiple of a page below 2^63.
Limit memory_limit(const Files& files, const std::string& group, bool unified) {
  const std::string path = group + (unified ? "/memory.max" : "/memory.limit_in_bytes");
  const Looked<std::string> text = read_value(files, path);
  if (!text && text.failure == LookFailure::absent) return {};
  if (!text) return {std::nullopt, missing_because(text, path)};
  if (*text == "max") return {};
  const auto bytes = parse_integer(*text);
  if (!bytes || *bytes < 0) return {std::nullopt, missing_fact(Missing::unreadable, path, "not a size: " + *text)};
  if (*bytes >= std::int64_t{1} << 62) return {};
  return {static_cast<double>(*bytes), std::nullopt};
}

struct LimitFile {
  const char *unified, *separate;  // its name in v2 and in v1
  Limit (*read)(const Files& files, const std::string& group, bool unified);
};
constexpr LimitFile kCpuLimit = {"/cpu.max", "/cpu.cfs_quota_us", cpu_limit};
constexpr LimitFile kMemoryLimit = {"/memory.max", "/memory.limit_in_bytes", memory_limit};

// A group is bound by every group above it, so the smallest limit holds.
Fact smallest_fact(const Files& files, const CgroupPlace& place, const LimitFile& file,
                   const std::function<Value(double)>& form) {
  if (place.problem) return *place.problem;
  const std::string name = place.unified ? file.unified : file.separate;
  std::optional<double> smallest;
  std::size_t smallest_level = 0;
  for (std::size_t level = 0; level < place.groups.size(); ++level) {
    const Limit limit = file.read(files, place.groups[level], place.unified);
    if (limit.problem) {
      Fact problem = *limit.problem;
      problem.source = source_of(place, level, name);
      return problem;
    }
    if (!limit.value || (smallest && *limit.value >= *smallest)) continue;
    smallest = limit.value;
    smallest_level = level;
  }
  const std::string source = source_of(place, smallest_level, name);
  return smallest ? known_fact(form(*smallest), source)
                  : missing_fact(Missing::not_applicable, source, "no limit is set");
}

// The set in force; a group without the controller has its parent's.
Fact cpuset_fact(const Files& files, const CgroupPlace& place) {
  if (place.problem) return *place.problem;
  const std::string name = place.unified ? "/cpuset.cpus.effective" : "/cpuset.effective_cpus";
  for (std::size_t level = 0; level < place.groups.size(); ++level) {
    const std::string& group = place.groups[level];
    Looked<std::string> cpus = read_value(files, group + name);
    if (!cpus && !place.unified) cpus = read_value(files, group + "/cpuset.cpus");
    if (cpus) return known_fact(*cpus, source_of(place, level, name));
    if (cpus.failure != LookFailure::absent) return missing_because(cpus, source_of(place, level, name));
  }
  return missing_fact(Missing::not_applicable, place.mount, "the cpuset controller is not in use");
}

// devices.list of v1: "c 195:* rw", or "a *:* rwm" where nothing is limited (devices.rst of the kernel). The group's
// own list holds: a group below another never allows more than it. Of v2 the rules are a program in the kernel.
Fact devices_fact(const Files& files, const CgroupTree& tree) {
  const CgroupPlace place = find_cgroup(tree, "devices");
  if (place.problem) return *place.problem;
  if (place.unified)
    return missing_fact(Missing::unsupported, place.mount, "in cgroup v2 a program decides, which is not readable");
  const Looked<std::string> text = files.read(place.groups.front() + "/devices.list", std::size_t{64} << 10);
  const std::string source = source_of(place, 0, "/devices.list");
  if (!text) return missing_because(text, source);
  std::vector<std::string> rows;
  for (const std::string_view line : split(*text, '\n')) {
    if (!trim(line).empty() && rows.size() < 256) rows.push_back(clean_utf8(trim(line), 64));
  }
  return rows.empty() ? missing_fact(Missing::absent, source, "no device may be used")
                      : known_fact(std::move(rows), source);
}
}  // namespace

void collect_cgroup(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  const CgroupTree tree = read_cgroup_tree(files, subject.proc);
  facts["cgroup.version"] = tree.version;
  facts["cgroup.cpu_quota"] =
      smallest_fact(files, find_cgroup(tree, "cpu"), kCpuLimit, [](double cpus) { return cpus; });
  facts["cgroup.cpuset"] = cpuset_fact(files, find_cgroup(tree, "cpuset"));
  facts["cgroup.devices"] = devices_fact(files, tree);
  facts["cgroup.memory_limit"] = smallest_fact(files, find_cgroup(tree, "memory"), kMemoryLimit,
                                               [](double bytes) { return static_cast<std::int64_t>(bytes); });
}

}  // namespace varve
