#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/answers/check_result.h"
#include "model/coverage.h"
#include "world/files.h"

namespace varve {

// How long and how much is compiled before the rest is left.
struct JitProofLimits {
  double seconds_each = 120;           // of one text, in a child process
  double seconds = 900;                // of all
  std::int64_t texts = 5000;           // of all files
  std::size_t text_bytes = 64u << 20;  // of one text
};

struct JitProofs {
  std::vector<JitProof> proofs;      // by file, then region; a text that occurs twice is compiled once
  double seconds = 0;                // of all compilations: what the first start takes longer, when everything is used
  std::int64_t files = 0;            // that were looked into
  std::int64_t left = 0;             // texts that were not compiled because a limit was reached
  std::vector<std::string> remarks;  // "libx.so: 3 texts could not be decompressed"
};

// Takes the PTX that would have to be compiled for this GPU out of the files (paths in `files`; those that hold no GPU
// code or cannot be opened are passed over with a remark) and has `compiler` (libnvidia-ptxjitcompiler of a driver, a
// path of this machine) compile each text in a child process. Lazy loading compiles only what is used, and the driver
// keeps the result in its cache: the seconds are the most that a first start takes. `progress` gets what is done and
// the share of the files. Error: the compiler cannot be asked at all.
Result<JitProofs> prove_jit(const Files& files, const std::vector<std::string>& paths, ComputeCapability gpu,
                            const std::string& compiler, const JitProofLimits& limits = {},
                            const std::function<void(const std::string& what, double share)>& progress = {});

}  // namespace varve
