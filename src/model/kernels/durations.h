#pragma once
#include <cstdint>
#include <vector>

namespace varve {

// The sum of two amounts that are not negative; stays at the largest number instead of running over (292 years of
// nanoseconds). So sums of sums are the same in whatever order they are made.
std::int64_t add_ns(std::int64_t a, std::int64_t b);
std::uint64_t add_counts(std::uint64_t a, std::uint64_t b);

// How durations are spread: counts in buckets of fixed limits, so that sketches merge exactly. Every octave has 32
// buckets of equal width, and up to 63 every nanosecond its own: a quantile is off by at most 1/64 (1.6 %) of itself.
// The bucket of a duration is its highest bit and the five below: no logarithm is computed. The layout is that of
// HdrHistogram (Tene 2012), the guarantee that of DDSketch (Masson, Rim and Lee 2019, doi 10.14778/3352063.3352135).
// Holds only buckets that are not empty: at most 1 888, for the launches of one kernel some ten.
class QuantileSketch {
 public:
  struct Bucket {
    std::uint16_t number = 0;
    std::uint64_t count = 0;

    bool operator==(const Bucket&) const = default;
  };
  static constexpr std::uint16_t kBuckets = 1888;

  void add(std::int64_t ns, std::uint64_t times = 1);  // a negative duration counts as 0
  void merge(const QuantileSketch& other);
  // Adds to a bucket by its number, below kBuckets: for readers of documents.
  void add_bucket(std::uint16_t number, std::uint64_t count);

  // The middle of the bucket in which the fraction `probability` (0 to 1) of all durations is reached; 0 of none.
  std::int64_t quantile(double probability) const;
  std::uint64_t count() const;
  const std::vector<Bucket>& buckets() const { return buckets_; }  // by rising number, none empty

  bool operator==(const QuantileSketch&) const = default;

 private:
  std::vector<Bucket> buckets_;
};

// Many durations, summed up. Exact and mergeable. Of samples only the total is known: then count is 0. Some witnesses
// tell how many there were and their sum, and not how long each took: these count, and the sketch is without them.
struct Durations {
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;
  std::int64_t min_ns = 0, max_ns = 0;  // of those in the sketch; 0 of none
  QuantileSketch quantiles;

  bool has_spread() const { return !quantiles.buckets().empty(); }  // how long single ones took is known
  void add(std::int64_t ns);                                        // a negative duration counts as 0
  void merge(const Durations& other);
  std::int64_t quantile(double probability) const;  // from the sketch, within min_ns and max_ns

  bool operator==(const Durations&) const = default;
};

}  // namespace varve
