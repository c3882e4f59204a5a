#pragma once
#include <string>
#include <vector>

#include "model/kernels/profile.h"

namespace varve {

// What the units of a side spent on whose behalf.
struct ServedSide {
  const KernelTable* kernels = nullptr;  // that the profiles speak of
  std::vector<const Profile*> profiles;  // one a unit; both borrowed
};

// For each operation, whatever kernels did it, its mean time a unit of A and of B: "for aten::mm: 0.9 s → 0.8 s a
// unit", at most six, the largest difference first; the last says what served nobody that is known. Kernels are matched
// without regard to this, because the same one serves several. Empty where a side tells nothing of it.
std::vector<std::string> operation_notes(const ServedSide& a, const ServedSide& b);

}  // namespace varve
