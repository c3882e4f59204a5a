#pragma once
#include <map>
#include <set>
#include <string>

#include "model/run_record.h"

namespace varve {

// Units that failed and did not end the run (--keep-going).
class Failures {
 public:
  explicit Failures(int allowed) : allowed_(allowed) {}

  // Notes the failure of the last unit of `run`, with what is to be said of it: at length for the first of a kind on a
  // side, else counted. False when that is one too many.
  bool add(Finding finding, Run& run);
  // Says how many failed on each side, once all units are there, where any were allowed to: then the run is not
  // complete.
  void close(Run& run) const;

 private:
  int allowed_;
  int count_ = 0;
  std::set<std::string> told_;  // side and id
};

}  // namespace varve
