#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// One finding for everything that an environment would take from one folder.
class FoundByFolder {
 public:
  // Of one environment a file counts once.
  void add(const Consumer& consumer, const ConsumedLibrary& taken, Found found);
  // The first of each folder, with the names of the others.
  std::vector<Found> take();

 private:
  std::vector<Found> found_;
  std::vector<std::vector<std::string>> others_;
  std::map<std::string, std::size_t> by_folder_;
  std::set<std::string> told_;
};

}  // namespace varve
