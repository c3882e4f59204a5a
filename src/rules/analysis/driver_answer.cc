#include "rules/analysis/driver_answer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "rules/analysis/consumer_answers.h"

namespace varve {

namespace {
constexpr int kTooOldCode = 35;  // cudaErrorInsufficientDriver

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
  const bool too_old = regime.state == CheckState::broken && regime.error == kTooOldCode;
  return too_old ? std::optional(Outcome::driver_too_old) : std::nullopt;
}

// Without a GPU the driver is not asked, whatever it would say.
void put_aside(const Situation& situation, const ServingDriver& driver, ConsumerAnswer& answer) {
  answer.state = CheckState::not_applicable;
  if (driver.presence == DriverPresence::there) answer.detail = no_gpu_words(situation) + " (" + answer.detail + ")";
}

// A consumer that calls libcuda and brings no runtime: any driver serves it that has the functions it calls.
DriverAnswer without_runtime(const Situation& situation, const ServingDriver& driver, DriverCalls calls) {
  DriverAnswer result{.answer = {Question::driver, CheckState::not_applicable, driver.detail}, .uses_cuda = true};
  const std::string how = calls == DriverCalls::needed ? "it needs libcuda" : "it opens libcuda by name";
  switch (driver.presence) {
    case DriverPresence::there:
      result.outcome = Outcome::reaches_devices;
      result.answer.state = CheckState::ok;
      result.answer.detail = how + " and brings no runtime: " + driver_words(driver) + " is there";
      break;
    case DriverPresence::missing:
      result.outcome = Outcome::no_driver;
      result.error = kTooOldCode;
      result.answer.state = calls == DriverCalls::needed ? CheckState::broken : CheckState::degraded;
      result.answer.detail = how + ": " + driver.detail;
      break;
    case DriverPresence::unknown:
      result.answer.state = CheckState::cannot_tell;
      break;
    case DriverPresence::not_looked_at:
      break;
  }
  if (situation.has_no_gpu) put_aside(situation, driver, result.answer);
  return result;
}
}  // namespace

bool is_driver_too_old(const ServingDriver& driver, const DriverAnswer& answer) {
  return driver.presence == DriverPresence::there && answer.answer.state == CheckState::broken &&
         answer.error == kTooOldCode;
}

DriverAnswer answer_driver(const Situation& situation, const ServingDriver& driver,
                           const std::vector<ConsumerRuntime>& runtimes, DriverCalls calls) {
  DriverAnswer result{.answer = {Question::driver, CheckState::not_applicable, "its own files use no CUDA"}};
  const MainRuntime main = decide_main(situation, driver, runtimes);
  if (main.runtime == nullptr) return calls == DriverCalls::none ? result : without_runtime(situation, driver, calls);
  result.uses_cuda = true;
  result.decides = *main.runtime;
  result.regime = main.regime.regime;
  result.outcome = outcome_of(driver, main.regime);
  result.error = main.regime.error;
  result.answer.state = main.regime.state;
  result.answer.detail = runtime_words(*main.runtime) + ": " + main.regime.detail;
  if (situation.has_no_gpu) put_aside(situation, driver, result.answer);
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

}  // namespace varve
