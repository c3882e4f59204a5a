#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/check_result.h"
#include "rules/consumer/consumer_runtimes.h"
#include "rules/consumer/driver_regime.h"
#include "rules/situation.h"

namespace varve {

// The answer to Question::driver for one consumer, with what the rules need of it.
struct DriverAnswer {
  ConsumerAnswer answer;
  std::optional<Regime> regime;            // as in ConsumerVerdict
  std::optional<Outcome> outcome;          // the same
  int error = 0;                           // of the runtime that decides: 35, 803, 804
  std::optional<ConsumerRuntime> decides;  // the newest of its main runtimes
  std::vector<ConsumerRuntime> refused;    // further runtimes that this driver does not serve
};

DriverAnswer answer_driver(const Situation& situation, const ServingDriver& driver, const ConsumerView& view);

// The answers to Question::libraries and Question::symbols.
ConsumerAnswer answer_libraries(const ConsumerView& view);
ConsumerAnswer answer_symbols(const ConsumerView& view);

// In the order broken, cannot tell, degraded, ok, not applicable.
bool is_worse(CheckState state, CheckState than);

// The verdict on one consumer. Its state is the worst of the answers, in the order broken, cannot tell, degraded, ok;
// an answer that nobody asked for (symbols without --exact, code that was not read) does not count.
ConsumerVerdict judge_consumer(const Situation& situation, const ServingDriver& driver, const ConsumerView& view);

}  // namespace varve
