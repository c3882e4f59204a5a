#pragma once
#include <sys/types.h>

#include <set>
#include <vector>

#include "harness/process/process_tree.h"

namespace varve {

// While it lives, Varve is a child subreaper (prctl(2), Linux 3.4): a process whose parent ended becomes Varve's child,
// whatever session or group it put itself into, so that nothing a unit started is out of sight. Children that Varve had
// before, of a shell that became Varve, are left alone. One at a time in a process, and no other code may wait for
// children meanwhile.
class Leftovers {
 public:
  explicit Leftovers(const Files& files);  // with /proc; lent
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  // What of the units still lives, once the program itself was collected; collects what has ended. One system call when
  // there is nothing, else a look at every process of the machine.
  std::vector<ProcessNode> living() const;

  // A child that is meant to live on (a server), with all that it starts; and no longer.
  void spare(pid_t process) { spared_.insert(process); }
  void spare_no_more(pid_t process) { spared_.erase(process); }

 private:
  const Files& files_;
  int was_subreaper_ = 0;
  std::set<pid_t> spared_;  // those that Varve had before are among them
};

}  // namespace varve
