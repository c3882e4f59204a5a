#include "compare/sequence/match_step.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "compare/sequence/align.h"
#include "compare/sequence/weak_anchors.h"

namespace varve {

namespace {
constexpr std::size_t kMostByPosition = 64;
using Numbers = std::vector<std::uint32_t>;
using Key = std::uint64_t;

struct Range {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};
struct Gap {
  Range a, b;
};

// Keys of both sides as numbers without gaps. In the order of the keys, so that it does not matter which side is first.
struct KeyTokens {
  Numbers a, b;
};
KeyTokens tokens_of(const std::vector<Key>& a, const std::vector<Key>& b) {
  std::unordered_map<Key, std::uint32_t> numbers;
  for (const std::vector<Key>* side : {&a, &b}) {
    for (const Key key : *side) numbers.try_emplace(key);
  }
  std::vector<Key> all;
  for (const auto& [key, number] : numbers) all.push_back(key);
  std::sort(all.begin(), all.end());
  for (std::uint32_t i = 0; i < all.size(); ++i) numbers[all[i]] = i;
  KeyTokens tokens;
  tokens.a.reserve(a.size());
  tokens.b.reserve(b.size());
  for (const Key key : a) tokens.a.push_back(numbers.at(key));
  for (const Key key : b) tokens.b.push_back(numbers.at(key));
  return tokens;
}

// How often the list is some piece of itself, repeated; all divisors of that are possible too.
std::size_t repeats(const Numbers& names) {
  for (std::size_t length = 1; length <= names.size() / 2; ++length) {
    if (names.size() % length != 0) continue;
    if (std::equal(names.begin() + static_cast<std::ptrdiff_t>(length), names.end(), names.begin())) {
      return names.size() / length;
    }
  }
  return 1;
}

class Matching {
 public:
  explicit Matching(const std::vector<MatchStream>& streams) {
    for (const MatchStream& stream : streams) {
      const Gap whole{{a_.size(), a_.size() + stream.a.size()}, {b_.size(), b_.size() + stream.b.size()}};
      a_.insert(a_.end(), stream.a.begin(), stream.a.end());
      b_.insert(b_.end(), stream.b.begin(), stream.b.end());
      whole_.push_back(whole);
    }
  }

  StepMatch take() {
    const auto starts = [](const MatchItem& item) { return item.starts_operation; };
    of_operations_ = std::any_of(a_.begin(), a_.end(), starts) && std::any_of(b_.begin(), b_.end(), starts);
    if (of_operations_ && are_of_two_frameworks()) {
      by_work();
      return std::move(match_);
    }
    for (const Gap& whole : whole_) next_level(whole, of_operations_ ? Level::operation : Level::name_and_operation);
    if (is_compiled_on_one_side()) {
      taken_over();
      return std::move(match_);
    }
    for (const Gap& gap : open_) by_position(gap);
    elsewhere([](const MatchItem& item) { return item.name; }, MatchedBy::nothing);
    elsewhere([](const MatchItem& item) { return item.operation; }, MatchedBy::operation);
    for (const std::uint32_t i : left_a_) match_.groups.push_back({MatchedBy::nothing, {i}, {}});
    for (const std::uint32_t j : left_b_) match_.groups.push_back({MatchedBy::nothing, {}, {j}});
    return std::move(match_);
  }

 private:
  enum class Level { name_and_operation, operation, name, bare_operation, bare_name, position };

  void next_level(const Gap& gap, Level level) {
    if (gap.a.size() == 0 || gap.b.size() == 0) level = Level::position;
    if (gap.a.size() == 0 && gap.b.size() == 0) return;
    if (level == Level::bare_name && !of_operations_) level = Level::position;
    switch (level) {
      case Level::name_and_operation:
      case Level::name:
      case Level::bare_name:
        return by_item(gap, level);
      case Level::operation:
      case Level::bare_operation:
        return by_runs(gap, level);
      case Level::position:
        open_.push_back(gap);
    }
  }
  static Level after(Level level) { return static_cast<Level>(static_cast<int>(level) + 1); }

  // Aligns items one by one: what corresponds is the same kernel.
  void by_item(const Gap& gap, Level level) {
    const auto key = [&](const MatchItem& item) {
      if (level == Level::bare_name && item.bare_name != kNoToken) return Key{item.bare_name};
      return level == Level::name ? Key{item.name} : (Key{item.name} << 32) | item.operation;
    };
    std::vector<Key> a, b;
    for (std::size_t i = gap.a.begin; i < gap.a.end; ++i) a.push_back(key(a_[i]));
    for (std::size_t j = gap.b.begin; j < gap.b.end; ++j) b.push_back(key(b_[j]));
    const KeyTokens tokens = tokens_of(a, b);
    const auto is_weak = [&](const CommonRun& run) {
      const auto begin = a_.begin() + static_cast<std::ptrdiff_t>(gap.a.begin + run.a);
      return std::all_of(begin, begin + static_cast<std::ptrdiff_t>(run.length),
                         [](const MatchItem& item) { return item.operation == kNoToken; });
    };
    Gap rest = gap;
    for (const CommonRun& run : without_weak_anchors(align(tokens.a, tokens.b), a.size(), b.size(), is_weak)) {
      rest.a.end = gap.a.begin + run.a;
      rest.b.end = gap.b.begin + run.b;
      next_level(rest, after(level));
      for (std::size_t k = 0; k < run.length; ++k) same(rest.a.end + k, rest.b.end + k);
      rest.a.begin = rest.a.end + run.length;
      rest.b.begin = rest.b.end + run.length;
    }
    rest.a.end = gap.a.end, rest.b.end = gap.b.end;
    next_level(rest, after(level));
  }

  // Items one after the other that serve one operation; those of which it is not known stand alone and match nothing.
  struct Runs {
    std::vector<Range> ranges;
    std::vector<Key> keys;
  };
  static Runs runs_of(const std::vector<MatchItem>& items, const Range& range, Level level, Key side) {
    Runs runs;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t operation = level == Level::operation ? items[i].operation : items[i].bare_operation;
      const bool is_known = operation != kNoToken;
      if (is_known && !items[i].starts_operation && !runs.keys.empty() && runs.keys.back() == operation) {
        runs.ranges.back().end = i + 1;
        continue;
      }
      runs.ranges.push_back({i, i + 1});
      runs.keys.push_back(is_known ? Key{operation} : side | i);
    }
    return runs;
  }

  void by_runs(const Gap& gap, Level level) {
    const Runs a = runs_of(a_, gap.a, level, Key{1} << 62), b = runs_of(b_, gap.b, level, Key{1} << 63);
    const KeyTokens tokens = tokens_of(a.keys, b.keys);
    Gap rest = gap;
    const auto border = [](const Runs& runs, std::size_t at, std::size_t end) {
      return at < runs.ranges.size() ? runs.ranges[at].begin : end;
    };
    for (const CommonRun& run : align(tokens.a, tokens.b)) {
      rest.a.end = border(a, run.a, gap.a.end);
      rest.b.end = border(b, run.b, gap.b.end);
      next_level(rest, after(level));
      for (std::size_t k = 0; k < run.length; ++k) within_operation(a.ranges[run.a + k], b.ranges[run.b + k]);
      rest.a.begin = border(a, run.a + run.length, gap.a.end);
      rest.b.begin = border(b, run.b + run.length, gap.b.end);
    }
    rest.a.end = gap.a.end, rest.b.end = gap.b.end;
    next_level(rest, after(level));
  }

  // What one operation ran on both sides: by name where it can be, and the rest for each other.
  void within_operation(const Range& a, const Range& b) {
    if (of_operations_ && std::max(a.size(), b.size()) <= kMostByPosition) return inside_of_outermost(a, b);
    std::vector<Key> keys_a, keys_b;
    for (std::size_t i = a.begin; i < a.end; ++i) keys_a.push_back(a_[i].name);
    for (std::size_t j = b.begin; j < b.end; ++j) keys_b.push_back(b_[j].name);
    const KeyTokens tokens = tokens_of(keys_a, keys_b);
    Numbers rest_a, rest_b;
    std::size_t i = a.begin, j = b.begin;
    const auto rest_up_to = [&](std::size_t a_end, std::size_t b_end) {
      for (; i < a_end; ++i) rest_a.push_back(static_cast<std::uint32_t>(i));
      for (; j < b_end; ++j) rest_b.push_back(static_cast<std::uint32_t>(j));
    };
    for (const CommonRun& run : align(tokens.a, tokens.b)) {
      rest_up_to(a.begin + run.a, b.begin + run.b);
      for (std::size_t k = 0; k < run.length; ++k) same(i++, j++);
    }
    rest_up_to(a.end, b.end);
    group(MatchedBy::operation, rest_a, rest_b);
  }

  // One outermost operation on both sides: small operations inside of it, of which there are many everywhere, tell no
  // story, so that all between what both begin and end with is one exchange.
  void inside_of_outermost(Range a, Range b) {
    while (a.size() > 0 && b.size() > 0 && a_[a.begin].name == b_[b.begin].name) same(a.begin++, b.begin++);
    while (a.size() > 0 && b.size() > 0 && a_[a.end - 1].name == b_[b.end - 1].name) same(--a.end, --b.end);
    Numbers rest_a(a.size()), rest_b(b.size());
    std::iota(rest_a.begin(), rest_a.end(), static_cast<std::uint32_t>(a.begin));
    std::iota(rest_b.begin(), rest_b.end(), static_cast<std::uint32_t>(b.begin));
    group(MatchedBy::operation, rest_a, rest_b);
  }

  void same(std::size_t i, std::size_t j) {
    match_.same.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j));
  }

  // Kernels for each other; where one exchange is repeated, each for itself.
  void group(MatchedBy by, const Numbers& a, const Numbers& b) {
    if (a.empty() || b.empty()) {
      left_a_.insert(left_a_.end(), a.begin(), a.end());
      left_b_.insert(left_b_.end(), b.begin(), b.end());
      return;
    }
    const auto names = [](const std::vector<MatchItem>& items, const Numbers& places) {
      Numbers found;
      for (const std::uint32_t place : places) found.push_back(items[place].name);
      return found;
    };
    const std::size_t times = std::gcd(repeats(names(a_, a)), repeats(names(b_, b)));
    for (std::size_t k = 0; k < times; ++k) {
      const auto piece = [&](const Numbers& places) {
        const auto length = static_cast<std::ptrdiff_t>(places.size() / times);
        const auto begin = places.begin() + static_cast<std::ptrdiff_t>(k) * length;
        return Numbers(begin, begin + length);
      };
      match_.groups.push_back({by, piece(a), piece(b)});
    }
  }

  bool are_of_two_frameworks() const {
    const auto computes = [](const MatchItem& item) { return item.work != kNoToken; };
    return std::any_of(a_.begin(), a_.end(), computes) && std::any_of(b_.begin(), b_.end(), computes);
  }

  void by_work() {
    const auto products = [](const std::vector<MatchItem>& items) {
      Numbers places;
      for (std::uint32_t i = 0; i < items.size(); ++i) {
        if (items[i].work != kNoToken) places.push_back(i);
      }
      return places;
    };
    const auto works = [](const std::vector<MatchItem>& items, const Numbers& places) {
      std::vector<Key> keys;
      for (const std::uint32_t i : places) keys.push_back(items[i].work);
      return keys;
    };
    const Numbers of_a = products(a_), of_b = products(b_);
    const KeyTokens tokens = tokens_of(works(a_, of_a), works(b_, of_b));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> anchors;
    for (const CommonRun& run : align(tokens.a, tokens.b)) {
      for (std::size_t k = 0; k < run.length; ++k) anchors.emplace_back(of_a[run.a + k], of_b[run.b + k]);
    }
    std::vector<bool> done_a(a_.size()), done_b(b_.size());
    for (const auto& [i, j] : anchors) {
      match_.groups.push_back({MatchedBy::work, {i}, {j}});
      done_a[i] = done_b[j] = true;
    }
    between_anchors(anchors, done_a, done_b);
    for (std::uint32_t i = 0; i < a_.size(); ++i) {
      if (!done_a[i]) left_a_.push_back(i);
    }
    for (std::uint32_t j = 0; j < b_.size(); ++j) {
      if (!done_b[j]) left_b_.push_back(j);
    }
    elsewhere([](const MatchItem& item) { return item.work; }, MatchedBy::work);
    elsewhere([](const MatchItem& item) { return item.name; }, MatchedBy::nothing);
    if (is_taken_over(a_, left_a_, b_, left_b_) || is_taken_over(b_, left_b_, a_, left_a_)) {
      match_.groups.push_back({MatchedBy::compiled, left_a_, left_b_});
      return;
    }
    for (const std::uint32_t i : left_a_) match_.groups.push_back({MatchedBy::nothing, {i}, {}});
    for (const std::uint32_t j : left_b_) match_.groups.push_back({MatchedBy::nothing, {}, {j}});
  }

  // Whether operations with shapes are left, and on the other side code that was compiled for the program.
  static bool is_taken_over(const std::vector<MatchItem>& items, const Numbers& left,
                            const std::vector<MatchItem>& others, const Numbers& left_of_others) {
    const bool computes =
        std::any_of(left.begin(), left.end(), [&](std::uint32_t i) { return items[i].name != items[i].bare_name; });
    const bool compiled_too =
        std::any_of(left.begin(), left.end(), [&](std::uint32_t i) { return items[i].is_compiled; });
    return computes && !compiled_too && std::any_of(left_of_others.begin(), left_of_others.end(), [&](std::uint32_t j) {
             return others[j].is_compiled;
           });
  }

  // What stands between the same products on one stream of each side, and before the first and behind the last. Only
  // what has shapes: the rest is how a framework finds its way to it.
  void between_anchors(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& anchors, std::vector<bool>& done_a,
                       std::vector<bool>& done_b) {
    const auto stream_of = [&](std::size_t place, Range Gap::*side) {
      return *std::find_if(whole_.begin(), whole_.end(), [&](const Gap& gap) { return place < (gap.*side).end; });
    };
    for (std::size_t k = 0; k <= anchors.size() && !anchors.empty(); ++k) {
      const auto& at = anchors[std::min(k, anchors.size() - 1)];
      Range a = stream_of(at.first, &Gap::a).a, b = stream_of(at.second, &Gap::b).b;
      if (k < anchors.size()) a.end = at.first, b.end = at.second;
      if (k > 0) {
        const auto& before = anchors[k - 1];
        const bool on_one_stream = before.first >= a.begin && before.second >= b.begin;
        if (!on_one_stream) continue;
        a.begin = before.first + 1, b.begin = before.second + 1;
      }
      const auto take = [](const std::vector<MatchItem>& items, const Range& range, const std::vector<bool>& done) {
        Numbers places;
        for (std::size_t i = range.begin; i < range.end; ++i) {
          const MatchItem& item = items[i];
          const bool is_free = !done[i] && item.work == kNoToken && item.bare_name != item.name;
          if (is_free) places.push_back(static_cast<std::uint32_t>(i));
        }
        return places;
      };
      const Numbers places_a = take(a_, a, done_a), places_b = take(b_, b, done_b);
      if (places_a.empty() || places_b.empty()) continue;
      match_.groups.push_back({MatchedBy::position, places_a, places_b});
      for (const std::uint32_t i : places_a) done_a[i] = true;
      for (const std::uint32_t j : places_b) done_b[j] = true;
    }
  }

  bool is_compiled_on_one_side() const {
    const auto holds = [](const std::vector<MatchItem>& items, const Range& range) {
      return std::any_of(items.begin() + static_cast<std::ptrdiff_t>(range.begin),
                         items.begin() + static_cast<std::ptrdiff_t>(range.end),
                         [](const MatchItem& item) { return item.is_compiled; });
    };
    bool of_a = false, of_b = false;
    for (const Gap& gap : open_) {
      of_a = of_a || holds(a_, gap.a);
      of_b = of_b || holds(b_, gap.b);
    }
    return of_a != of_b;
  }

  // What has no counterpart of its name anywhere in the step is one group with the compiled code.
  void taken_over() {
    for (const Gap& gap : open_) {
      for (std::size_t i = gap.a.begin; i < gap.a.end; ++i) left_a_.push_back(static_cast<std::uint32_t>(i));
      for (std::size_t j = gap.b.begin; j < gap.b.end; ++j) left_b_.push_back(static_cast<std::uint32_t>(j));
    }
    elsewhere([](const MatchItem& item) { return item.name; }, MatchedBy::nothing);
    elsewhere([](const MatchItem& item) { return item.bare_name; }, MatchedBy::nothing);
    set_compiling_aside();
    std::sort(left_a_.begin(), left_a_.end());
    std::sort(left_b_.begin(), left_b_.end());
    const bool is_group = !left_a_.empty() && !left_b_.empty();
    match_.groups.push_back({is_group ? MatchedBy::compiled : MatchedBy::nothing, left_a_, left_b_});
  }

  // Of what is left, what compiles the program: it is of its side alone.
  void set_compiling_aside() {
    const auto take = [](const std::vector<MatchItem>& items, Numbers& left) {
      const auto rest =
          std::stable_partition(left.begin(), left.end(), [&](std::uint32_t place) { return !items[place].compiles; });
      Numbers compiling(rest, left.end());
      left.erase(rest, left.end());
      return compiling;
    };
    for (const std::uint32_t i : take(a_, left_a_)) match_.groups.push_back({MatchedBy::nothing, {i}, {}});
    for (const std::uint32_t j : take(b_, left_b_)) match_.groups.push_back({MatchedBy::nothing, {}, {j}});
  }

  void by_position(const Gap& gap) {
    const auto all = [](const std::vector<MatchItem>& items, const Range& range, Numbers& left) {
      Numbers places;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        (items[i].compiles ? left : places).push_back(static_cast<std::uint32_t>(i));
      }
      return places;
    };
    const Numbers a = all(a_, gap.a, left_a_), b = all(b_, gap.b, left_b_);
    const bool is_small = a.size() <= kMostByPosition && b.size() <= kMostByPosition;
    if (is_small) return group(MatchedBy::position, a, b);
    group(MatchedBy::nothing, a, {});
    group(MatchedBy::nothing, {}, b);
  }

  // What is left on both sides and has one key, in its order.
  // `by`: why; `nothing` of what is the same, one by one.
  template <class KeyOf>
  void elsewhere(KeyOf key_of, MatchedBy by) {
    std::map<std::uint32_t, std::pair<Numbers, Numbers>> by_key;
    for (const std::uint32_t i : left_a_) by_key[key_of(a_[i])].first.push_back(i);
    for (const std::uint32_t j : left_b_) by_key[key_of(b_[j])].second.push_back(j);
    left_a_.clear();
    left_b_.clear();
    for (auto& [key, places] : by_key) {
      auto& [a, b] = places;
      std::sort(a.begin(), a.end());
      std::sort(b.begin(), b.end());
      if (key == kNoToken || a.empty() || b.empty()) {
        left_a_.insert(left_a_.end(), a.begin(), a.end());
        left_b_.insert(left_b_.end(), b.begin(), b.end());
      } else if (by == MatchedBy::operation) {
        group(by, a, b);
      } else {
        const std::size_t both = std::min(a.size(), b.size());
        for (std::size_t k = 0; k < both; ++k) {
          if (by == MatchedBy::nothing) same(a[k], b[k]);
          if (by == MatchedBy::work) match_.groups.push_back({by, {a[k]}, {b[k]}});
        }
        left_a_.insert(left_a_.end(), a.begin() + static_cast<std::ptrdiff_t>(both), a.end());
        left_b_.insert(left_b_.end(), b.begin() + static_cast<std::ptrdiff_t>(both), b.end());
      }
    }
  }

  std::vector<MatchItem> a_, b_;
  std::vector<Gap> whole_, open_;
  bool of_operations_ = false;
  Numbers left_a_, left_b_;
  StepMatch match_;
};
}  // namespace

StepMatch match_step(const std::vector<MatchStream>& streams) { return Matching(streams).take(); }

}  // namespace varve
