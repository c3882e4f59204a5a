#include "compare/account/takeovers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "base/text.h"

namespace varve {

namespace {
constexpr const char* kCompiledCode = "compiled code";

double total(const Leaf& leaf) { return leaf.seconds_a() + leaf.seconds_b(); }

struct SecondsOfCaller {
  double a = 0, b = 0;
};

std::map<std::string, SecondsOfCaller> seconds_of_callers(const std::vector<Leaf>& leaves) {
  std::map<std::string, SecondsOfCaller> callers;
  for (const Leaf& leaf : leaves) {
    callers[leaf.caller].a += leaf.seconds_a();
    callers[leaf.caller].b += leaf.seconds_b();
  }
  callers.erase("");
  return callers;
}

// Callers that one side alone has, the largest first.
std::vector<std::string> callers_of_one_side(const std::vector<Leaf>& leaves, bool of_a) {
  std::vector<std::pair<double, std::string>> found;
  for (const auto& [caller, seconds] : seconds_of_callers(leaves)) {
    if (of_a ? seconds.b == 0 && seconds.a > 0 : seconds.a == 0 && seconds.b > 0)
      found.emplace_back(seconds.a + seconds.b, caller);
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<std::string> names;
  for (const auto& [seconds, caller] : found) names.push_back(caller);
  return names;
}

// More than a handful of samples. Counts have no variance.
bool is_more_than_a_handful(double seconds, double variance) {
  return seconds * seconds >= kHandfulOfSamples * variance;
}

// What a library generated beside it is none.
bool is_seen_well(const Leaf& leaf) {
  return is_more_than_a_handful(total(leaf), leaf.series.a.variance + leaf.series.b.variance);
}

// The leaves of a caller that have one name and one state become one.
void merge_alike(std::vector<Leaf>& leaves, const std::string& caller) {
  std::map<std::pair<std::string, KernelState>, std::size_t> known;
  std::vector<Leaf> merged;
  for (Leaf& leaf : leaves) {
    const auto [at, is_new] = leaf.caller == caller ? known.try_emplace({leaf.row.label, leaf.row.state}, merged.size())
                                                    : std::pair(known.end(), true);
    if (is_new) {
      merged.push_back(std::move(leaf));
    } else {
      add_series(merged[at->second].series, leaf.series);
    }
  }
  leaves = std::move(merged);
}

void join_operations(std::vector<Leaf>& leaves, bool compiled_in_b) {
  const KernelState state = compiled_in_b ? KernelState::appeared : KernelState::vanished;
  const auto is_compiled = [&](const Leaf& leaf) {
    return leaf.generated && leaf.row.state == state && is_seen_well(leaf);
  };
  const std::vector<std::string> names = callers_of_one_side(leaves, compiled_in_b);
  const auto is_of_one_side = [&](const Leaf& leaf) {
    return std::find(names.begin(), names.end(), leaf.caller) != names.end();
  };
  if (std::none_of(leaves.begin(), leaves.end(), is_compiled)) return;
  double seconds = 0, variance = 0;
  for (const Leaf& leaf : leaves) {
    if (!is_of_one_side(leaf)) continue;
    seconds += total(leaf);
    variance += leaf.series.a.variance + leaf.series.b.variance;
  }
  // An operation that was met once may well have been called on both sides.
  if (seconds == 0 || !is_more_than_a_handful(seconds, variance)) return;
  const std::string operations = and_more(names, 1);
  const std::string label = compiled_in_b ? operations + " → " + kCompiledCode : kCompiledCode + (" → " + operations);
  for (Leaf& leaf : leaves) {
    if (is_of_one_side(leaf) || is_compiled(leaf)) leaf.caller = label;
  }
  merge_alike(leaves, label);
}

// What may have taken over what this generated code did, or done it before: places in `leaves`, the largest first.
std::vector<std::size_t> counterparts(const std::vector<Leaf>& leaves, const Leaf& generated) {
  const bool lost = generated.seconds_a() > generated.seconds_b();
  const KernelState state = lost ? KernelState::appeared : KernelState::vanished;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const Leaf& leaf = leaves[i];
    if (leaf.caller == generated.caller && leaf.row.state == state && !leaf.system && !leaf.generated)
      found.push_back(i);
  }
  std::stable_sort(found.begin(), found.end(),
                   [&](std::size_t left, std::size_t right) { return total(leaves[left]) > total(leaves[right]); });
  return found;
}

// Each is most of the other, by more than half: what moved of the generated code itself, what the others took of that,
// and that of what the others took. It is a majority and no number that was tried out. By itself it says little: of
// functions whose times have nothing to do with each other, spread evenly over orders of magnitude from a handful of
// samples to all N of them, log(4) / log(N / 25) agree to a factor of two (a quarter, with N = 6000). What makes it
// evidence is that they served one caller, that either side alone ran them, and that they are all there is of that
// kind.
bool makes_up_for(const std::vector<Leaf>& leaves, const std::vector<std::size_t>& others, const Leaf& generated) {
  constexpr double kMost = 0.5;
  const double a = generated.seconds_a(), b = generated.seconds_b(), moved = std::fabs(a - b);
  double taken = 0;
  for (const std::size_t i : others) taken += total(leaves[i]);
  return moved > kMost * std::max(a, b) && taken >= kMost * moved && moved >= kMost * taken;
}

void take_in(Leaf& generated, const std::vector<Leaf>& leaves, const std::vector<std::size_t>& others) {
  std::vector<std::string> names;
  const bool lost = generated.seconds_a() > generated.seconds_b();
  for (const std::size_t i : others) {
    const KernelChange& row = leaves[i].row;
    names.push_back(row.label);
    generated.row.a.insert(generated.row.a.end(), row.a.begin(), row.a.end());
    generated.row.b.insert(generated.row.b.end(), row.b.begin(), row.b.end());
    add_series(generated.series, leaves[i].series);
  }
  const std::string functions = and_more(names, 1), own = generated.row.label;
  generated.row.label = lost ? own + " → " + functions : functions + " → " + own;
  generated.row.state = KernelState::replaced;
}
}  // namespace

double Leaf::seconds_a() const { return std::accumulate(series.a.seconds.begin(), series.a.seconds.end(), 0.0); }
double Leaf::seconds_b() const { return std::accumulate(series.b.seconds.begin(), series.b.seconds.end(), 0.0); }

void join_generated_code(std::vector<Leaf>& leaves) {
  join_operations(leaves, true);
  join_operations(leaves, false);
  std::set<std::size_t> gone;
  for (Leaf& leaf : leaves) {
    if (!leaf.generated || leaf.row.state == KernelState::replaced) continue;
    const std::vector<std::size_t> others = counterparts(leaves, leaf);
    const bool free = std::none_of(others.begin(), others.end(), [&](std::size_t i) { return gone.contains(i); });
    if (!free || !makes_up_for(leaves, others, leaf)) continue;
    take_in(leaf, leaves, others);
    gone.insert(others.begin(), others.end());
  }
  std::vector<Leaf> kept;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!gone.contains(i)) kept.push_back(std::move(leaves[i]));
  }
  leaves = std::move(kept);
}

}  // namespace varve
