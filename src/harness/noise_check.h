#pragma once
#include <functional>
#include <optional>

#include "base/result.h"
#include "model/answers/noise_report.h"
#include "model/conditions/unit_conditions.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

// Does a fixed piece of work again and again for about `seconds`, and looks meanwhile at what else the machine does.
// `progress` is called with the part that is done. Error: no process can be made.
Result<NoiseReport> check_noise(const World& world, double seconds, const std::function<void(double)>& progress);

// The spreads of a row of readings, and what ten pairs would tell apart: (z.975 + z.90) sd / sqrt(10 - 2), as in
// stats/power.h. A pair is a reading and the next.
void judge_canaries(const std::vector<Canary>& canaries, NoiseReport& report);

// What the facts of a machine say about noise: governor, boost, hyper-threads, hypervisor, quota of the container.
void judge_machine(const Stack& stack, NoiseReport& report);

}  // namespace varve
