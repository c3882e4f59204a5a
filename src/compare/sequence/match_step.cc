#include "compare/sequence/match_step.h"

#include <algorithm>
#include <numeric>

#include "compare/sequence/align.h"
#include "compare/sequence/match_works.h"
#include "compare/sequence/step_matching.h"
#include "compare/sequence/weak_anchors.h"

namespace varve {

namespace {
constexpr std::size_t kMostByPosition = 64;

class Matching {
 public:
  explicit Matching(const std::vector<MatchStream>& streams) : step_(start_matching(streams)) {}

  StepMatch take() {
    const auto starts = [](const MatchItem& item) { return item.starts_operation; };
    of_operations_ =
        std::any_of(step_.a.begin(), step_.a.end(), starts) && std::any_of(step_.b.begin(), step_.b.end(), starts);
    if (of_operations_ && are_of_two_frameworks(step_)) {
      match_works(step_);
      return std::move(step_.match);
    }
    const Level first = of_operations_ ? Level::operation : Level::name_and_operation;
    for (const StepGap& whole : step_.streams) next_level(whole, first);
    if (is_compiled_on_one_side()) {
      taken_over();
      return std::move(step_.match);
    }
    for (const StepGap& gap : open_) by_position(gap);
    match_elsewhere(step_, &MatchItem::name, MatchedBy::nothing);
    match_elsewhere(step_, &MatchItem::operation, MatchedBy::operation);
    leave_alone(step_);
    return std::move(step_.match);
  }

 private:
  enum class Level { name_and_operation, operation, name, bare_operation, bare_name, position };

  void next_level(const StepGap& gap, Level level) {
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
  void by_item(const StepGap& gap, Level level) {
    const auto key = [&](const MatchItem& item) {
      if (level == Level::bare_name && item.bare_name != kNoToken) return MatchKey{item.bare_name};
      return level == Level::name ? MatchKey{item.name} : (MatchKey{item.name} << 32) | item.operation;
    };
    std::vector<MatchKey> a, b;
    for (std::size_t i = gap.a.begin; i < gap.a.end; ++i) a.push_back(key(step_.a[i]));
    for (std::size_t j = gap.b.begin; j < gap.b.end; ++j) b.push_back(key(step_.b[j]));
    const KeyTokens tokens = tokens_of(a, b);
    const auto is_weak = [&](const CommonRun& run) {
      const auto begin = step_.a.begin() + static_cast<std::ptrdiff_t>(gap.a.begin + run.a);
      return std::all_of(begin, begin + static_cast<std::ptrdiff_t>(run.length),
                         [](const MatchItem& item) { return item.operation == kNoToken; });
    };
    StepGap rest = gap;
    for (const CommonRun& run : without_weak_anchors(align(tokens.a, tokens.b), a.size(), b.size(), is_weak)) {
      rest.a.end = gap.a.begin + run.a;
      rest.b.end = gap.b.begin + run.b;
      next_level(rest, after(level));
      for (std::size_t k = 0; k < run.length; ++k) match_same(step_, rest.a.end + k, rest.b.end + k);
      rest.a.begin = rest.a.end + run.length;
      rest.b.begin = rest.b.end + run.length;
    }
    rest.a.end = gap.a.end, rest.b.end = gap.b.end;
    next_level(rest, after(level));
  }

  // Items one after the other that serve one operation; those of which it is not known stand alone and match nothing.
  struct Runs {
    std::vector<ItemRange> ranges;
    std::vector<MatchKey> keys;
  };
  static Runs runs_of(const std::vector<MatchItem>& items, const ItemRange& range, Level level, MatchKey side) {
    Runs runs;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t operation = level == Level::operation ? items[i].operation : items[i].bare_operation;
      const bool is_known = operation != kNoToken;
      if (is_known && !items[i].starts_operation && !runs.keys.empty() && runs.keys.back() == operation) {
        runs.ranges.back().end = i + 1;
        continue;
      }
      runs.ranges.push_back({i, i + 1});
      runs.keys.push_back(is_known ? MatchKey{operation} : side | i);
    }
    return runs;
  }

  void by_runs(const StepGap& gap, Level level) {
    const Runs a = runs_of(step_.a, gap.a, level, MatchKey{1} << 62);
    const Runs b = runs_of(step_.b, gap.b, level, MatchKey{1} << 63);
    const KeyTokens tokens = tokens_of(a.keys, b.keys);
    StepGap rest = gap;
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
  void within_operation(const ItemRange& a, const ItemRange& b) {
    if (of_operations_ && std::max(a.size(), b.size()) <= kMostByPosition) return inside_of_outermost(a, b);
    std::vector<MatchKey> keys_a, keys_b;
    for (std::size_t i = a.begin; i < a.end; ++i) keys_a.push_back(step_.a[i].name);
    for (std::size_t j = b.begin; j < b.end; ++j) keys_b.push_back(step_.b[j].name);
    const KeyTokens tokens = tokens_of(keys_a, keys_b);
    ItemPlaces rest_a, rest_b;
    std::size_t i = a.begin, j = b.begin;
    const auto rest_up_to = [&](std::size_t a_end, std::size_t b_end) {
      for (; i < a_end; ++i) rest_a.push_back(static_cast<std::uint32_t>(i));
      for (; j < b_end; ++j) rest_b.push_back(static_cast<std::uint32_t>(j));
    };
    for (const CommonRun& run : align(tokens.a, tokens.b)) {
      rest_up_to(a.begin + run.a, b.begin + run.b);
      for (std::size_t k = 0; k < run.length; ++k) match_same(step_, i++, j++);
    }
    rest_up_to(a.end, b.end);
    match_group(step_, MatchedBy::operation, rest_a, rest_b);
  }

  // One outermost operation on both sides: small operations inside of it, of which there are many everywhere, tell no
  // story, so that all between what both begin and end with is one exchange.
  void inside_of_outermost(ItemRange a, ItemRange b) {
    while (a.size() > 0 && b.size() > 0 && step_.a[a.begin].name == step_.b[b.begin].name) {
      match_same(step_, a.begin++, b.begin++);
    }
    while (a.size() > 0 && b.size() > 0 && step_.a[a.end - 1].name == step_.b[b.end - 1].name) {
      match_same(step_, --a.end, --b.end);
    }
    ItemPlaces rest_a(a.size()), rest_b(b.size());
    std::iota(rest_a.begin(), rest_a.end(), static_cast<std::uint32_t>(a.begin));
    std::iota(rest_b.begin(), rest_b.end(), static_cast<std::uint32_t>(b.begin));
    match_group(step_, MatchedBy::operation, rest_a, rest_b);
  }

  bool is_compiled_on_one_side() const {
    const auto holds = [](const std::vector<MatchItem>& items, const ItemRange& range) {
      return std::any_of(items.begin() + static_cast<std::ptrdiff_t>(range.begin),
                         items.begin() + static_cast<std::ptrdiff_t>(range.end),
                         [](const MatchItem& item) { return item.is_compiled; });
    };
    bool of_a = false, of_b = false;
    for (const StepGap& gap : open_) {
      of_a = of_a || holds(step_.a, gap.a);
      of_b = of_b || holds(step_.b, gap.b);
    }
    return of_a != of_b;
  }

  // What has no counterpart of its name anywhere in the step is one group with the compiled code.
  void taken_over() {
    for (const StepGap& gap : open_) {
      for (std::size_t i = gap.a.begin; i < gap.a.end; ++i) step_.left_a.push_back(static_cast<std::uint32_t>(i));
      for (std::size_t j = gap.b.begin; j < gap.b.end; ++j) step_.left_b.push_back(static_cast<std::uint32_t>(j));
    }
    match_elsewhere(step_, &MatchItem::name, MatchedBy::nothing);
    match_elsewhere(step_, &MatchItem::bare_name, MatchedBy::nothing);
    set_compiling_aside();
    std::sort(step_.left_a.begin(), step_.left_a.end());
    std::sort(step_.left_b.begin(), step_.left_b.end());
    const bool is_group = !step_.left_a.empty() && !step_.left_b.empty();
    step_.match.groups.push_back({is_group ? MatchedBy::compiled : MatchedBy::nothing, step_.left_a, step_.left_b});
  }

  // Of what is left, what compiles the program: it is of its side alone.
  void set_compiling_aside() {
    const auto take = [](const std::vector<MatchItem>& items, ItemPlaces& left) {
      const auto rest =
          std::stable_partition(left.begin(), left.end(), [&](std::uint32_t place) { return !items[place].compiles; });
      ItemPlaces compiling(rest, left.end());
      left.erase(rest, left.end());
      return compiling;
    };
    for (const std::uint32_t i : take(step_.a, step_.left_a)) {
      step_.match.groups.push_back({MatchedBy::nothing, {i}, {}});
    }
    for (const std::uint32_t j : take(step_.b, step_.left_b)) {
      step_.match.groups.push_back({MatchedBy::nothing, {}, {j}});
    }
  }

  void by_position(const StepGap& gap) {
    const auto all = [](const std::vector<MatchItem>& items, const ItemRange& range, ItemPlaces& left) {
      ItemPlaces places;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        (items[i].compiles ? left : places).push_back(static_cast<std::uint32_t>(i));
      }
      return places;
    };
    const ItemPlaces a = all(step_.a, gap.a, step_.left_a), b = all(step_.b, gap.b, step_.left_b);
    const bool is_small = a.size() <= kMostByPosition && b.size() <= kMostByPosition;
    if (is_small) return match_group(step_, MatchedBy::position, a, b);
    match_group(step_, MatchedBy::nothing, a, {});
    match_group(step_, MatchedBy::nothing, {}, b);
  }

  StepMatching step_;
  std::vector<StepGap> open_;
  bool of_operations_ = false;
};
}  // namespace

StepMatch match_step(const std::vector<MatchStream>& streams) { return Matching(streams).take(); }

}  // namespace varve
