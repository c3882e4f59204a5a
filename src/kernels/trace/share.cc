#include "kernels/trace/share.h"

#include <numeric>

namespace varve {

std::vector<std::int64_t> whole_shares(const std::vector<Share>& shares) {
  constexpr Share kFraction = share_of(1) - 1;
  Share sum = share_of(1) / 2;  // so that it rounds to the next
  std::int64_t given = 0;
  std::vector<std::int64_t> whole;
  whole.reserve(shares.size());
  for (const Share share : shares) {
    sum += share;
    whole.push_back(static_cast<std::int64_t>(share >> kShareBits));
    given += whole.back();
  }
  std::vector<std::size_t> order(shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return (shares[a] & kFraction) > (shares[b] & kFraction); });
  const auto rest = static_cast<std::size_t>(static_cast<std::int64_t>(sum >> kShareBits) - given);
  for (std::size_t i = 0; i < std::min(rest, order.size()); ++i) ++whole[order[i]];
  return whole;
}

}  // namespace varve
