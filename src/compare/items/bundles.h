#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// The differences between the sides that are one, each about one item: the packages of another environment, with the
// Python that they are for; the halves of a GPU driver. The other items that such a bundle is about then follow from
// it. Who asks for whom is what packages say themselves (Requires-Dist).
std::vector<Bundle> find_bundles(const Sides& sides, std::vector<ControlItem>& items);

// Names of the changed packages that came along with this one: it, and what it asks for, directly or not. Empty: it did
// not change.
std::vector<std::string> packages_with(const Sides& sides, const std::string& package);

// "torch 2.1.2 → 2.15.0", "numpy 2.4.6 (only in B)".
std::string member_text(const BundleMember& member);

}  // namespace varve
