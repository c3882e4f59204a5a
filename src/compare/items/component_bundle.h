#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/components.h"

namespace varve {

// What is not the same in two lists of components, as one bundle: frameworks first, then kernel libraries, runtimes,
// the rest; in each by size of change, a component that one side alone has first. One that the other asks for says so
// where both have changed. Without a title.
Bundle bundle_of(const std::string& item, const std::vector<Component>& a, const std::vector<Component>& b);

// "image old.tar → new.tar (torch 2.1.2 → 2.15.0 and 11 more)"; of paths their last part.
std::string title_of_images(const std::string& a, const std::string& b, const Bundle& bundle);

// "nvidia-cublas" of "nvidia-cublas-cu12".
std::string name_without_cuda(const std::string& name);

// At which part two versions begin to differ: 1 where the major numbers do, 0 where one side has none.
int changed_part(const std::string& a, const std::string& b);

// The role of a component of a GPU stack as a place in that order.
int rank_of(const Component& component);

}  // namespace varve
