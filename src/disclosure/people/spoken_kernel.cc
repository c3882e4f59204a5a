// Which kernel somebody says that they run, in a sentence that counts anyhow:
//   I'm using Ubuntu 24.04.3 LTS with kernel 6.8.0-90-generic      I'm running Mint 17.3 with the 4.3.0 kernel
//   # Driver does not load after update, kernel 4.14.13-300.fc27.x86_64
// Kernels of CUDA and of Jupyter have releases too: a number without what a distribution puts behind it is Linux' only
// where the sentence speaks of Linux.
#include "disclosure/people/spoken_kernel.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_systems.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
// "6.8.0-90-generic", "6.6.43": what stands behind the number tells whose it is.
std::string_view linux_release(std::string_view word, bool is_of_linux) {
  while (!word.empty() && std::string_view("`'\"(*").find(word.front()) != std::string_view::npos)
    word.remove_prefix(1);
  word = bare_word(word);
  const std::string_view number = leading_version(word);
  const auto dots = std::count(number.begin(), number.end(), '.');
  const auto major = leading_number(number);
  constexpr std::int64_t kFirst = 2, kLast = 9;
  if (!is_package_version(word) || word.size() > 64 || dots < 1 || dots > 3 || !major) return {};
  if (*major < kFirst || *major > kLast || number.find('.') != 1) return {};
  const std::string_view behind_it = word.substr(number.size());
  const bool is_distributed = behind_it.starts_with('-') && (dots > 1 || behind_it.starts_with("-rc"));
  return is_distributed || (is_of_linux && dots == 2 && behind_it.empty()) ? word : std::string_view();
}
}  // namespace

void take_spoken_kernel(const SpokenWords& words, std::string_view lower, std::int64_t line, SpokenMachine& spoken) {
  constexpr auto kSkipped = std::to_array<std::string_view>({"version", "release", "is", "linux", "named", ""});
  constexpr auto kOtherKernels = std::to_array<std::string_view>(
      {"cuda", "triton", "gpu", "attention", "fused", "jupyter", "ipython", "this", "no", "any"});
  // Of a container, a guest or another machine it is another one; a release to come from or go to is none that runs.
  for (const std::string_view other :
       {"guest", "container", "prior", "older", "newer", "header", "or later", "built for"})
    if (has(lower, other)) return;
  bool is_of_linux = has(lower, "linux");
  for (std::size_t i = 0; !is_of_linux && i < words.size(); ++i) is_of_linux = system_at(words, i).has_value();
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (to_lower(bare_word(words[i])) != "kernel") continue;
    const std::string before = i > 0 ? to_lower(bare_word(words[i - 1])) : std::string();
    if (is_among(before, kOtherKernels)) continue;
    std::string_view release = i > 0 && !is_mark_behind(words[i - 1]) ? linux_release(words[i - 1], is_of_linux) : "";
    for (std::size_t at = i + 1; release.empty() && at < words.size() && at < i + 4; ++at) {
      release = linux_release(words[at], is_of_linux);
      if (!is_among(to_lower(bare_word(words[at])), kSkipped)) break;
    }
    if (!release.empty()) tell_spoken(spoken.kernel, release, line);
  }
}

}  // namespace varve
