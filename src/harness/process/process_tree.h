#pragma once
#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// A process as /proc/PID/stat shows it (proc_pid_stat(5)).
struct ProcessNode {
  pid_t process = -1;
  pid_t parent = -1;
  pid_t group = -1;
  std::string name;         // as the kernel keeps it: up to 15 bytes of its program's name
  double user_seconds = 0;  // its own and that of the children it has waited for, in steps of 10 ms
  double system_seconds = 0;
};

// The processes of this machine that have not ended, by their parents.
using ProcessTree = std::map<pid_t, std::vector<ProcessNode>>;
ProcessTree process_tree(const Files& files);

// All that descend from `root`, which is not among them. One whose number is in `without` is left out, and what it
// started too.
std::vector<ProcessNode> descendants(const ProcessTree& tree, pid_t root, const std::set<pid_t>& without = {});

}  // namespace varve
