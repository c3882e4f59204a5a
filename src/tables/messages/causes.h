#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/answers/check_result.h"
#include "tables/table.h"

namespace varve {

// What a condition may ask of the machine in one word.
enum class MachineTrait {
  wsl,           // Windows has the driver and the GPU
  container,     // it is a container
  chip,          // the GPU is a part of a system on a chip (Jetson)
  gpu,           // there is one
  several_gpus,  // more than one
  nvswitch,      // GPUs are joined by NVSwitches
  partitions,    // a GPU is divided (MIG)
  driver,        // a libcuda serves
  builds,        // somebody compiles for the GPU here
  cpu_build,     // a framework is a build without CUDA
  files,         // its files were looked at: it is not told by a text alone
  vgpu,          // a GPU is a virtual one
};

// One thing that is asked. In data/error_patterns.json a term is one of
//   found VRV-…            a finding of the check, a star at the end for any rest
//   said PATTERN           the log holds the message of that row, too
//   fact ID is known       or: is absent, has TEXT (some element holds it, capitals or not), = TEXT, < 12.4, >= 550 …
//   some gpu >= 7.5        the compute capability of one GPU, or of "every gpu"
//   answer QUESTION is STATE   the worst answer of all consumers: "answer GPU_code is ok"
//   some regime is NAME    of the consumers, or "every regime"
//   package NAME           an environment has it; with a version: package flashinfer-python < 0.3
//   build NAME < 12.9      the CUDA that the package NAME was built with
//   machine has TRAIT      see MachineTrait
//   toolkit knows {1}      whether the CUDA release that builds would take compiles for an architecture ("120",
//   "sm_90a") toolkit dropped {1}    whether that release is behind the last that does releases dropped {1}   whether
//   any release of CUDA has dropped it, by data/gpu_architectures.json
// with "not" before it for the contrary. {1} to {9} stand for what the groups of the message matched.
struct ConditionTerm {
  enum class Kind {
    found,
    said,
    fact,
    some_gpu,
    every_gpu,
    answer,
    some_regime,
    every_regime,
    package,
    build,
    machine,
    toolkit_knows,
    toolkit_dropped,
    releases_dropped
  };
  Kind kind = Kind::found;
  bool negated = false;
  std::string name;      // of a rule, pattern, fact or package
  std::string relation;  // "is known", "is absent", "has", "=", "<", "<=", ">", ">="; empty: none asked
  std::string value;     // beside the relation; the architecture of toolkit_…
  Question question = Question::driver;
  CheckState state = CheckState::ok;
  Regime regime = Regime::backward;
  MachineTrait trait = MachineTrait::gpu;
};

// Terms with "and" between them: all must hold.
struct Condition {
  std::string text;  // as it was written
  std::vector<ConditionTerm> terms;
};

// Error: what is wrong with it, in a few words.
std::variant<Condition, std::string> condition_from(std::string_view text);

// A cause that may stand behind a message, in the words of the chain.
struct Cause {
  std::string id;  // "driver-too-old"; of a message's own cause that of its row
  Layer layer = Layer::framework;
  FaultCategory category = FaultCategory::none;
  std::string cause, fix;               // as in ErrorPattern, {1} … {9} included
  std::string decide;                   // what would tell: a command, or what to look at
  std::vector<Condition> confirmed_by;  // one that holds is enough
  std::vector<Condition> speaks_for;    // the same: it is then likely, not sure
  std::vector<Condition> ruled_out_by;  // the same
};

// Whether the words say "mostly" or the like: what they name is a guess, which facts can make likely and not sure.
bool is_hedged(std::string_view words);

// The fields of a cause's conditions in a row: confirmed_by, speaks_for, ruled_out_by, decide.
void read_conditions(const TableRow& row, Cause& cause);
Cause cause_from(const TableRow& row);  // a row of "causes"

}  // namespace varve
