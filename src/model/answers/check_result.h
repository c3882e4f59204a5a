#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/stack.h"
#include "model/texts/text_account.h"

namespace varve {

enum class CheckState {
  ok,
  degraded,  // it runs, but slower or later: JIT at start, CPU instead of GPU
  broken,
  cannot_tell,     // a fact is missing; which one stands in the detail
  not_applicable,  // nothing here needs it
};
std::string_view to_string(CheckState state);
std::optional<CheckState> check_state_from(std::string_view text);

// A link of the chain from the hardware to a running kernel. `layer` names it: the framework runtime is
// bundled_runtime, the GPU code kernels; framework is never one.
struct ChainLink {
  Layer layer = Layer::kernel_driver;
  CheckState state = CheckState::cannot_tell;
  std::string detail;  // "550.54.15, API level 12.4"; "cannot tell: driver.api_level is denied"
};

// What is asked about a consumer, in the order of the answers.
enum class Question { driver, gpu, gpu_code, libraries, symbols, compilers };
std::string_view to_string(Question question);
std::optional<Question> question_from(std::string_view text);

// One question about a consumer and its answer.
struct ConsumerAnswer {
  Question question = Question::driver;
  CheckState state = CheckState::cannot_tell;
  std::string detail;
};

// How a CUDA runtime and the driver go together.
enum class Regime {
  backward,       // the driver is as new or newer
  minor_version,  // the runtime is newer, of the same major version
  forward,        // through cuda-compat
  none,           // the driver is too old
};
std::string_view to_string(Regime regime);
std::optional<Regime> regime_from(std::string_view text);

// What a framework would meet first.
enum class Outcome { no_driver, driver_too_old, reaches_devices };
std::string_view to_string(Outcome outcome);
std::optional<Outcome> outcome_from(std::string_view text);

// Whether one consumer would run on the machine.
struct ConsumerVerdict {
  ConsumerKind kind = ConsumerKind::binary;
  std::string name, environment;               // as Consumer
  CheckState state = CheckState::cannot_tell;  // the worst of the answers that count
  std::optional<Regime> regime;                // of its newest runtime; nothing: no runtime, or it cannot be told
  std::optional<Outcome> outcome;              // nothing: not known
  std::vector<ConsumerAnswer> answers;
};

// A rule that could not be judged.
struct UntoldRule {
  std::string rule;    // "VRV-…"
  std::string fact;    // "driver.api_level"
  std::string reason;  // "denied (…)", as fact_text writes it
};

// What the facts say of a cause that may stand behind a message.
enum class CandidateState { confirmed, open, excluded };
std::string_view to_string(CandidateState state);
std::optional<CandidateState> candidate_state_from(std::string_view text);

struct CauseCandidate {
  Layer layer = Layer::framework;
  FaultCategory category = FaultCategory::none;
  CandidateState state = CandidateState::open;
  std::string cause, fix;
  std::string because;  // the facts that confirm it, speak for it, or rule it out; empty: none is known
  std::string decide;   // what would tell; empty where the facts have told
  bool leads = false;   // the one that the answer rests on
};

// How sure the cause of an error is.
enum class CauseStanding {
  confirmed,  // by facts of this stack
  supported,  // facts speak for it, or have ruled the others out
  stated,     // by the message alone
  undecided,  // several links may be broken, and no fact tells which
  refuted,    // facts rule out every cause that is known for the message
};
std::string_view to_string(CauseStanding standing);
std::optional<CauseStanding> cause_standing_from(std::string_view text);

// An error found in a log, and what it means on this stack. Cause and fix are those of the candidate that leads.
struct ExplainedError {
  std::string pattern;                           // id of its row in data/error_patterns.json
  std::int64_t line = 0;                         // of the log, from 1
  std::string text;                              // what matched, cut
  FaultCategory category = FaultCategory::none;  // what it is by the message alone
  std::string cause, fix;                        // the same
  std::string explained_by;  // the finding of this check that accounts for it: "VRV-…"; empty: none does
  std::string correction;    // where the message names the wrong layer: "it says …, but …"; empty
  std::int64_t times = 1;    // how often it stands in the log
  std::string source;
  CauseStanding standing = CauseStanding::stated;
  std::vector<CauseCandidate> candidates;  // empty: harmless, or it follows from another
  std::int64_t follows = 0;                // the line of the error that it only follows from; 0: of none
  std::vector<std::string> groups = {};    // what the groups of the pattern matched; not in documents
};

// What was done with a log.
struct LogSummary {
  std::int64_t lines = 0, bytes = 0;  // of the text, inflated
  bool is_cut = false;                // it goes on behind what was read
  std::int64_t looked_for = 0;        // messages that are known
  std::string outside;                // whose stack its messages are of, where that is not judged: "AMD's ROCm"
};

// A fact that moved since the lock was made.
struct Drift {
  FactChange change;
  bool matters = false;  // part of the identity
};

// PTX that would be compiled at start, and what the driver's compiler made of it.
struct JitProof {
  std::string path;   // of the binary
  std::string entry;  // "compute_120 (PTX 9.2), region 3"
  std::string gpu;    // "sm_120"
  bool compiled = false;
  std::string log;  // the compiler's words when it did not
  double seconds = 0;
};

// What `varve check` found out.
struct Check {
  std::string checked_at, tool_version;
  std::string subject;           // of the stack that was judged
  std::string machine;           // of the stack whose driver and GPUs count, when it is another, or what was supposed
  std::string data_date;         // of the tables
  std::vector<ChainLink> chain;  // the links that apply, in order
  std::optional<Layer> first_broken;
  std::vector<ConsumerVerdict> consumers;
  std::vector<Finding> findings;  // errors first
  std::vector<UntoldRule> untold;
  std::vector<ExplainedError> errors;
  std::optional<LogSummary> log;  // nothing: none came with the check
  std::vector<Drift> drift;
  std::vector<JitProof> proofs;
  std::vector<std::string> advice;  // lines, most useful first
  std::optional<TextAccount> text;  // of a subject that is a text
};

}  // namespace varve
