#pragma once
#include <string>

#include "compare/sides/sides.h"
#include "model/kernels/kernel.h"

namespace varve {

// What an operation is for, by its row in the table of kernels of either side.
Family family_of_operation(const Sides& sides, const std::string& operation);

// What a recorder saw attention made of on one side and not on the other: "aten::…_attention_math →
// aten::…_flash_attention_for_cpu", of each side the one that took most, what it called included. Of attention only,
// which a program has one kind of: other families serve many operations at once. Empty: both sides showed the same,
// also under a name that only grew, or nobody recorded operations.
std::string exchanged_implementation(const Sides& sides, Family family);

}  // namespace varve
