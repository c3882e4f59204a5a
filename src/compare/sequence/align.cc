#include "compare/sequence/align.h"

#include <algorithm>
#include <unordered_map>

#include "compare/sequence/longest_chain.h"

namespace varve {

namespace {
using Tokens = std::span<const std::uint32_t>;

constexpr std::size_t kFewestAnchors = 3;
constexpr std::uint64_t kMostPairs = 1u << 25;  // of equal tokens looked at for one block
constexpr std::size_t kMostBlocks = 1u << 20;   // of one length that a chain is made of
constexpr std::size_t kAgreeing = 4;            // tokens that make an agreement
constexpr std::size_t kLookAhead = 512;

// Parts of both sides that correspond as a whole.
struct Segment {
  std::size_t a = 0, a_end = 0, b = 0, b_end = 0;
};

// Where each token of a segment of B stands, and how often on both sides.
struct Places {
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> of_b;
  std::unordered_map<std::uint32_t, std::uint32_t> times_a;
  std::uint64_t pairs = 0;
};

class Alignment {
 public:
  Alignment(Tokens a, Tokens b) : a_(a), b_(b) {}

  CommonRun longest_block() const {
    const Segment whole{0, a_.size(), 0, b_.size()};
    const Places places = places_in(whole);
    if (places.pairs == 0 || places.pairs > kMostPairs) return {};
    const std::vector<CommonRun> blocks = longest_blocks(whole, places);
    return blocks.empty() ? CommonRun{} : blocks.front();
  }

  std::vector<CommonRun> take() {
    open_.push_back({0, a_.size(), 0, b_.size()});
    while (!open_.empty()) {
      Segment segment = open_.back();
      open_.pop_back();
      trim(segment);
      if (segment.a < segment.a_end && segment.b < segment.b_end) divide(segment);
    }
    return joined();
  }

 private:
  void found(std::size_t a, std::size_t b, std::size_t length) {
    if (length > 0) runs_.push_back({a, b, length});
  }

  // Takes off what both sides begin and end with.
  void trim(Segment& s) {
    std::size_t same = 0;
    while (s.a + same < s.a_end && s.b + same < s.b_end && a_[s.a + same] == b_[s.b + same]) ++same;
    found(s.a, s.b, same);
    s.a += same, s.b += same;
    same = 0;
    while (s.a_end - same > s.a && s.b_end - same > s.b && a_[s.a_end - same - 1] == b_[s.b_end - same - 1]) ++same;
    s.a_end -= same, s.b_end -= same;
    found(s.a_end, s.b_end, same);
  }

  Places places_in(const Segment& s) const {
    Places places;
    for (std::size_t j = s.b; j < s.b_end; ++j) places.of_b[b_[j]].push_back(static_cast<std::uint32_t>(j));
    for (std::size_t i = s.a; i < s.a_end; ++i) {
      const auto at = places.of_b.find(a_[i]);
      if (at == places.of_b.end()) continue;
      ++places.times_a[a_[i]];
      places.pairs += at->second.size();
    }
    return places;
  }

  void divide(const Segment& s) {
    const Places places = places_in(s);
    if (places.pairs == 0) return;
    if (by_anchors(s, places)) return;
    const std::vector<CommonRun> blocks =
        places.pairs > kMostPairs ? std::vector<CommonRun>{} : longest_blocks(s, places);
    if (blocks.empty()) return by_agreement(s);
    keep(s, longest_chain(blocks));
  }

  // What occurs once on each side, where all of that is in one order.
  bool by_anchors(const Segment& s, const Places& places) {
    std::vector<CommonRun> anchors;
    for (std::size_t i = s.a; i < s.a_end; ++i) {
      const auto at = places.of_b.find(a_[i]);
      if (at == places.of_b.end() || at->second.size() != 1 || places.times_a.at(a_[i]) != 1) continue;
      if (!anchors.empty() && at->second.front() < anchors.back().b) return false;
      anchors.push_back({i, at->second.front(), 1});
    }
    if (anchors.size() < kFewestAnchors) return false;
    keep(s, anchors);
    return true;
  }

  // The longest common blocks, all of one length; none where there are too many.
  std::vector<CommonRun> longest_blocks(const Segment& s, const Places& places) const {
    std::vector<std::uint32_t> before(s.b_end - s.b + 1), now(before.size());
    std::vector<std::uint32_t> touched_before, touched_now;
    std::vector<CommonRun> blocks;
    std::size_t longest = 0;
    for (std::size_t i = s.a; i < s.a_end; ++i) {
      touched_now.clear();
      const auto at = places.of_b.find(a_[i]);
      if (at != places.of_b.end()) {
        for (const std::uint32_t j : at->second) {
          const std::size_t k = j - s.b;
          const std::uint32_t length = now[k + 1] = before[k] + 1;
          touched_now.push_back(static_cast<std::uint32_t>(k + 1));
          if (length > longest) blocks.clear(), longest = length;
          if (length == longest) blocks.push_back({i + 1 - length, j + 1 - length, length});
          if (blocks.size() > kMostBlocks) return {};
        }
      }
      for (const std::uint32_t k : touched_before) before[k] = 0;
      std::swap(before, now);
      std::swap(touched_before, touched_now);
    }
    return blocks;
  }

  // From one agreement of some tokens to the next.
  void by_agreement(const Segment& s) {
    const auto agree = [&](std::size_t i, std::size_t j) {
      const std::size_t size = std::min({kAgreeing, s.a_end - i, s.b_end - j});
      return std::equal(a_.begin() + static_cast<std::ptrdiff_t>(i), a_.begin() + static_cast<std::ptrdiff_t>(i + size),
                        b_.begin() + static_cast<std::ptrdiff_t>(j));
    };
    std::size_t i = s.a, j = s.b;
    while (i < s.a_end && j < s.b_end) {
      if (a_[i] == b_[j]) {
        found(i++, j++, 1);
        continue;
      }
      std::size_t skip = 1, skip_a = 1;
      for (bool is_found = false; skip <= kLookAhead && !is_found; ++skip) {
        for (skip_a = 0; skip_a <= skip; ++skip_a) {
          if (i + skip_a >= s.a_end || j + skip - skip_a >= s.b_end) continue;
          is_found = agree(i + skip_a, j + skip - skip_a);
          if (is_found) break;
        }
        if (is_found) break;
      }
      if (skip > kLookAhead) skip = 2, skip_a = 1;
      i += skip_a, j += skip - skip_a;
    }
  }

  // Anchors in rising order: they are of the answer, what lies between them is still open.
  void keep(const Segment& s, const std::vector<CommonRun>& anchors) {
    std::size_t a = s.a, b = s.b;
    for (const CommonRun& anchor : anchors) {
      open_.push_back({a, anchor.a, b, anchor.b});
      found(anchor.a, anchor.b, anchor.length);
      a = anchor.a + anchor.length, b = anchor.b + anchor.length;
    }
    open_.push_back({a, s.a_end, b, s.b_end});
  }

  std::vector<CommonRun> joined() {
    std::sort(runs_.begin(), runs_.end(), [](const CommonRun& x, const CommonRun& y) { return x.a < y.a; });
    std::vector<CommonRun> all;
    for (const CommonRun& run : runs_) {
      if (!all.empty() && all.back().a + all.back().length == run.a && all.back().b + all.back().length == run.b) {
        all.back().length += run.length;
      } else {
        all.push_back(run);
      }
    }
    return all;
  }

  Tokens a_, b_;
  std::vector<Segment> open_;
  std::vector<CommonRun> runs_;
};
}  // namespace

std::vector<CommonRun> align(Tokens a, Tokens b) {
  // One order of the sides, so that ties are broken alike whichever way they are given.
  const bool swap = std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end());
  std::vector<CommonRun> runs = swap ? Alignment(b, a).take() : Alignment(a, b).take();
  for (CommonRun& run : runs) {
    if (swap) std::swap(run.a, run.b);
  }
  return runs;
}

CommonRun longest_common_block(Tokens a, Tokens b) {
  const bool swap = std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end());
  CommonRun block = swap ? Alignment(b, a).longest_block() : Alignment(a, b).longest_block();
  if (swap) std::swap(block.a, block.b);
  return block;
}

}  // namespace varve
