#pragma once
#include <memory>
#include <span>
#include <vector>

#include "kernels/cpu_sampler.h"
#include "model/kernels/profile.h"
#include "model/stack.h"
#include "model/window.h"

namespace varve {

// Symbol tables and build ids of the files seen so far, by path and build id; read again when the file on disk has
// changed (device, inode, size or time of modification). One cache serves all units of a run.
class SymbolCache {
 public:
  SymbolCache();
  ~SymbolCache();
  SymbolCache(SymbolCache&&) noexcept;
  SymbolCache& operator=(SymbolCache&&) noexcept;

  struct Files;
  Files& files() { return *files_; }

 private:
  std::unique_ptr<Files> files_;
};

// What ran, by function: the profile kCpuSamples. Code without a symbol is named by the range between its neighbours
// ("libx.so [0x1200-0x1a40]", virtual addresses of the file), generated code by /tmp/perf-PID.map or else as one row of
// library "[jit]", the operating system as "(kernel)" of library "[kernel]". Library paths are as mapped. Window and
// whole are left to whoever knows them. With `windows` (CLOCK_MONOTONIC, by rising start, apart from each other) the
// rows are of the samples in them; the time of the others is before, between or after. Evidence that says `unavailable`
// gives no profile, and the reason.
ProfileRecord cpu_profile(const CpuEvidence& evidence, SymbolCache& cache, std::span<const Stretch> windows = {});

// Every file that was mapped executable, sorted by path and unique. The build id is the kernel's, or else read from the
// file.
std::vector<Library> loaded_libraries(const CpuEvidence& evidence, SymbolCache& cache);

}  // namespace varve
