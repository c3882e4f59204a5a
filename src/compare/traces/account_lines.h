#pragma once
#include <vector>

#include "model/answers/trace_comparison.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// What collectives took of one side: those of which two ranks tell what was waiting, and the others.
struct CollectiveTimes {
  std::int64_t transfer_ns = 0, waiting_ns = 0, untold_ns = 0;
  std::uint64_t told = 0, untold = 0;
};

// What the lines of a side are made of beside its groups. A window without parts: how it divides is not known.
struct AccountSide {
  TraceSequence::Window window;
  CollectiveTimes collectives;
};

// All lines of both sides, which sum to their windows. Transfer and waiting are apart where both sides tell them, else
// collectives are one line of both. Overlap is what closes busy time, by kernels, collectives and copies: a kind is
// busy while any of it ran and none of those before it, and what ran is in the groups. So a collective that moves
// beside a kernel takes as long as it did, and overlaps.
std::vector<AccountLine> account_lines(const std::vector<ExchangeGroup>& groups, const AccountSide& a,
                                       const AccountSide& b);

}  // namespace varve
