#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// The differences between the sides that are one, each about one item: the packages of another environment, with the
// Python that they are for; the halves of a GPU driver; the parts of a CUDA toolkit; what is in an image. The other
// items that such a bundle is about then follow from it. Who asks for whom is what packages say themselves
// (Requires-Dist).
std::vector<Bundle> find_bundles(const Sides& sides, std::vector<ControlItem>& items);

// The halves of a GPU driver among the items that differ; all but the first follow then. Nothing: fewer than two do.
std::optional<Bundle> find_driver_bundle(std::vector<ControlItem>& items);

// "torch 2.1.2 → 2.15.0 and what came with it, beside it numpy 1.26.4 → 2.4.6 and 2 more". There must be a member.
std::string title_of_packages(const std::vector<BundleMember>& members);

// The bundle of which this is a member, or which an item of this id is about: whoever names one names all of it.
// Environments are left out. nullptr: there is none.
const Bundle* bundle_that_holds(const std::vector<Bundle>& bundles, const std::string& name);

// Names of the changed packages that came along with this one: it, and what it asks for, directly or not. Empty: it did
// not change.
std::vector<std::string> packages_with(const Sides& sides, const std::string& package);

// "torch 2.1.2 → 2.15.0", "numpy 2.4.6 (only in B)".
std::string member_text(const BundleMember& member);

}  // namespace varve
