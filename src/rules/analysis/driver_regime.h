#pragma once
#include <optional>
#include <string>
#include <utility>

#include "base/dotted_version.h"
#include "model/answers/check_result.h"
#include "rules/situation/situation.h"

namespace varve {

enum class DriverPresence {
  there,
  missing,        // somebody looked, there is no libcuda that serves
  unknown,        // nobody could look
  not_looked_at,  // an environment alone, a machine without a GPU
};

// The user driver that a program of the subject would get, and the kernel driver below it.
struct ServingDriver {
  DriverPresence presence = DriverPresence::unknown;
  std::string detail;  // what stands in its place, or the fact that is not known: "driver.user_mode.version is denied"
  std::optional<DottedVersion> version, kernel;
  std::string version_text;                  // as it is written: "535.104.05"
  std::optional<DottedVersion> api_level;    // of its libcuda
  std::string api_level_source;              // "driver.api_level", or the branch that says it
  std::string api_level_missing;             // why there is none
  bool compat = false;                       // it is of a cuda-compat package
  bool of_subject = false;                   // it lies in the subject (an image), not on the machine
  std::optional<DottedVersion> ptx_ceiling;  // newest PTX that its compiler takes
};

ServingDriver serving_driver(const Situation& situation);

// The stub that an image's LD_LIBRARY_PATH puts before the driver that the container runtime mounts; nullptr: none.
const DriverFile* stub_of_image(const Situation& situation);
std::optional<std::pair<int, int>> ceiling_pair(const ServingDriver& driver);  // as count_coverage takes it
std::string driver_words(const ServingDriver& driver);                         // "driver 535.104.05 (API level 12.2)"

// What becomes of a cuda-compat libcuda that is (or would be) taken over this kernel driver and these GPUs.
// Source: NVIDIA's "CUDA Compatibility", forward compatibility; the codes by cuda.h.
enum class ForwardState {
  not_tried,   // no compat libcuda serves
  not_needed,  // the same version as the kernel driver
  eligible,
  refused_class,   // not for this class of GPU: error 804
  refused_branch,  // not over this branch of the kernel driver: error 803
  older,           // older than the kernel driver: error 803
  untold,
};

struct ForwardVerdict {
  ForwardState state = ForwardState::not_tried;
  std::string detail;  // one clause with the values
};

// `version`: of the compat libcuda, "550.54.15"; empty: not known. `level`: its API level.
ForwardVerdict judge_forward(const Situation& situation, const std::string& version,
                             const std::optional<DottedVersion>& level);
ForwardVerdict judge_forward(const Situation& situation, const ServingDriver& driver);  // of the one that serves

// How one CUDA runtime and the driver go together.
struct RegimeVerdict {
  CheckState state = CheckState::cannot_tell;  // ok, broken, cannot_tell
  std::optional<Regime> regime;                // as in ConsumerVerdict
  std::string detail;                          // one clause
  int error = 0;                               // what the runtime's first call answers: 35, 803, 804; 0: none
};

// `runtime`: "12.4", or a bare major version ("12") where the minor one is not known: then the regime stays empty
// unless it is the same for all of them. Rules: NVIDIA's "CUDA Compatibility": any driver runs older runtimes
// (backward); from CUDA 11 on a driver at or above the floor of a major version runs all its releases (minor-version);
// a newer major version needs a newer user driver (forward) or does not start (error 35).
RegimeVerdict judge_regime(const Situation& situation, const ServingDriver& driver, const DottedVersion& runtime);

}  // namespace varve
