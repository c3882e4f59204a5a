#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "rules/analysis/driver_regime.h"
#include "rules/situation/consumer_runtimes.h"
#include "rules/situation/situation.h"

namespace varve {

// The answer to Question::driver for one consumer, with what the rules need of it.
struct DriverAnswer {
  ConsumerAnswer answer;
  std::optional<Regime> regime;            // as in ConsumerVerdict
  std::optional<Outcome> outcome;          // the same
  int error = 0;                           // of the runtime that decides: 35, 803, 804
  std::optional<ConsumerRuntime> decides;  // the newest of its main runtimes; nothing: it uses no CUDA
  std::vector<ConsumerRuntime> refused;    // further runtimes that this driver does not serve
  bool uses_cuda = false;                  // by a runtime, or by libcuda alone
};

// Whether there is a driver, and it is too old for the runtime that decides.
bool is_driver_too_old(const ServingDriver& driver, const DriverAnswer& answer);

// `runtimes`: those of the consumer, the newest first. `calls`: where it brings none, whether it calls libcuda itself.
DriverAnswer answer_driver(const Situation& situation, const ServingDriver& driver,
                           const std::vector<ConsumerRuntime>& runtimes, DriverCalls calls);

}  // namespace varve
