#pragma once
#include <sys/resource.h>

#include <string>
#include <string_view>
#include <vector>

#include "harness/process/spawn.h"
#include "harness/unit/executor.h"
#include "harness/unit/kernel_witness.h"
#include "harness/unit/leftovers.h"

namespace varve {

// One program from its start to the end of everything it started. The calls come in the order in which they stand
// here.
class UnitProcess {
 public:
  // `started_at` on the monotonic clock; `buffer` is lent.
  UnitProcess(SpawnedProcess spawned, double started_at, const UnitRequest& request, std::vector<char>& buffer);

  // Passes the output on until the leader has ended, ending it at the timeout or an interrupt. Returns when it ended.
  double wait_for_end(KernelWitness& witness);
  // Takes its status and what it used. False when it could not be killed (stuck in a driver).
  bool reap(UnitEnd& end, rusage& used);
  // Ends what is left of the unit, in whatever group or session, and closes the output. Says what was odd.
  std::vector<UnitMark> clean_up(const Leftovers& leftovers);

  int process() const { return spawned_.process; }
  const std::string& last_output() const { return last_output_; }

 private:
  bool has_ended() const;
  void pass_output_on();
  void hand_on(std::string_view bytes);  // nothing: the output has ended
  void keep_last(std::string_view bytes);
  void begin_ending();
  void signal_group(int signal) const;
  std::vector<ProcessNode> wait_for_helpers(const Leftovers& leftovers, std::vector<ProcessNode> left);
  std::vector<ProcessNode> end_what_is_left(const Leftovers& leftovers, const std::vector<ProcessNode>& left);

  SpawnedProcess spawned_;
  const UnitRequest& request_;
  std::vector<char>& buffer_;
  double deadline_;      // of the timeout, then of the grace after SIGTERM; infinite for none
  bool ending_ = false;  // SIGTERM was sent
  bool killed_ = false;  // SIGKILL was sent
  bool ended_ = false;
  bool timed_out_ = false;
  bool interrupted_ = false;
  bool output_open_ = true;
  std::string last_output_;
};

}  // namespace varve
