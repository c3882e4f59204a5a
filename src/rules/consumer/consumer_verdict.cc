#include "rules/consumer/consumer_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "rules/consumer/gpu_code.h"
#include "rules/rule.h"

namespace varve {

namespace {
std::string runtime_words(const ConsumerRuntime& runtime) {
  return fmt::format("runtime {} ({})", to_string(runtime.version), runtime.origin);
}

// A consumer with one build for each CUDA in it loads the one that fits: the newest that this driver serves decides.
struct MainRuntime {
  const ConsumerRuntime* runtime = nullptr;
  RegimeVerdict regime;
};

MainRuntime decide_main(const Situation& situation, const ServingDriver& driver,
                        const std::vector<ConsumerRuntime>& runtimes) {
  MainRuntime decided;
  for (const ConsumerRuntime& runtime : runtimes) {
    if (!runtime.main) continue;
    RegimeVerdict regime = judge_regime(situation, driver, runtime.version);
    const bool other_major = decided.runtime != nullptr && runtime.version.major() != decided.runtime->version.major();
    if (decided.runtime == nullptr || (other_major && is_worse(decided.regime.state, regime.state))) {
      decided = {&runtime, std::move(regime)};
    }
  }
  return decided;
}

std::optional<Outcome> outcome_of(const ServingDriver& driver, const RegimeVerdict& regime) {
  if (driver.presence == DriverPresence::missing) return Outcome::no_driver;
  if (regime.state == CheckState::ok) return Outcome::reaches_devices;
  const bool too_old = regime.state == CheckState::broken && regime.error == 35;
  return too_old ? std::optional(Outcome::driver_too_old) : std::nullopt;
}

// Several GPUs: one that is served is enough for "degraded".
struct OverGpus {
  CheckState state = CheckState::not_applicable;
  std::vector<std::string> details;
  bool any = false, any_runs = false;

  void add(CheckState one, std::string detail) {
    any = true;
    any_runs = any_runs || one == CheckState::ok || one == CheckState::degraded;
    if (is_worse(one, state)) state = one;
    details.push_back(std::move(detail));
  }
  ConsumerAnswer answer(Question question) const {
    const bool some_gpus = state == CheckState::broken && any_runs;
    return {question, some_gpus ? CheckState::degraded : state, join(details, "; ")};
  }
};

std::string no_gpu_words(const Situation& situation) {
  if (situation.has_no_gpu) return "no GPU: it runs on the CPU";
  return "no GPU is known";
}

// A GPU whose model no table knows, and that did not say its capability.
std::string unknown_gpu_words(const Situation& situation) {
  const Fact& fact = fact_of(situation, "gpu.compute_capabilities");
  const std::string model = situation.gpus.front().model;
  return fmt::format("gpu.compute_capabilities is {}{}", fact_text(fact),
                     model.empty() ? "" : ", and the tables do not know " + model);
}

bool uses_cuda(const DriverAnswer& driver) { return driver.decides.has_value(); }

ConsumerAnswer answer_gpu(const Situation& situation, const ServingDriver& driver, bool cuda) {
  if (!cuda) return {Question::gpu, CheckState::not_applicable, "it uses no CUDA"};
  if (situation.gpus.empty()) return {Question::gpu, CheckState::not_applicable, no_gpu_words(situation)};
  if (driver.presence != DriverPresence::there) return {Question::gpu, CheckState::not_applicable, driver.detail};
  const auto capabilities = capabilities_of(situation);
  if (capabilities.empty()) return {Question::gpu, CheckState::cannot_tell, unknown_gpu_words(situation)};
  OverGpus over;
  for (const ComputeCapability gpu : capabilities) {
    const GpuSupportVerdict support = judge_gpu_support(situation, driver, gpu);
    const bool untold = support.support == GpuSupport::untold, known = support.support == GpuSupport::known;
    over.add(known ? CheckState::ok : untold ? CheckState::cannot_tell : CheckState::broken, support.detail);
  }
  return over.answer(Question::gpu);
}

// The answer, and whether it counts: what was not read was not asked for.
std::pair<ConsumerAnswer, bool> answer_code(const Situation& situation, const ServingDriver& driver,
                                            const ConsumerView& view) {
  if (situation.gpus.empty()) return {{Question::gpu_code, CheckState::not_applicable, no_gpu_words(situation)}, false};
  const std::vector<CodeVerdict> verdicts = judge_code(situation, driver, view);
  if (verdicts.empty()) return {{Question::gpu_code, CheckState::cannot_tell, unknown_gpu_words(situation)}, true};
  OverGpus over;
  bool counts = true;
  for (const CodeVerdict& verdict : verdicts) {
    const bool same = verdict.cause == CodeCause::no_code || verdict.cause == CodeCause::not_read;
    if (same && over.any) continue;
    over.add(state_of(verdict.cause), verdict.detail);
    counts = counts && verdict.cause != CodeCause::not_read;
  }
  return {over.answer(Question::gpu_code), counts};
}

// A compiler that does not know the GPU breaks only what has no code of its own: the rest runs without it.
ConsumerAnswer answer_compilers(const Situation& situation, const ServingDriver& driver, const ConsumerView& view,
                                CheckState code) {
  if (situation.gpus.empty()) return {Question::compilers, CheckState::not_applicable, no_gpu_words(situation)};
  const std::vector<CompilerVerdict> verdicts = judge_compilers(situation, driver, view);
  if (verdicts.empty()) return {Question::compilers, CheckState::not_applicable, "it brings none"};
  const bool own_code = code == CheckState::ok || code == CheckState::degraded;
  OverGpus over;
  for (const CompilerVerdict& verdict : verdicts) {
    const bool broken = verdict.state == CheckState::broken;
    over.add(broken && own_code ? CheckState::degraded : verdict.state, verdict.detail);
  }
  ConsumerAnswer answer = over.answer(Question::compilers);
  if (over.state == CheckState::broken) answer.state = CheckState::broken;
  return answer;
}
}  // namespace

DriverAnswer answer_driver(const Situation& situation, const ServingDriver& driver, const ConsumerView& view) {
  DriverAnswer result{.answer = {Question::driver, CheckState::not_applicable, "it uses no CUDA"}};
  const std::vector<ConsumerRuntime> runtimes = runtimes_of(view, situation.knowledge);
  const MainRuntime main = decide_main(situation, driver, runtimes);
  if (main.runtime == nullptr) return result;
  result.decides = *main.runtime;
  result.regime = main.regime.regime;
  result.outcome = outcome_of(driver, main.regime);
  result.error = main.regime.error;
  result.answer.state = main.regime.state;
  result.answer.detail = runtime_words(*main.runtime) + ": " + main.regime.detail;
  if (situation.has_no_gpu) {
    result.answer.state = CheckState::not_applicable;
    result.answer.detail = no_gpu_words(situation) + " (" + result.answer.detail + ")";
  }
  if (main.regime.state != CheckState::ok) return result;
  std::vector<std::string> refused;
  for (const ConsumerRuntime& runtime : runtimes) {
    if (&runtime == main.runtime || judge_regime(situation, driver, runtime.version).state != CheckState::broken)
      continue;
    result.refused.push_back(runtime);
    refused.push_back(runtime_words(runtime));
    if (!runtime.main) result.answer.state = CheckState::degraded;
  }
  if (!refused.empty()) result.answer.detail += "; this driver does not serve " + join(refused, ", ");
  return result;
}

ConsumerVerdict judge_consumer(const Situation& situation, const ServingDriver& driver, const ConsumerView& view) {
  ConsumerVerdict verdict{.kind = view.consumer.kind,
                          .name = view.consumer.name,
                          .environment = view.consumer.environment,
                          .state = CheckState::not_applicable,
                          .regime = {},
                          .outcome = {},
                          .answers = {}};
  DriverAnswer by_driver = answer_driver(situation, driver, view);
  const auto [code, code_counts] = answer_code(situation, driver, view);
  verdict.regime = by_driver.regime;
  verdict.outcome = by_driver.outcome;
  const ConsumerAnswer symbols = answer_symbols(view);
  verdict.answers = {
      by_driver.answer, answer_gpu(situation, driver, uses_cuda(by_driver)),  code, answer_libraries(view),
      symbols,          answer_compilers(situation, driver, view, code.state)};
  for (const ConsumerAnswer& answer : verdict.answers) {
    const bool unasked = (answer.question == Question::gpu_code && !code_counts) ||
                         (answer.question == Question::symbols && answer.state == CheckState::cannot_tell);
    if (!unasked && is_worse(answer.state, verdict.state)) verdict.state = answer.state;
  }
  return verdict;
}

std::vector<ConsumerVerdict> judge_consumers(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  std::vector<ConsumerVerdict> verdicts;
  for (const ConsumerView& view : situation.consumers) verdicts.push_back(judge_consumer(situation, driver, view));
  return verdicts;
}

bool is_worse(CheckState state, CheckState than) {
  constexpr std::array kByWeight = {CheckState::not_applicable, CheckState::ok, CheckState::degraded,
                                    CheckState::cannot_tell, CheckState::broken};
  const auto weight = [&](CheckState one) { return std::find(kByWeight.begin(), kByWeight.end(), one); };
  return weight(state) > weight(than);
}

}  // namespace varve
