#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "binary/frames/frame_rules.h"
#include "kernels/perf_sample.h"
#include "kernels/stacks/caller_tree.h"

namespace varve {

// One look at what a thread was doing. Times are CLOCK_MONOTONIC, process ids those of Varve's own pid namespace.
struct CpuSample {
  std::uint64_t address = 0;
  std::uint32_t process = 0, thread = 0;
  bool in_kernel = false;
  std::uint64_t time_ns = 0;
  std::uint32_t cpu = 0;                      // it ran on
  std::uint32_t callers = CallerTree::kNone;  // the node of what ran, in the evidence's tree; kNone: not known
};

// The stacks that were copied with samples and are not reduced to callers yet.
struct CopiedStacks {
  struct Stack {
    std::size_t sample = 0;  // its place in the list of samples
    FrameRegisters registers;
    std::size_t start = 0, size = 0;  // in `bytes`
  };
  std::vector<Stack> stacks;
  std::vector<std::byte> bytes;
};

// A part of a process's address space that became executable: a file, "[vdso]", or "//anon" for generated code.
struct ExecutableMapping {
  std::uint32_t process = 0;
  std::uint64_t start = 0, length = 0, file_offset = 0;
  std::string path;         // as the kernel names it, without " (deleted)"
  std::string build_id;     // hexadecimal, as the kernel read it while mapping; empty when it did not
  std::uint64_t inode = 0;  // 0 when not known (the kernel reports either this or the build id)
  std::uint64_t time_ns = 0;
  bool deleted = false;  // the file had no name any more
};

// A process split off another: it starts with its parent's mappings.
struct ProcessFork {
  std::uint32_t process = 0, parent = 0;
  std::uint64_t time_ns = 0;
};

// A process became another program: its mappings are gone.
struct ProcessExec {
  std::uint32_t process = 0;
  std::uint64_t time_ns = 0;
};

// What was seen since the last take(); every list in the order of time.
struct CpuEvidence {
  std::vector<CpuSample> samples;
  std::vector<ExecutableMapping> mappings;
  std::vector<ProcessFork> forks;
  std::vector<ProcessExec> execs;
  std::uint64_t lost = 0;       // records that found no room (in the ring, or above the cap of 8 million samples)
  std::int64_t period_ns = 0;   // CPU time one sample stands for
  std::string scope;            // "user" or "user and kernel"
  std::string scope_limit;      // why kernel code was not seen; "" when it was
  std::string unavailable;      // why nothing could be sampled; "" when it could
  CopiedStacks stacks;          // empty once they are reduced
  std::size_t stack_bytes = 0;  // that are copied with a sample, at most
  std::size_t cut_stacks = 0;   // that were copied whole and ended within the few functions that were running
  CallerTree callers;
  std::string callers_unavailable;  // why samples have no callers; "" when they may have
};

// Gives the samples of the stacks in the evidence their callers, and drops the stacks. Its lists are not sorted yet.
using ReduceStacks = std::function<void(CpuEvidence&)>;

// Samples by CPU time everything that the thread which opened it starts: each child from its exec on, with its threads
// and descendants, on every CPU. Opened once, before the first child; nothing is to be done when a child starts. The
// opening process itself is never sampled. Children that another thread starts are not seen.
//
// The kernel copies one event a CPU into every process and thread that a child starts: about 5 µs each (measured on two
// CPUs of a virtual machine), which on machines with hundreds of CPUs shows in programs that start many threads.
//
// A fixed period of CPU time passes between two samples of one thread on one CPU, and what a thread uses after its
// last sample there is not seen: programs made of many processes that live shorter than the period are undercounted.
class CpuSampler {
 public:
  // `hertz` samples a second of CPU time, 1 to 10 000 (clamped). Never null: what is not permitted here shows in
  // unavailable(), and such a sampler does nothing. With `reduce` the user stack is copied with every sample where the
  // kernel can do so; `reduce` is called by poll() whenever 64 MiB of stacks have come together, and by take(). Deep
  // copies need rings of full size.
  static std::unique_ptr<CpuSampler> open(double hertz, ReduceStacks reduce = {},
                                          StackCopies copies = StackCopies::usual);
  ~CpuSampler();
  CpuSampler(const CpuSampler&) = delete;
  CpuSampler& operator=(const CpuSampler&) = delete;

  // Why nothing can be sampled and what to do about it; "" when it can.
  const std::string& unavailable() const;
  // Empties the rings. Due every poll_seconds() while a child runs.
  void poll();
  // Half of the time that a ring is sure to hold, at most a second: a fraction of it where stacks are copied.
  double poll_seconds() const;
  bool copies_stacks() const;
  // A child that goes on while others come and end, as a server does: what is known of its address space, and of what
  // it starts, is given with every take() for it, until it is let go.
  void keep(int child);
  void let_go(int child);
  // Everything since the last take(), of whatever this thread started meanwhile: take once before a child starts to
  // leave others out, and again when it has ended. What is left of its mappings is forgotten. Of children that are
  // kept, mappings of `served_by` alone are given.
  CpuEvidence take(int served_by = 0);

 private:
  struct Rings;
  explicit CpuSampler(std::unique_ptr<Rings> rings);
  std::unique_ptr<Rings> rings_;
};

}  // namespace varve
