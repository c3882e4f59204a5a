#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

struct ControlVerdict {
  Control control = Control::controlled;
  std::vector<ControlItem> items;     // in the order of the layers
  std::vector<std::string> variable;  // ids under test
  std::vector<Bundle> bundles;
  std::vector<std::string> reasons;  // as sentences
};

// Whether the numbers of the two sides may be compared (DISCLOSURE part 3). `named` are the ids that the user says were
// meant to differ ("settings." may be left out; a package, with what came along with it); without them it is what the
// plan changed (one document) or what differs (two). Error when a named one is no item of this comparison.
Result<ControlVerdict> judge_control(const Sides& sides, const std::vector<std::string>& named);

// Whether nothing that is recorded was changed: the same against the same, in turns.
bool is_null(const Sides& sides, const ControlVerdict& verdict);

// Items in a state, as people call them: "OPENBLAS_CORETYPE", "CPU model"; at most `limit`, then "and 3 more".
std::string name_items(const std::vector<ControlItem>& items, ItemState state, std::size_t limit = 4);
std::string item_name(const ControlItem& item);

}  // namespace varve
