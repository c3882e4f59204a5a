#pragma once
#include <string>
#include <vector>

#include "harness/unit/executor.h"
#include "harness/unit/kernel_witness.h"
#include "harness/unit/machine_time.h"
#include "harness/unit/temporary_directory.h"

namespace varve {

// How the executor learns that a program has ended: `automatic` is a pidfd, or asking every 2 ms on a kernel without.
enum class ExitWatch { automatic, asking };

// Executes units as processes of this machine, each the leader of a fresh process group with stdin from /dev/null and
// VARVE_METRICS and VARVE_PAD in its environment. At the timeout or an interrupt the whole group gets SIGTERM, and
// after two seconds (at once on a second interrupt) SIGKILL. What the program leaves behind in its group is ended after
// it; what left the group is not waited for. Use it on the thread that made `witness`, under an InterruptGuard.
class ProcessExecutor : public Executor {
 public:
  ProcessExecutor(KernelWitness& witness, TemporaryDirectory directory, ExitWatch watch = ExitWatch::automatic);
  UnitOutcome execute(const UnitRequest& request) override;

 private:
  std::optional<MachineTime> machine_time_before_unit() const;
  std::vector<std::string> environment_for(const UnitRequest& request) const;
  void set_peak_memory(std::uint64_t bytes, UnitOutcome& outcome);

  KernelWitness& witness_;
  TemporaryDirectory directory_;
  ExitWatch watch_;
  std::string metrics_path_;
  FileHandle empty_input_;
  MachineClock machine_;
  std::optional<MachineTime> last_machine_time_;  // after the last unit,
  double last_machine_time_at_ = 0;               // on the monotonic clock
  double processors_ = 1;
  std::vector<char> buffer_;          // for the program's output, of every unit
  std::uint64_t own_peak_bytes_ = 0;  // our VmHWM when last looked at: it only grows
};

}  // namespace varve
