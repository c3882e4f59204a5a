#pragma once
#include "model/run_record.h"

namespace varve {

// Whether the run has what it may stop at before all its units: so many seconds since its first timing unit, or an
// interval that is narrow enough. Asked between rounds. The interval is looked at only once a block is whole, with five
// pairs or more, and is that of the ratio of each variant to the first (of a single variant: that of its own values),
// by the primary metric. Stopping by width leaves the estimate sound (STATS 3.1); by "significant" it would not.
bool is_enough(const ProtocolRules& rules, const Run& run);

// Half of the 95 % interval of ln(ratio), or of ln(value) of one variant; infinite where it is not known. The widest of
// all variants.
double widest_half_interval(const Run& run);

}  // namespace varve
