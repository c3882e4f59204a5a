#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/comparison.h"

namespace varve {

// A package of the two environments that belong together.
struct PackageItem {
  std::string name;
  PackageRole role = PackageRole::library;
  std::string a, b;  // versions; empty: not listed
  ItemState state = ItemState::same;
};

// Two stacks side by side: captured ones, those of runs, or those of texts. Nothing was measured, so that nothing is
// said of speed.
struct StackComparison {
  std::string created_at, tool_version;
  std::string a, b;                          // what people call them: files, "here"
  std::vector<ControlItem> items;            // facts and settings, in the order of the layers
  std::string environment_a, environment_b;  // that belong together; empty: none do
  std::string no_environment;                // why not
  std::vector<PackageItem> packages;         // frameworks first
  std::vector<ConsumerVerdict> would_run;    // A's software on B's machine, where that was asked
  std::vector<Bundle> bundles;               // differences that are one, member by member
  std::string verdict;                       // one sentence
  std::vector<std::string> notes;
};

std::size_t count_items(const StackComparison& comparison, ItemState state);  // facts and settings
std::size_t count_packages(const StackComparison& comparison, ItemState state);

}  // namespace varve
