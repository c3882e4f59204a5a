#include "compare/matching/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "compare/matching/library_name.h"

namespace varve {

namespace {
// With k samples in all and equal exposure, all of them fall on one side by chance with probability 2 / 2^k: above 5 %
// up to five samples (the conditional test of two Poisson rates, Przyborowski and Wilenski 1940,
// doi 10.1093/biomet/31.3-4.313). A total of k samples has k times the variance of one, and so the square of the total
// is k times the variance.
constexpr double kFewestSamples = 6;
constexpr double kRareShare = 0.02;  // and below this part of all that was seen

// What no pass has matched yet, and the groups made so far.
struct Leftovers {
  const SeenKernels& seen_a;
  const SeenKernels& seen_b;
  std::set<KernelKey> a, b;
  KernelGroup rare{"(rare kernels)", KernelState::same, Family::other, "", {}, {}};
  std::vector<KernelGroup> groups;
};

struct KeysOfBoth {
  std::vector<KernelKey> a, b;
};

const Kernel& kernel_a(const Leftovers& left, const KernelKey& key) { return *left.seen_a.at(key).kernel; }
const Kernel& kernel_b(const Leftovers& left, const KernelKey& key) { return *left.seen_b.at(key).kernel; }

double rare_limit(const SeenKernels& seen) {
  double total = 0;
  for (const auto& [key, kernel] : seen) total += static_cast<double>(kernel.total_ns);
  return kRareShare * total;
}

bool is_rare(double total, double largest, double variance, double limit) {
  return total * total < kFewestSamples * variance && largest < limit;
}

// The one file all of them come from, or else what its names have in common.
std::string library_of(const Leftovers& left, const KeysOfBoth& both, const std::string& stem) {
  std::set<std::string> names;
  for (const KernelKey& key : both.a) names.insert(file_name(kernel_a(left, key).key.library));
  for (const KernelKey& key : both.b) names.insert(file_name(kernel_b(left, key).key.library));
  return names.size() == 1 ? *names.begin() : stem;
}

// Makes a group of kernels that are left, and strikes them off.
void take(Leftovers& left, const KeysOfBoth& both, const std::string& label, KernelState state) {
  std::set<Family> families;
  for (const KernelKey& key : both.a) families.insert(kernel_a(left, key).meaning.family);
  for (const KernelKey& key : both.b) families.insert(kernel_b(left, key).meaning.family);
  const KernelKey& any = both.a.empty() ? both.b[0] : both.a[0];
  left.groups.push_back({label, state, families.size() == 1 ? *families.begin() : Family::other,
                         library_of(left, both, any.library), both.a, both.b});
  for (const KernelKey& key : both.a) left.a.erase(key);
  for (const KernelKey& key : both.b) left.b.erase(key);
}

// The kernels that are left, sorted into bins; `bin` answers with an empty text for "not in any".
template <class Bin>
std::map<std::string, KeysOfBoth> bins(const Leftovers& left, Bin bin) {
  std::map<std::string, KeysOfBoth> result;
  for (const KernelKey& key : left.a) {
    if (const std::string name = bin(key, kernel_a(left, key)); !name.empty()) result[name].a.push_back(key);
  }
  for (const KernelKey& key : left.b) {
    if (const std::string name = bin(key, kernel_b(left, key)); !name.empty()) result[name].b.push_back(key);
  }
  return result;
}

std::string architectures(const SeenKernels& seen, const std::vector<KernelKey>& keys) {
  std::set<std::string> names;
  for (const KernelKey& key : keys) {
    const std::string& architecture = seen.at(key).kernel->meaning.architecture;
    names.insert(architecture.empty() ? "(no architecture in the name)" : architecture);
  }
  return join({names.begin(), names.end()}, ", ");
}

void match_same(Leftovers& left) {
  const double limit = std::min(rare_limit(left.seen_a), rare_limit(left.seen_b));
  for (const auto& [key, a] : left.seen_a) {
    const auto found = left.seen_b.find(key);
    if (found == left.seen_b.end()) continue;
    const SeenKernel& b = found->second;
    const auto total_a = static_cast<double>(a.total_ns), total_b = static_cast<double>(b.total_ns);
    if (is_rare(total_a + total_b, std::max(total_a, total_b), a.variance + b.variance, limit)) {
      left.rare.a.push_back(key);
      left.rare.b.push_back(key);
    } else {
      left.groups.push_back({short_name(a.kernel->key.name),
                             KernelState::same,
                             a.kernel->meaning.family,
                             file_name(a.kernel->key.library),
                             {key},
                             {key}});
    }
    left.a.erase(key);
    left.b.erase(key);
  }
}

void match_bases(Leftovers& left) {
  const auto by_base = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    if (kernel.meaning.base.empty() || kernel.named == Named::range) return std::string();
    return fmt::format("{}\n{}\n{}", key.library, to_string(kernel.meaning.family), kernel.meaning.base);
  });
  for (const auto& [bin, both] : by_base) {
    if (both.a.empty() || both.b.empty()) continue;
    const std::string label = fmt::format("{}: {} → {}", kernel_a(left, both.a[0]).meaning.base,
                                          architectures(left.seen_a, both.a), architectures(left.seen_b, both.b));
    take(left, both, label, KernelState::replaced);
  }
}

void set_rare_aside(Leftovers& left) {
  const auto move_rare = [](std::set<KernelKey>& only, const SeenKernels& seen, std::vector<KernelKey>& to) {
    const double limit = rare_limit(seen);
    for (auto at = only.begin(); at != only.end();) {
      const SeenKernel& kernel = seen.at(*at);
      const auto total = static_cast<double>(kernel.total_ns);
      const bool rare = is_rare(total, total, kernel.variance, limit);
      if (rare) to.push_back(*at);
      at = rare ? only.erase(at) : std::next(at);
    }
  };
  move_rare(left.a, left.seen_a, left.rare.a);
  move_rare(left.b, left.seen_b, left.rare.b);
}

void match_no_symbol(Leftovers& left) {
  const auto by_library = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    return kernel.named == Named::range ? key.library : std::string();
  });
  for (const auto& [library, both] : by_library) {
    const std::string label = library_of(left, both, library) + " [no symbol]";
    take(left, both, label,
         both.a.empty()   ? KernelState::appeared
         : both.b.empty() ? KernelState::vanished
                          : KernelState::replaced);
  }
}

void match_families(Leftovers& left) {
  const auto by_family = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    if (kernel.meaning.family == Family::other) return std::string();
    return fmt::format("{}\n{}", key.library, to_string(kernel.meaning.family));
  });
  for (const auto& [bin, both] : by_family) {
    if (both.a.empty() || both.b.empty()) continue;
    const auto name = [](const SeenKernels& seen, const std::vector<KernelKey>& keys) {
      return keys.size() == 1 ? short_name(seen.at(keys[0]).kernel->key.name) : fmt::format("{} kernels", keys.size());
    };
    const std::string family(to_string(kernel_a(left, both.a[0]).meaning.family));
    take(left, both, fmt::format("{}: {} → {}", family, name(left.seen_a, both.a), name(left.seen_b, both.b)),
         KernelState::replaced);
  }
}

void match_rest(Leftovers& left) {
  while (!left.a.empty()) {
    const KernelKey key = *left.a.begin();
    take(left, {{key}, {}}, short_name(kernel_a(left, key).key.name), KernelState::vanished);
  }
  while (!left.b.empty()) {
    const KernelKey key = *left.b.begin();
    take(left, {{}, {key}}, short_name(kernel_b(left, key).key.name), KernelState::appeared);
  }
}

constexpr void (*kPasses[])(Leftovers&) = {match_same,      match_bases,    set_rare_aside,
                                           match_no_symbol, match_families, match_rest};

std::set<KernelKey> keys_of(const SeenKernels& seen) {
  std::set<KernelKey> keys;
  for (const auto& [key, kernel] : seen) keys.insert(key);
  return keys;
}
}  // namespace

KernelKey key_across_builds(const Kernel& kernel) {
  return {kernel.key.name, library_stem(kernel.key.library), kernel.named == Named::range ? kernel.key.build_id : ""};
}

void add_profile(SeenKernels& seen, const Profile& profile, const KernelTable& kernels, const AccountBasis& basis) {
  const Counting counting = counting_of(profile);
  for (const ProfileRow& row : profile.rows) {
    const Kernel& kernel = kernels[row.key.kernel];
    SeenKernel& known = seen.try_emplace(key_across_builds(kernel), SeenKernel{.kernel = &kernel}).first->second;
    known.total_ns = add_ns(known.total_ns, row.time.total_ns);
    known.variance += basis.variance(row, counting);
  }
}

std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b) {
  Leftovers left{.seen_a = a, .seen_b = b, .a = keys_of(a), .b = keys_of(b)};
  for (const auto pass : kPasses) pass(left);
  if (!left.rare.a.empty() || !left.rare.b.empty()) left.groups.push_back(std::move(left.rare));
  return std::move(left.groups);
}

}  // namespace varve
