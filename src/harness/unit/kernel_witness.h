#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/cpu_profile.h"
#include "kernels/cpu_sampler.h"
#include "kernels/cpu_use.h"
#include "model/kernels/profile.h"
#include "world/world.h"

namespace varve {

// What a unit loaded and where it spent its CPU time, paths with the home directory shortened.
struct KernelEvidence {
  std::vector<Library> libraries;
  ProfileRecord seen;
  std::optional<CpuUse> use;
};

// Watches the units that the thread which made it starts. Where CPU samples are not permitted or not wanted (`hertz`
// 0), the libraries come from looking at the process now and then, and the reason stands in the place of the profile.
class KernelWitness {
 public:
  KernelWitness(const World& world, double hertz);
  KernelWitness(const KernelWitness&) = delete;
  KernelWitness& operator=(const KernelWitness&) = delete;

  bool is_wanted() const { return hertz_ > 0; }

  // Both return the seconds until look() is due, as long as the unit runs.
  double unit_started(int process);
  double look();
  // With windows (CLOCK_MONOTONIC) the profile is of what they hold. A unit that `server` served loaded what that did.
  KernelEvidence unit_ended(std::span<const Stretch> windows = {}, int server = 0);
  // A process serves the units that come, until it has ended.
  void server_started(int process);
  void server_ended(int process);
  // Drops what was seen since: it was no unit.
  void forget();

  // CPU time between two samples; 0: none are taken.
  double seconds_between_samples() const;
  // Copies more of the stack from now on, where a unit showed that callers stand beyond what is copied. No unit runs.
  void sample_deeper_where_needed();
  // Takes no samples any more, of no unit, and says why.
  void stop_sampling(std::string why);

 private:
  std::unique_ptr<CpuSampler> open_sampler(StackCopies copies);
  void look_at_libraries();
  void look_at_devices();
  std::string work_on_devices(const std::vector<Library>& libraries) const;

  const World& world_;
  double hertz_;
  std::string home_;
  std::unique_ptr<CpuSampler> sampler_;
  std::string unavailable_;    // why there are no samples
  bool needs_deeper_ = false;  // a unit had many samples whose callers stand beyond what was copied
  bool stopped_ = false;       // there were, and other units told which libraries are loaded
  SymbolCache symbols_;
  int process_ = -1;
  double interval_ = 0;
  int looks_ = 0;                // that found the process's libraries; with samples: all since devices were looked at
  std::vector<Library> polled_;  // sorted by path
  bool device_open_ = false;     // /dev/nvidia* or /dev/kfd was seen open
};

}  // namespace varve
