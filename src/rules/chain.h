#pragma once
#include <vector>

#include "model/check_result.h"
#include "model/finding.h"
#include "rules/analysis/analysis.h"

namespace varve {

// The four links from the kernel driver to a running kernel: kernel driver, host toolkit, framework-bundled runtime,
// device handshake. A link is broken by a finding of severity error in one of its layers, or by a framework that would
// not run; degraded by a warning or by a framework that runs slower; and otherwise says what it is.
std::vector<ChainLink> judge_chain(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers,
                                   const std::vector<Finding>& findings);

}  // namespace varve
