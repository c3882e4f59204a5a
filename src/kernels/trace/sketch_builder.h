#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/kernels/durations.h"

namespace varve {

// A sketch that many durations go into, one after the other: the buckets around the usual durations lie in an array,
// so that adding is counting. Never more than 1 KiB, and no more than some 16 bytes for each duration.
class SketchBuilder {
 public:
  void add(std::int64_t ns) {
    const std::uint16_t bucket = bucket_of(ns);
    const std::size_t at = static_cast<std::size_t>(bucket) - first_;
    if (at < counts_.size() && counts_[at] < UINT32_MAX) {
      ++counts_[at];
    } else {
      add_elsewhere(bucket);
    }
  }

  void add(const QuantileSketch& sketch) { others_.merge(sketch); }

  QuantileSketch take() {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      others_.add_bucket(static_cast<std::uint16_t>(first_ + i), counts_[i]);
    }
    counts_.clear();
    return std::move(others_);
  }

 private:
  // The number that QuantileSketch gives it: 32 buckets for each octave from 64 on.
  static std::uint16_t bucket_of(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(ns < 0 ? 0 : ns);
    if (value < 64) return static_cast<std::uint16_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 6;
    return static_cast<std::uint16_t>((static_cast<std::uint64_t>(shift) << 5) + (value >> shift));
  }

  // Widens the array so far as the number of durations until now warrants it.
  void add_elsewhere(std::uint16_t bucket) {
    constexpr std::size_t kWidest = 256;
    ++outside_;
    const std::size_t begin = counts_.empty() ? bucket : std::min<std::size_t>(first_, bucket);
    const std::size_t end = std::max<std::size_t>(first_ + counts_.size(), std::size_t{bucket} + 1);
    if (end - begin > std::min(kWidest, counts_.size() + 4 * outside_)) return others_.add_bucket(bucket, 1);
    if (!counts_.empty()) counts_.insert(counts_.begin(), first_ - begin, 0);
    first_ = static_cast<std::uint16_t>(begin);
    counts_.resize(end - begin);
    if (counts_[bucket - begin] == UINT32_MAX) return others_.add_bucket(bucket, 1);
    ++counts_[bucket - begin];
  }

  std::vector<std::uint32_t> counts_;  // of buckets from first_ on
  std::uint16_t first_ = 0;
  std::size_t outside_ = 0;  // how often one lay outside
  QuantileSketch others_;
};

}  // namespace varve
