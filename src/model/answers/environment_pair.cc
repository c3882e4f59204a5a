#include "model/answers/environment_pair.h"

#include <map>
#include <tuple>

#include "base/text.h"

namespace varve {

namespace {
// Shared packages that use a GPU stack, of these those of one version, one path, shared packages of any kind.
using Likeness = std::tuple<std::size_t, std::size_t, bool, std::size_t>;

Likeness likeness_of(const Environment& a, const Environment& b) {
  std::map<std::string, const Package*> known;
  for (const Package& package : a.packages) known.emplace(to_lower(package.name), &package);
  std::size_t shared = 0, same = 0, any = 0;
  for (const Package& package : b.packages) {
    const auto at = known.find(to_lower(package.name));
    if (at == known.end()) continue;
    ++any;
    if (!package.is_consumer()) continue;
    ++shared;
    if (may_be_same_release(at->second->version, package.version)) ++same;
  }
  return {shared, same, a.path == b.path, any};
}
}  // namespace

bool is_of_text(const Stack& stack) { return stack.subject.starts_with("text "); }

bool may_be_same_release(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() < b.size() ? a : b;
  const std::string& longer = a.size() < b.size() ? b : a;
  return longer == shorter || (!shorter.empty() && longer.starts_with(shorter) && longer[shorter.size()] == '+');
}

EnvironmentPair pair_environments(const Stack& a, const Stack& b, const std::string& wanted) {
  EnvironmentPair best;
  Likeness most{0, 0, false, 0};
  for (const Environment& first : a.environments) {
    if (!wanted.empty() && first.path != wanted) continue;
    for (const Environment& second : b.environments) {
      const Likeness likeness = likeness_of(first, second);
      if (likeness <= most) continue;
      most = likeness;
      best = {&first, &second};
    }
  }
  return best;
}

}  // namespace varve
