#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/dotted_version.h"
#include "rules/situation/consumer_view.h"
#include "tables/knowledge.h"

namespace varve {

// A CUDA runtime that a consumer brings into its process.
struct ConsumerRuntime {
  DottedVersion version;  // "12.4"; "12" where only the major version is known
  std::string
      origin;         // "libcudart.so.13", "libnccl.so.2 carries it", "by the name libcudart.so.13", "torch/version.py"
  bool main = false;  // the one that the consumer itself calls; others are inside libraries that it loads
};

// The runtimes of a consumer, the newest first: what it really loads, not what else lies in its environment. The main
// ones are libcudart as its files need it, and copies inside its own files; where there is neither, all that were
// found. Where no file states one: the major versions in the SONAMEs that it needs, then what its package was built
// for. Empty: it uses no CUDA, as far as is known.
std::vector<ConsumerRuntime> runtimes_of(const ConsumerView& view, const Knowledge& knowledge);

// How a consumer calls the driver itself.
enum class DriverCalls {
  none,
  opened,  // libcuda by name, when it is first used
  needed,  // it does not load without libcuda
};
DriverCalls driver_calls_of(const ConsumerView& view);

// Whether a file belongs to the consumer itself: of its package, or, without one, what it begins with. Of a process:
// what the frameworks and extensions of its environment hold, and what is neither of a package nor a library of CUDA.
bool is_own(const ConsumerView& view, const LibraryView& library);

// "torch 2.15.0 in /venv"; the name alone where there is no environment.
std::string consumer_words(const ConsumerView& view);

}  // namespace varve
