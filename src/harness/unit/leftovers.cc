#include "harness/unit/leftovers.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace varve {

namespace {
// Whether there was any child left to ask about; collects those that have ended.
bool collect_ended_children() {
  while (true) {
    const pid_t collected = waitpid(-1, nullptr, WNOHANG);
    if (collected > 0 || (collected < 0 && errno == EINTR)) continue;
    return collected == 0;
  }
}
}  // namespace

Leftovers::Leftovers(const Files& files) : files_(files) {
  prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (collect_ended_children()) {
    for (const ProcessNode& child : descendants(process_tree(files_), getpid())) spared_.insert(child.process);
  }
}

Leftovers::~Leftovers() { prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_); }

std::vector<ProcessNode> Leftovers::living() const {
  if (!collect_ended_children()) return {};
  std::vector<ProcessNode> found = descendants(process_tree(files_), getpid(), spared_);
  collect_ended_children();  // what ended meanwhile, so that nobody finds even its number
  return found;
}

}  // namespace varve
