#pragma once
#include <set>
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

// What components of two sides are called on both: in small letters and without their CUDA ("nvidia-cublas" of
// "nvidia-cublas-cu12", "cupy" of "cupy-cuda12x"), but for those of which a side holds several that differ in that
// alone.
class ComponentNames {
 public:
  ComponentNames(const std::vector<std::string>& a, const std::vector<std::string>& b);
  std::string of(const std::string& name) const;

 private:
  std::set<std::string> several_;
};

// The version of one side; with its name where the other side's is called otherwise and has that version too: then only
// the CUDA that they are built for differs.
std::string version_beside(const std::string& name, const std::string& version, const std::string& other_name,
                           const std::string& other_version);

// At which part two versions begin to differ: 1 where the major numbers do, 0 where one side has none.
int changed_part(const std::string& a, const std::string& b);

// The role of a component of a GPU stack as a place in that order.
int rank_of(const Component& component);

}  // namespace varve
