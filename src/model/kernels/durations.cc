#include "model/kernels/durations.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace varve {

namespace {
constexpr int kBits = 5;  // below the highest one
constexpr std::uint64_t kExact = 2u << kBits;

std::uint16_t bucket_of(std::int64_t ns) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
  if (value < kExact) return static_cast<std::uint16_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
  return static_cast<std::uint16_t>((static_cast<std::uint64_t>(shift) << kBits) + (value >> shift));
}

std::int64_t middle_of(std::uint16_t bucket) {
  if (bucket < kExact) return bucket;
  const int shift = (bucket >> kBits) - 1;
  const std::uint64_t low = static_cast<std::uint64_t>(bucket - (shift << kBits)) << shift;
  return static_cast<std::int64_t>(low + (std::uint64_t{1} << shift) / 2);
}
}  // namespace

std::int64_t add_ns(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

std::uint64_t add_counts(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

void QuantileSketch::add(std::int64_t ns, std::uint64_t times) { add_bucket(bucket_of(ns), times); }

void QuantileSketch::add_bucket(std::uint16_t number, std::uint64_t count) {
  if (count == 0) return;
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), number,
                                   [](const Bucket& bucket, std::uint16_t wanted) { return bucket.number < wanted; });
  if (at != buckets_.end() && at->number == number) {
    at->count = add_counts(at->count, count);
  } else {
    buckets_.insert(at, {number, count});
  }
}

void QuantileSketch::merge(const QuantileSketch& other) {
  std::vector<Bucket> both;
  both.reserve(buckets_.size() + other.buckets_.size());
  auto mine = buckets_.begin();
  for (const Bucket& bucket : other.buckets_) {
    while (mine != buckets_.end() && mine->number < bucket.number) both.push_back(*mine++);
    both.push_back(bucket);
    if (mine != buckets_.end() && mine->number == bucket.number) {
      both.back().count = add_counts(bucket.count, mine++->count);
    }
  }
  both.insert(both.end(), mine, buckets_.end());
  buckets_ = std::move(both);
}

std::uint64_t QuantileSketch::count() const {
  std::uint64_t count = 0;
  for (const Bucket& bucket : buckets_) count = add_counts(count, bucket.count);
  return count;
}

std::int64_t QuantileSketch::quantile(double probability) const {
  if (buckets_.empty()) return 0;
  const double wanted = std::clamp(probability, 0.0, 1.0) * static_cast<double>(count());
  double reached = 0;
  for (const Bucket& bucket : buckets_) {
    reached += static_cast<double>(bucket.count);
    if (reached >= wanted) return middle_of(bucket.number);
  }
  return middle_of(buckets_.back().number);
}

void Durations::add(std::int64_t ns) {
  ns = std::max<std::int64_t>(ns, 0);
  min_ns = has_spread() ? std::min(min_ns, ns) : ns;
  max_ns = std::max(max_ns, ns);
  count = add_counts(count, 1);
  total_ns = add_ns(total_ns, ns);
  quantiles.add(ns);
}

void Durations::merge(const Durations& other) {
  if (other.has_spread()) {
    min_ns = has_spread() ? std::min(min_ns, other.min_ns) : other.min_ns;
    max_ns = std::max(max_ns, other.max_ns);
  }
  count = add_counts(count, other.count);
  total_ns = add_ns(total_ns, other.total_ns);
  quantiles.merge(other.quantiles);
}

std::int64_t Durations::quantile(double probability) const {
  return std::clamp(quantiles.quantile(probability), min_ns, std::max(min_ns, max_ns));
}

}  // namespace varve
