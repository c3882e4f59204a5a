#include "model/answers/stack_comparison.h"

#include <algorithm>

namespace varve {

std::size_t count_items(const StackComparison& comparison, ItemState state) {
  return static_cast<std::size_t>(std::count_if(comparison.items.begin(), comparison.items.end(),
                                                [&](const ControlItem& item) { return item.state == state; }));
}

std::size_t count_packages(const StackComparison& comparison, ItemState state) {
  return static_cast<std::size_t>(std::count_if(comparison.packages.begin(), comparison.packages.end(),
                                                [&](const PackageItem& item) { return item.state == state; }));
}

}  // namespace varve
