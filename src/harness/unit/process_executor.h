#pragma once
#include <sys/resource.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/conditions/canary.h"
#include "harness/conditions/gpu_watch.h"
#include "harness/conditions/machine_time.h"
#include "harness/conditions/machine_watch.h"
#include "harness/marks/marked_steps.h"
#include "harness/unit/executor.h"
#include "harness/unit/kernel_witness.h"
#include "harness/unit/leftovers.h"
#include "harness/unit/metrics.h"
#include "harness/unit/temporary_directory.h"

namespace varve {

// How the executor learns that a program has ended: `automatic` is a pidfd, or asking every 2 ms on a kernel without.
enum class ExitWatch { automatic, asking };

// Executes units as processes of this machine, each the leader of a fresh process group with stdin from /dev/null and
// VARVE_METRICS and VARVE_PAD in its environment. At the timeout or an interrupt the whole group gets SIGTERM, and
// after two seconds (at once on a second interrupt) SIGKILL. What the program leaves behind is ended after it, daemons
// in sessions of their own too: the next unit must not meet them. Use it on the thread that made `witness`, under an
// InterruptGuard. `world` is lent.
class ProcessExecutor : public Executor {
 public:
  ProcessExecutor(const World& world, KernelWitness& witness, TemporaryDirectory directory,
                  ExitWatch watch = ExitWatch::automatic, GpuWatch gpus = {});
  ~ProcessExecutor() override;
  UnitOutcome execute(const UnitRequest& request) override;
  UnitOutcome execute_aside(const UnitRequest& request) override;
  Status start_server(int key, const ServerRequest& request) override;
  void stop_server(int key) override;
  std::optional<Canary> canary() override { return take_canary(); }
  double seconds_between_samples() const override { return witness_.seconds_between_samples(); }
  void stop_sampling(const std::string& why) override { witness_.stop_sampling(why); }
  void settle_sampling() override {
    if (servers_.empty()) witness_.sample_deeper_where_needed();  // what runs already would be sampled no more
  }
  GpuProducts gpu_products(const GpuProductsRequest& request) override { return take_gpu_products(request, gpus_); }

 private:
  ServerProcess* server_of(const UnitRequest& request) const;
  std::optional<MachineTime> machine_time();
  const std::vector<std::string>& environment_for(const UnitRequest& request);
  const std::string& cpus_allowed(int process);
  Result<WrittenMetrics> read_unit(const UnitRequest& request, UnitReadings& readings, UnitOutcome& outcome);
  static void take_conditions(const rusage& used, const MachineTime* before, const MachineTime* after,
                              UnitOutcome& outcome);
  void set_peak_memory(std::uint64_t bytes, UnitOutcome& outcome);

  struct Environment {
    MarksAsked marks = MarksAsked::nothing;
    std::vector<std::string> asked, built;  // as requests give it, and as programs get it
  };

  const World& world_;
  KernelWitness& witness_;
  TemporaryDirectory directory_;
  ExitWatch watch_;
  MetricsPlace metrics_;
  MarksFolder marks_;
  FileHandle empty_input_;
  Leftovers leftovers_;
  MachineClock machine_;
  MachineWatch conditions_;
  GpuWatch gpus_;
  std::optional<MachineTime> last_machine_time_;  // as last read,
  double last_machine_time_at_ = 0;               // on the monotonic clock
  double processors_ = 1;
  std::map<const std::vector<std::string>*, Environment> environments_;
  std::array<std::uint64_t, 64> last_mask_{};  // of CPUs, and what it is in words
  std::string last_cpus_;
  std::vector<char> buffer_;  // for the program's output, of every unit
  std::map<int, std::unique_ptr<ServerProcess>> servers_;
  std::uint64_t own_peak_bytes_ = 0;  // our VmHWM when last looked at: it only grows
};

}  // namespace varve
