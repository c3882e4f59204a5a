#pragma once
#include <set>
#include <string>
#include <vector>

#include "model/environment.h"

namespace varve {

constexpr std::size_t kFilesTold = 4;

// Files of an environment that the same packages list with different contents: one of them wrote over the others.
struct OverwrittenFiles {
  std::vector<std::string> packages;  // that list them: "cupy-cuda11x 13.6.0"
  std::vector<std::string> paths;
  std::set<std::string> owners;  // of what is there, as far as the sizes tell

  bool is_of(const std::string& label) const;
  std::string names() const;  // "_accelerator.so, cub.so and 15 more"
};

// By their packages. The finding about the two, and the answer about one of them, are both made of it.
std::vector<OverwrittenFiles> overwritten_files(const Environment& environment);

}  // namespace varve
