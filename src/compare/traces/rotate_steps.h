#pragma once
#include <cstdint>
#include <map>
#include <tuple>

#include "compare/traces/common_names.h"
#include "compare/traces/step_pairs.h"

namespace varve {

// Rounds that were found by how a sequence repeats begin anywhere in what repeats, and elsewhere on the other side.
// Turns the items of each stream so that both sides begin with the longest block that they share.
class StepRotation {
 public:
  explicit StepRotation(const CommonNames& names) : names_(names) {}

  void apply(std::size_t device, StepItems& a, StepItems& b);

 private:
  struct Turn {
    std::size_t a = 0, b = 0;
  };
  const CommonNames& names_;
  // By device, stream and the sizes of both sides: rounds of one size are taken to be alike.
  std::map<std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>, Turn> turns_;
};

}  // namespace varve
