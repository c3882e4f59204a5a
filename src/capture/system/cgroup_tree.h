#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"
#include "world/files.h"

namespace varve {

// Where a process stands in the hierarchies of control groups: one for everything (v2), one a controller (v1), or v1
// with an empty v2 beside it (hybrid). cgroups(7).

// One line of /proc/PID/cgroup, "4:memory:/a/b" or "0::/a/b", with where its hierarchy is mounted.
struct CgroupLine {
  std::vector<std::string> controllers;  // empty in v2
  bool unified = false;
  std::string path;        // inside the hierarchy
  std::string mount;       // "/sys/fs/cgroup/memory"; empty when it is not mounted here
  std::string mount_root;  // the part of the hierarchy that is mounted, "/" for all of it
};

struct CgroupTree {
  Fact version;  // "v1", "v2", "hybrid"
  std::vector<CgroupLine> lines;
};

CgroupTree read_cgroup_tree(const Files& files, const std::string& proc);

// The directories of the process's group for a controller and of all groups above it that can be seen, nearest first.
struct CgroupPlace {
  bool unified = false;
  std::string mount;                // the last of the groups
  std::vector<std::string> groups;  // never empty without a problem
  std::optional<Fact> problem;
};

CgroupPlace find_cgroup(const CgroupTree& tree, std::string_view controller);

}  // namespace varve
