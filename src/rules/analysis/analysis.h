#pragma once
#include <vector>

#include "rules/analysis/consumer_answers.h"
#include "rules/analysis/driver_answer.h"
#include "rules/analysis/driver_regime.h"
#include "rules/analysis/gpu_code.h"
#include "rules/losses/consumer_losses.h"
#include "rules/situation/consumer_runtimes.h"
#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"
#include "rules/situation/situation.h"

namespace varve {

// A consumer, and what becomes of it on this driver and these GPUs.
struct AnalysedConsumer : ConsumerView {
  std::vector<ConsumerRuntime> runtimes;  // the newest first
  std::vector<Loss> losses;               // the worst first; they point into `libraries`
  DriverAnswer driver;
  std::vector<CodeVerdict> code;  // one a kind of GPU
  std::vector<LibraryCodeVerdict> library_code;
  std::vector<CompilerVerdict> compilers;  // by kind of GPU and name
  ConsumerAnswers answers;
};

// The situation and everything that is computed from it, once. The verdicts on consumers, the rules, the chain and the
// advice read it, so that they cannot disagree. An analysis is a situation: facts are asked of it directly. It points
// into itself and into the two stacks: it can be moved and not copied, and lives no longer than they do.
struct Analysis : Situation {
  ServingDriver driver;
  ForwardVerdict forward;                      // of that driver
  std::vector<GpuSupportVerdict> gpu_support;  // one a kind of GPU
  std::vector<AnalysedConsumer> consumers;     // in the order of the stack
  LibraryIndex libraries;
};

Analysis analyse(const Stack& machine, const Stack& subject, const Knowledge& knowledge);

}  // namespace varve
