#pragma once
#include <vector>

#include "model/answers/check_result.h"
#include "model/finding.h"
#include "rules/analysis/analysis.h"

namespace varve {

// The links that apply, from the hardware to a running kernel: hardware, system, kernel driver, user driver, container,
// host toolkit, framework runtime, kernel libraries, GPU code, settings, handshake. Those of driver, toolkit, runtime
// and handshake are always there and say why they do not apply; of the others only what there is something to say of.
// A link is broken by a finding of severity error in one of its layers, or by a consumer that would not run for its
// reason; degraded by a warning, or by a consumer that runs slower; cannot be told where an error of the log may come
// from it and no fact decides; and otherwise says what it is. So a check with an error has a broken link, and one
// without has none.
std::vector<ChainLink> judge_chain(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers,
                                   const std::vector<Finding>& findings,
                                   const std::vector<ExplainedError>& errors = {});

}  // namespace varve
