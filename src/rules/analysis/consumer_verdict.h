#pragma once
#include <vector>

#include "model/answers/check_result.h"
#include "rules/analysis/analysis.h"

namespace varve {

// The verdict on one consumer. Its state is the worst of the answers, in the order broken, cannot tell, degraded, ok;
// an answer that nobody asked for (symbols without --exact, code that was not read) does not count.
ConsumerVerdict judge_consumer(const AnalysedConsumer& consumer);

// On every consumer, in the order of the stack.
std::vector<ConsumerVerdict> judge_consumers(const Analysis& analysis);

}  // namespace varve
