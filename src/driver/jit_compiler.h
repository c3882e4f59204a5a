#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/fact.h"
#include "world/child_probe.h"

namespace varve {

// The driver's own PTX compiler, libnvidia-ptxjitcompiler: the one that its JIT calls. It exports the public PTX
// Compiler API (NVIDIA's "PTX Compiler API" manual) and answers without a GPU. What the driver adds around it (its
// cache, lazy loading) is not seen. PTX is foreign input: everything runs in a child process with a time limit.

struct JitCompilerAnswer {
  std::string library;
  std::string problem;               // why the answer is not complete; empty: it is
  Fact version;                      // "12.4", nvPTXCompilerGetVersion
  Fact newest_ptx;                   // "8.4": accepted, while the next one of the known versions is refused
  Fact targets;                      // GPU names it compiles for: {"sm_50", …}, of those that Varve knows to ask for
  std::optional<std::string> named;  // the newest PTX version as the compiler's own error text names it
  double seconds = 0;
};

// A path, or the name that the loader finds.
JitCompilerAnswer ask_jit_compiler(const std::string& library = "libnvidia-ptxjitcompiler.so.1",
                                   const ProbeLimits& limits = {.seconds = 20, .leave_machine_alone = true});

struct PtxCompilation {
  bool ok = false;
  std::int64_t code = 0;           // nvPTXCompileResult: 3 compilation failure, 7 unsupported PTX version
  std::string log;                 // the compiler's error text, at most 16 KiB
  std::int64_t program_bytes = 0;  // of the machine code, when ok
  double seconds = 0;              // the compilation alone
};

// Whether this compiler makes machine code for `gpu_name` ("sm_90") out of a PTX text. Error: the compiler could not be
// asked (not there, crashed, out of time).
Result<PtxCompilation> compile_ptx(const std::string& library, const std::string& ptx, const std::string& gpu_name,
                                   const ProbeLimits& limits = {.seconds = 120, .leave_machine_alone = true});

}  // namespace varve
