#pragma once
#include <map>
#include <optional>
#include <string>

#include "compare/traces/common_names.h"
#include "compare/traces/group_tally.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_comparison.h"

namespace varve {

// What two records are compared by where no order is known: time of devices, else operations, else time of a CPU.
// Nothing where they have none of these in common.
std::optional<Quantity> common_quantity(const KernelsRecord& a, const KernelsRecord& b);

// Adds the rows of one quantity of both records, by name, and what is left by the operation that it served, shapes
// included; sums them up beside it.
void tally_totals(const KernelsRecord& a, const KernelsRecord& b, Quantity quantity, const CommonNames& names,
                  TraceComparison& comparison, GroupTally& tally, std::map<std::string, OperationChange>& operations);

// The window of a record and its parts; empty where it is not divided.
TraceSequence::Window divided_window(const KernelsRecord& record, Quantity quantity);

}  // namespace varve
