#pragma once
#include <string_view>

#include "model/run_record.h"

namespace varve {

// Whether more or less of a metric is better, by what data/metric_directions.json knows of its unit and of the words in
// its name: "samples/sec" higher, "p99 latency" lower. Better::unknown where the two do not agree or say nothing: a
// wrong direction is worse than none. `unit` may be empty.
Better metric_direction(std::string_view name, std::string_view unit);

// What a metric measures, by the same words: how several values of it in one unit become one depends on it.
enum class MetricKind {
  rate,      // things per time: "tokens/s", "throughput", "GFLOPS"
  duration,  // a time, or a time per thing: "p99 latency" in ms, "ms/step"
  size,      // bytes
  count,     // things that were done: "tokens", "samples", "steps"
  other,
};
MetricKind metric_kind(std::string_view name, std::string_view unit);

// Whether a word behind a number can only be its unit: a time, bytes, a rate or a time per thing ("ms", "GiB",
// "GFLOPS", "tok/s", "s/it"). Not "steps" or "latency", which may begin what is printed next.
bool is_metric_unit(std::string_view word);

}  // namespace varve
