#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/run_record.h"

namespace varve {

// What a program reports through the file that VARVE_METRICS names: JSON lines, one number a line, other members
// ignored, empty lines allowed:
//   {"metric": "tokens/s", "value": 1520.5}
//   {"metric": "time to first token", "value": 0.021, "unit": "s", "better": "lower"}
// Without "better", unit and name tell (tables/metric_direction.h), or it is unknown. A metric on several lines becomes
// the median of its values; its unit and better may not change. Order of first appearance is kept. Limits:
// 16 MiB, 64 KiB a line, 1000 metrics, 200 bytes a name, 40 a unit. The names of the built-in metrics are reserved.
// The Error's `where` is "metrics line N".
Result<std::vector<Metric>> parse_metrics(std::string_view text);

// The file's metrics; none when there is no such file. Only a regular file is read, links are not followed.
Result<std::vector<Metric>> read_metrics(const std::string& path);

bool is_built_in_metric(std::string_view name);  // "wall time", "CPU time"

}  // namespace varve
