#include "compare/matching/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "compare/matching/library_name.h"
#include "model/kernels/kernel_display.h"

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
  bool one_caller = false;
  std::set<KernelKey> a, b;
  KernelGroup rare{std::string(kRareKernels), KernelState::same, Family::other, "", {}, {}};
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

// Names that a dispatcher chose among, in one library or in several.
void match_variants(Leftovers& left, bool one_library) {
  const auto by_base = bins(left, [&](const KernelKey& key, const Kernel& kernel) {
    const KernelMeaning& meaning = kernel.meaning;
    if (meaning.base.empty() || kernel.named == Named::range) return std::string();
    if (!one_library && meaning.architecture.empty()) return std::string();
    return fmt::format("{}\n{}\n{}", one_library ? key.library : "", to_string(meaning.family), meaning.base);
  });
  for (const auto& [bin, both] : by_base) {
    if (both.a.empty() || both.b.empty()) continue;
    const std::string label = fmt::format("{}: {} → {}", kernel_a(left, both.a[0]).meaning.base,
                                          architectures(left.seen_a, both.a), architectures(left.seen_b, both.b));
    take(left, both, label, KernelState::replaced);
  }
}

void match_bases(Leftovers& left) { match_variants(left, true); }
void match_bases_of_two_files(Leftovers& left) { match_variants(left, false); }

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

bool is_stripped(const SeenKernels& seen, const std::string& library) {
  return std::none_of(seen.begin(), seen.end(), [&](const auto& one) {
    return one.first.library == library && one.second.kernel->named == Named::symbol;
  });
}

// Libraries without symbols: that their code is other code is known, which function ran is not. Where one side's
// library has none and the other's has, the functions of that one are the same code with names.
void match_no_symbol(Leftovers& left) {
  const auto by_library = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    return kernel.named == Named::range ? key.library : std::string();
  });
  for (auto [library, both] : by_library) {
    const bool named_in_a = both.a.empty();
    std::vector<KernelKey>& named = named_in_a ? both.a : both.b;
    if (named.empty() && is_stripped(named_in_a ? left.seen_b : left.seen_a, library)) {
      for (const KernelKey& key : named_in_a ? left.a : left.b) {
        if (key.library == library) named.push_back(key);
      }
    }
    take(left, both, library_of(left, both, library) + " [no symbol]", KernelState::nameless);
  }
}

// One name in two files: a function that moved to another library, or a library under another name.
void match_names_of_two_files(Leftovers& left) {
  const auto by_name = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    return kernel.named == Named::symbol || kernel.named == Named::trace ? key.name : std::string();
  });
  for (const auto& [name, both] : by_name) {
    if (both.a.size() != 1 || both.b.size() != 1) continue;
    take(left, both, short_name(name), KernelState::same);
  }
}

// The name without template arguments and parameters: "cpu_flash_attention".
std::string bare_name(const Kernel& kernel) {
  const std::string name = short_name(kernel.key.name);
  const std::size_t at = name.find('<');
  return at == std::string::npos || at == 0 ? std::string() : name.substr(0, at);
}

// One function template with other arguments: what it is made for differs, and so does its code.
void match_instances(Leftovers& left) {
  const auto by_name = bins(left, [](const KernelKey& key, const Kernel& kernel) {
    const std::string bare = kernel.named == Named::symbol ? bare_name(kernel) : std::string();
    return bare.empty() ? bare : key.library + "\n" + bare;
  });
  for (const auto& [bin, both] : by_name) {
    if (both.a.empty() || both.b.empty()) continue;
    take(left, both, bare_name(kernel_a(left, both.a[0])), KernelState::recoded);
  }
}

// The kernels that take most of the time, and how many there are beside it: "softmax and 3 more".
std::string largest_of(const SeenKernels& seen, const std::vector<KernelKey>& keys) {
  const auto largest = std::max_element(keys.begin(), keys.end(), [&](const KernelKey& left, const KernelKey& right) {
    return seen.at(left).total_ns < seen.at(right).total_ns;
  });
  const std::string name = display_name(seen.at(*largest).kernel->key.name, 48);
  return keys.size() == 1 ? name : fmt::format("{} and {} more", name, keys.size() - 1);
}

// What is left of one caller on both sides did the same for it. The operating system does not take a kernel's place.
void match_within_caller(Leftovers& left) {
  if (!left.one_caller) return;
  const auto is_program = [](const SeenKernels& seen) {
    return [&seen](const KernelKey& key) { return seen.at(key).kernel->named != Named::system; };
  };
  KeysOfBoth both;
  std::copy_if(left.a.begin(), left.a.end(), std::back_inserter(both.a), is_program(left.seen_a));
  std::copy_if(left.b.begin(), left.b.end(), std::back_inserter(both.b), is_program(left.seen_b));
  if (both.a.empty() || both.b.empty()) return;
  take(left, both, largest_of(left.seen_a, both.a) + " → " + largest_of(left.seen_b, both.b), KernelState::replaced);
  left.groups.back().by_caller_alone = true;
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

constexpr void (*kPasses[])(Leftovers&) = {
    match_same,      match_bases,    match_names_of_two_files, match_bases_of_two_files,
    match_instances, set_rare_aside, match_no_symbol,          match_within_caller,
    match_rest};

std::set<KernelKey> keys_of(const SeenKernels& seen) {
  std::set<KernelKey> keys;
  for (const auto& [key, kernel] : seen) keys.insert(key);
  return keys;
}
}  // namespace

KernelKey key_across_builds(const Kernel& kernel) {
  return {kernel.key.name, library_stem(kernel.key.library), kernel.named == Named::range ? kernel.key.build_id : ""};
}

std::string caller_of(const ProfileRow& row, const KernelTable& kernels) {
  return row.key.operation == kNoKernel ? std::string() : short_name(kernels[row.key.operation].key.name);
}

bool tells_callers(const Profile& profile) {
  return std::any_of(profile.rows.begin(), profile.rows.end(),
                     [](const ProfileRow& row) { return row.key.operation != kNoKernel; });
}

void add_profile(std::map<std::string, SeenKernels>& by_caller, const Profile& profile, const KernelTable& kernels,
                 const AccountBasis& basis, bool callers) {
  const Counting counting = counting_of(profile);
  for (const ProfileRow& row : profile.rows) {
    const Kernel& kernel = kernels[row.key.kernel];
    SeenKernels& seen = by_caller[callers ? caller_of(row, kernels) : std::string()];
    SeenKernel& known = seen.try_emplace(key_across_builds(kernel), SeenKernel{.kernel = &kernel}).first->second;
    known.total_ns = add_ns(known.total_ns, row.time.total_ns);
    known.variance += basis.variance(row, counting);
  }
}

std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b, bool one_caller) {
  Leftovers left{.seen_a = a, .seen_b = b, .one_caller = one_caller, .a = keys_of(a), .b = keys_of(b)};
  for (const auto pass : kPasses) pass(left);
  if (!left.rare.a.empty() || !left.rare.b.empty()) left.groups.push_back(std::move(left.rare));
  return std::move(left.groups);
}

}  // namespace varve
