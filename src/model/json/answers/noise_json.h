#pragma once
#include "base/json.h"
#include "model/answers/noise_report.h"

namespace varve {

// How noisy a machine is, for programs (schema/noise.schema.json), which Varve writes and does not read. `created_at`:
// when that was, RFC 3339.
Json noise_to_json(const NoiseReport& report, const std::string& created_at);

}  // namespace varve
