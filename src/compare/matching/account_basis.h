#pragma once
#include <span>

#include "model/kernels/profile.h"

namespace varve {

// How a profile was counted: what its samples are worth, and how many there are. All 0 where there are none.
struct Counting {
  double period_ns = 0, samples = 0;
};
Counting counting_of(const Profile& profile);

// What an account of kernels rests on: which profiles, and how well their rows are known. A row of a table.
struct AccountBasis {
  ProfileKind kind;
  const char* remainder;  // what the rows leave of the whole, as the last row is called
  // How uncertain the time of a row, or of several taken together, is by the way this witness looks: the variance in
  // square nanoseconds. 0 for what is counted.
  double (*variance)(const ProfileRow& row, const Counting& counting);
  double (*remainder_variance)(const Counting& counting);
};

// Every basis there is; that of CPU samples comes first and is accounted for even when there is nothing to see.
std::span<const AccountBasis> account_bases();

}  // namespace varve
