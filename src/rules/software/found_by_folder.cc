#include "rules/software/found_by_folder.h"

#include "base/text.h"

namespace varve {

void FoundByFolder::add(const Consumer& consumer, const ConsumedLibrary& taken, Found found) {
  if (!told_.insert(consumer.environment + "\n" + taken.path).second) return;
  const std::string key = consumer.environment + "\n" + taken.path.substr(0, taken.path.rfind('/'));
  const auto [at, is_new] = by_folder_.emplace(key, found_.size());
  if (is_new) {
    found_.push_back(std::move(found));
    others_.emplace_back();
    return;
  }
  Found& first = found_[at->second];
  // Severities are in the order of weight; without one the row's counts, which is no less.
  if (first.severity && (!found.severity || *found.severity < *first.severity)) first.severity = found.severity;
  others_[at->second].push_back(taken.name);
}

std::vector<Found> FoundByFolder::take() {
  for (std::size_t i = 0; i < found_.size(); ++i) {
    if (!others_[i].empty()) found_[i].evidence += "; likewise from that folder: " + join(others_[i], ", ");
  }
  return std::move(found_);
}

}  // namespace varve
