#pragma once
#include <string>
#include <vector>

#include "compare/account/account_series.h"
#include "model/comparison.h"

namespace varve {

// Samples that one side alone showed: fewer are no evidence by themselves. Where both sides run a piece of code
// equally, all of its k samples are of one of them with probability 2 / 2^k (the conditional test of two Poisson rates,
// as in matching/match.cc). That one of m rows looks so is kept below 5 % (Bonferroni) from k = 1 + log2(m / 0.05)
// on: 14.3 of m = 500 rows. Samples of one stretch of code come together and count for less: with a variance of f times
// their number they are k / f independent ones, and 25 bear up to f = 1.7. How answers depend
// on it: docs/measurements/comparing.md.
inline constexpr double kHandfulOfSamples = 25;

// Kernels of one caller that belong together, with what they took in every unit.
struct Leaf {
  std::string caller;  // empty: nobody that is known
  KernelChange row;
  RowSeries series;
  bool other_build = false;      // the same names, of another build of their library
  bool by_caller_alone = false;  // replaced, and only the caller says so
  bool generated = false;        // by the program, while it ran
  bool system = false;           // of the operating system

  double seconds_a() const;
  double seconds_b() const;
};

// Code that was generated for the program tells nothing of what it does, so where it took something over, or something
// took over from it, both become one thing:
// - what a compiler wrote for the program, on one side only, did the work of operations that the other side alone
//   called: they get one caller;
// - within one caller named functions took over most of what generated code did, or the other way round, and what one
//   side lost the other has, to a factor of two: they become one leaf.
void join_generated_code(std::vector<Leaf>& leaves);

}  // namespace varve
