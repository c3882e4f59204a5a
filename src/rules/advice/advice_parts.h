#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/analysis/driver_regime.h"
#include "rules/analysis/gpu_code.h"
#include "rules/situation/situation.h"

namespace varve {

// Parts of the advice (rules/advice/advice.h).

// What advice is given for.
struct AdviceTarget {
  const Situation* situation = nullptr;
  ServingDriver driver;
  std::vector<ComputeCapability> gpus;       // each once; empty: not known
  bool is_supposed = false;                  // the driver is one that would have to be installed first
  const Environment* environment = nullptr;  // that it will be installed in; nullptr: a new one
};

// The same with a driver of this branch in the place of the machine's.
AdviceTarget with_branch(AdviceTarget target, const DriverBranch& branch);

// A published build that can be installed, that the driver serves and whose code and cuDNN cover every GPU; in the
// target's environment also one that its Python and the packages that stay there accept.
struct BuildChoice {
  const FrameworkBuild* build = nullptr;
  bool newest_version = true;    // no newer version of the framework is in the tables
  std::optional<Regime> regime;  // as in ConsumerVerdict
};

// The newest version of `framework` that fits, of it the build for the newest CUDA, those that need no minor-version
// compatibility first. `version`: only builds of exactly this version; empty: any. Nothing: none fits.
std::optional<BuildChoice> choose_build(const AdviceTarget& target, std::string_view framework,
                                        const std::string& version = {});
std::string build_words(const FrameworkBuild& build);  // "torch 2.14 for CUDA 12.6 (cu126)"
// "pip install …" as its project documents it, in the target's environment behind a "pip uninstall …" of what it would
// stand beside: another distribution of the same framework. `version`: exactly this one; empty: any of the build's.
// Where the newest cuDNN has left the GPUs, with one that has not. Empty: no command installs it.
std::string install_command(const AdviceTarget& target, const FrameworkBuild& build, const std::string& version = {});
// What an answer about builds rests on besides driver and GPUs: " this Python 3.14 and what stays in /venv"; empty: a
// new environment.
std::string environment_words(const AdviceTarget& target);
// What a build needs besides its own packages, in brackets; empty: nothing.
std::string host_cuda_words(const FrameworkBuild& build);
// What is known to be slower in it on these GPUs, " (known to be slower: …)"; empty: nothing.
std::string slower_words(const AdviceTarget& target, const FrameworkBuild& build);
// The framework of the tables that a package belongs to: "cupy" of "cupy-cuda12x"; empty: none.
std::string framework_of_package(const Knowledge& knowledge, std::string_view package);
// Those that a command installs, in the order of the table.
std::vector<std::string> known_frameworks(const Knowledge& knowledge);

// Whether releases of CUDA compile for all of these GPUs. A GPU that the tables do not know is compiled for by none.
bool compiles_for(const Knowledge& knowledge, const CudaRelease& release, const std::vector<ComputeCapability>& gpus);

// One line on the driver that would serve this CUDA and these GPUs: the lowest, its branch, and the lowest branch that
// is still supported. Empty: the tables do not know one.
std::string driver_advice(const AdviceTarget& target, const std::string& cuda);
// The lowest supported branch from `least` on that serves the GPUs; nullptr: none. Support is as of the tables' date.
const DriverBranch* supported_branch(const AdviceTarget& target, int least);
bool is_past_end(const Knowledge& knowledge, const DriverBranch& branch);          // false where the end is not known
std::string branch_words(const Knowledge& knowledge, const DriverBranch& branch);  // "580 (LTSB, until 2028-06)"

// Whether a package of cuda-compat for this CUDA may stand over the present kernel driver.
bool may_use_compat(const AdviceTarget& target, const CudaRelease& release);

// Lines on the newest toolkit, on builds of frameworks, on images, on the driver's own age.
std::vector<std::string> advise_machine(const AdviceTarget& target);

}  // namespace varve
