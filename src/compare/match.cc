#include "compare/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "compare/library_name.h"

namespace varve {

namespace {
bool has_no_symbol(const Kernel& kernel) { return kernel.name.find(" [0x") != std::string::npos; }

// With k samples in all and equal exposure, all of them fall on one side by chance with probability 2 / 2^k: above 5 %
// up to five samples (the conditional test of two Poisson rates, Przyborowski and Wilenski 1940,
// doi 10.1093/biomet/31.3-4.313).
constexpr std::uint64_t kRareSamples = 5;
constexpr double kRareShare = 0.02;  // and below this part of the CPU time sampled

double total_seconds(const SeenKernels& seen) {
  double seconds = 0;
  for (const auto& [key, kernel] : seen) seconds += kernel.seconds;
  return seconds;
}

class Matcher {
 public:
  Matcher(const SeenKernels& a, const SeenKernels& b)
      : a_(a), b_(b), rare_seconds_{kRareShare * total_seconds(a), kRareShare * total_seconds(b)} {}

  std::vector<KernelGroup> match() {
    match_same();
    match_bases();
    set_rare_aside();
    match_no_symbol();
    match_families();
    match_rest();
    if (!rare_.a.empty() || !rare_.b.empty()) groups_.push_back(rare_);
    return std::move(groups_);
  }

 private:
  struct Leftovers {
    std::vector<KernelKey> a, b;
  };

  const Kernel& kernel_a(const KernelKey& key) const { return a_.at(key).kernel; }
  const Kernel& kernel_b(const KernelKey& key) const { return b_.at(key).kernel; }

  static bool is_rare(std::uint64_t samples, double seconds, double limit) {
    return samples <= kRareSamples && seconds < limit;
  }

  void match_same() {
    for (const auto& [key, seen] : a_) {
      const auto other = b_.find(key);
      if (other == b_.end()) {
        only_a_.insert(key);
        continue;
      }
      if (is_rare(seen.samples + other->second.samples, std::max(seen.seconds, other->second.seconds),
                  std::min(rare_seconds_[0], rare_seconds_[1]))) {
        rare_.a.push_back(key);
        rare_.b.push_back(key);
        continue;
      }
      groups_.push_back({short_name(seen.kernel.name),
                         KernelState::same,
                         seen.kernel.family,
                         file_name(seen.kernel.library),
                         {key},
                         {key}});
    }
    for (const auto& [key, seen] : b_) {
      if (!a_.contains(key)) only_b_.insert(key);
    }
  }

  // The kernels of either side that are left, sorted into bins; `bin` answers with an empty text for "not in any".
  template <class Bin>
  std::map<std::string, Leftovers> bins(Bin bin) const {
    std::map<std::string, Leftovers> result;
    for (const KernelKey& key : only_a_) {
      if (const std::string name = bin(kernel_a(key)); !name.empty()) result[name].a.push_back(key);
    }
    for (const KernelKey& key : only_b_) {
      if (const std::string name = bin(kernel_b(key)); !name.empty()) result[name].b.push_back(key);
    }
    return result;
  }

  void match_bases() {
    const auto by_base = bins([](const Kernel& kernel) {
      if (kernel.base.empty() || has_no_symbol(kernel)) return std::string();
      return fmt::format("{}\n{}\n{}", library_stem(kernel.library), to_string(kernel.family), kernel.base);
    });
    for (const auto& [bin, both] : by_base) {
      if (both.a.empty() || both.b.empty()) continue;
      const std::string label =
          fmt::format("{}: {} → {}", kernel_a(both.a[0]).base, architectures(a_, both.a), architectures(b_, both.b));
      take(both, label, KernelState::replaced);
    }
  }

  void set_rare_aside() {
    const auto move_rare = [](std::set<KernelKey>& only, const SeenKernels& seen, double limit, auto& to) {
      for (auto at = only.begin(); at != only.end();) {
        const SeenKernel& kernel = seen.at(*at);
        const bool rare = is_rare(kernel.samples, kernel.seconds, limit);
        if (rare) to.push_back(*at);
        at = rare ? only.erase(at) : std::next(at);
      }
    };
    move_rare(only_a_, a_, rare_seconds_[0], rare_.a);
    move_rare(only_b_, b_, rare_seconds_[1], rare_.b);
  }

  void match_no_symbol() {
    const auto by_library =
        bins([](const Kernel& kernel) { return has_no_symbol(kernel) ? library_stem(kernel.library) : std::string(); });
    for (const auto& [bin, both] : by_library) {
      const std::string label = library_of(both, bin) + " [no symbol]";
      take(both, label,
           both.a.empty()   ? KernelState::appeared
           : both.b.empty() ? KernelState::vanished
                            : KernelState::replaced);
    }
  }

  void match_families() {
    const auto by_family = bins([](const Kernel& kernel) {
      if (kernel.family == Family::other) return std::string();
      return fmt::format("{}\n{}", library_stem(kernel.library), to_string(kernel.family));
    });
    for (const auto& [bin, both] : by_family) {
      if (both.a.empty() || both.b.empty()) continue;
      const auto name = [](const SeenKernels& seen, const std::vector<KernelKey>& keys) {
        return keys.size() == 1 ? short_name(seen.at(keys[0]).kernel.name) : fmt::format("{} kernels", keys.size());
      };
      const std::string family(to_string(kernel_a(both.a[0]).family));
      take(both, fmt::format("{}: {} → {}", family, name(a_, both.a), name(b_, both.b)), KernelState::replaced);
    }
  }

  void match_rest() {
    while (!only_a_.empty()) {
      const KernelKey key = *only_a_.begin();
      take({{key}, {}}, short_name(kernel_a(key).name), KernelState::vanished);
    }
    while (!only_b_.empty()) {
      const KernelKey key = *only_b_.begin();
      take({{}, {key}}, short_name(kernel_b(key).name), KernelState::appeared);
    }
  }

  // Makes a group of kernels that are left, and strikes them off.
  void take(const Leftovers& both, const std::string& label, KernelState state) {
    std::set<Family> families;
    for (const KernelKey& key : both.a) families.insert(kernel_a(key).family);
    for (const KernelKey& key : both.b) families.insert(kernel_b(key).family);
    const Kernel& any = both.a.empty() ? kernel_b(both.b[0]) : kernel_a(both.a[0]);
    groups_.push_back({label, state, families.size() == 1 ? *families.begin() : Family::other,
                       library_of(both, library_stem(any.library)), both.a, both.b});
    for (const KernelKey& key : both.a) only_a_.erase(key);
    for (const KernelKey& key : both.b) only_b_.erase(key);
  }

  // The one file all of them come from, or else what its names have in common.
  std::string library_of(const Leftovers& both, const std::string& stem) const {
    std::set<std::string> names;
    for (const KernelKey& key : both.a) names.insert(file_name(kernel_a(key).library));
    for (const KernelKey& key : both.b) names.insert(file_name(kernel_b(key).library));
    return names.size() == 1 ? *names.begin() : stem;
  }

  static std::string architectures(const SeenKernels& seen, const std::vector<KernelKey>& keys) {
    std::set<std::string> names;
    for (const KernelKey& key : keys) {
      const std::string& architecture = seen.at(key).kernel.architecture;
      names.insert(architecture.empty() ? "(no architecture in the name)" : architecture);
    }
    return join({names.begin(), names.end()}, ", ");
  }

  const SeenKernels& a_;
  const SeenKernels& b_;
  double rare_seconds_[2];
  std::set<KernelKey> only_a_, only_b_;
  KernelGroup rare_{"(rare kernels)", KernelState::same, Family::other, "", {}, {}};
  std::vector<KernelGroup> groups_;
};
}  // namespace

KernelKey kernel_key(const Kernel& kernel) {
  KernelKey key = library_stem(kernel.library) + '\n' + kernel.name;
  if (has_no_symbol(kernel)) key += '\n' + kernel.build_id;
  return key;
}

void add_profile(SeenKernels& seen, const Profile& profile) {
  for (const ProfileRow& row : profile.rows) {
    SeenKernel& kernel = seen.try_emplace(kernel_key(row.kernel), SeenKernel{row.kernel, 0, 0}).first->second;
    kernel.samples += row.samples;
    kernel.seconds += row.seconds;
  }
}

std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b) { return Matcher(a, b).match(); }

}  // namespace varve
