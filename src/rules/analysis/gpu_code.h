#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/coverage.h"
#include "rules/analysis/driver_regime.h"
#include "rules/situation/consumer_view.h"
#include "rules/situation/situation.h"

namespace varve {

// Whether the driver knows a GPU at all: without that no code of any kind helps.
enum class GpuSupport {
  known,
  too_new,  // the GPU came after this driver
  dropped,  // the driver no longer serves it
  untold,
};

struct GpuSupportVerdict {
  GpuSupport support = GpuSupport::untold;
  std::string detail;  // one clause
  ComputeCapability gpu = {};
};

// By what the driver's own compiler said it compiles for, else by the branches of data/gpu_architectures.json.
GpuSupportVerdict judge_gpu_support(const Situation& situation, const ServingDriver& driver, ComputeCapability gpu);
// One a compute capability of the machine, in their order; GPUs whose capability is not known have none.
std::vector<GpuSupportVerdict> judge_gpus(const Situation& situation, const ServingDriver& driver);

// What becomes of a consumer's own GPU code on one GPU.
enum class CodeCause {
  native,             // machine code for it
  by_jit,             // the driver compiles the PTX at the first start
  partly,             // most of what other GPUs get is missing for this one
  for_siblings,       // runs, without the code that was specialised for others of its generation
  some_files,         // runs, but some of its files have no code for it
  ptx_too_new,        // only PTX would do, and this driver does not take that version
  ptx_disabled,       // only PTX would do, and CUDA_DISABLE_PTX_JIT forbids it
  machine_code_only,  // CUDA_FORCE_PTX_JIT asks for PTX and there is none
  hardly,             // less than a fifth of what other GPUs get: of libraries linked into it, not of its own kernels
  none,               // neither machine code nor PTX: "no kernel image is available"
  untold,             // only PTX would do, and what the driver takes is not known
  no_code,            // it has no GPU code of its own
  not_read,           // nobody looked into its files
};

struct CodeVerdict {
  ComputeCapability gpu;
  CodeCause cause = CodeCause::no_code;
  CoverageCount count;     // of its own files together, with the driver's PTX ceiling
  std::string newest_ptx;  // "9.2": that would be compiled for this GPU; empty: none
  std::string targets;     // what the code was made for: "sm_80 sm_90a, PTX of compute_90"
  std::string files;       // some_files: which ones
  std::string detail;      // one clause with the numbers
  bool by_table = false;   // from data/framework_builds.json, not from the files
};

// One verdict a compute capability of the machine (a capability once). Rules: FATBIN notes section 6; the "Application
// Compatibility" chapter of the CUDA C++ programming guide; the two variables by its environment chapter.
std::vector<CodeVerdict> judge_code(const Situation& situation, const ServingDriver& driver, const ConsumerView& view);
CheckState state_of(CodeCause cause);

// What data/framework_builds.json says of a published build, as if it were read from its files.
struct PublishedCode {
  std::string source;  // "the table of published builds (…)"
  Coverage coverage;
};
std::optional<PublishedCode> published_code(const Situation& situation, const ConsumerView& view);
// Whether a release of CUDA makes machine code that runs on a GPU.
struct MadeFor {
  bool before = false, since = false;  // the release came before any that does; it came behind the last
  std::string first, last;             // that does
};
MadeFor made_for(const Knowledge& knowledge, const DottedVersion& cuda, ComputeCapability gpu);
// Of a build that nobody looked into and that no table has: what the CUDA that it was made with leaves possible on the
// verdict's GPU. False: nothing is decided by it.
bool decide_by_release(const Situation& situation, const ConsumerView& view, CodeVerdict& verdict);

// A kernel library (NCCL, cuDNN with all of its parts) that a consumer loads and that has nothing for one GPU, which
// the consumer's own code serves.
struct LibraryCodeVerdict {
  std::string library;  // "nccl"
  std::string path;     // of one of its files
  ComputeCapability gpu;
  std::string detail;  // one clause
};

// Those that are made for other GPUs alone. A library that serves newer GPUs only, as its makers say
// (LibraryRow::least_gpu), is none of them where the GPU is older.
std::vector<LibraryCodeVerdict> judge_library_code(const Situation& situation, const ServingDriver& driver,
                                                   const ConsumerView& view, const std::vector<CodeVerdict>& own);

// "sm_80, sm_90a, compute_90 (PTX 8.4)": machine code and PTX, the first twelve.
std::string targets_text(const std::set<CodeTarget>& targets);

// A compiler that the consumer uses at run time, on one GPU.
struct CompilerVerdict {
  GpuCompiler name = GpuCompiler::ptxas;
  std::string version;  // the newest of that name: "12.9.86"
  ComputeCapability gpu;
  CheckState state = CheckState::ok;  // ok, broken, cannot_tell
  bool ptx_above_ceiling = false;     // what it would hand over as PTX is too new for the driver
  std::string detail;
};

// ptxas of the packages that the consumer's own one asks for, NVRTC among the libraries that it loads. Of several
// compilers of a name one that knows the GPU is enough.
std::vector<CompilerVerdict> judge_compilers(const Situation& situation, const ServingDriver& driver,
                                             const ConsumerView& view);

// The compute capabilities of the machine's GPUs, each once.
std::vector<ComputeCapability> capabilities_of(const Situation& situation);
// "NVIDIA H100 PCIe (9.0)", the first GPU of that capability.
std::string gpu_words(const Situation& situation, ComputeCapability capability);

}  // namespace varve
