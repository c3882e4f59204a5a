#include "compare/traces/rotate_steps.h"

#include <algorithm>
#include <vector>

#include "compare/sequence/align.h"

namespace varve {

namespace {
using StepStream = std::vector<const TraceSequence::Item*>;

// The names of a stream twice over, so that a block may reach over the end.
std::vector<std::uint32_t> twice(const StepStream& stream, const CommonNames& names, bool of_b) {
  std::vector<std::uint32_t> tokens;
  for (const TraceSequence::Item* item : stream) tokens.push_back(names.item(of_b, item->kernel, kNoKernel).name);
  const std::size_t size = tokens.size();
  tokens.resize(2 * size);
  std::copy_n(tokens.begin(), size, tokens.begin() + static_cast<std::ptrdiff_t>(size));
  return tokens;
}

void turn(StepStream& stream, std::size_t by) {
  std::rotate(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(by % stream.size()), stream.end());
}
}  // namespace

void StepRotation::apply(std::size_t device, StepItems& a, StepItems& b) {
  for (std::size_t i = 0; i < a.streams.size(); ++i) {
    StepStream &of_a = a.streams[i], &of_b = b.streams[i];
    if (of_a.empty() || of_b.empty()) continue;
    const auto [at, is_new] = turns_.try_emplace({device, i, of_a.size(), of_b.size()});
    if (is_new) {
      const CommonRun block = longest_common_block(twice(of_a, names_, false), twice(of_b, names_, true));
      at->second = {block.a, block.b};
    }
    turn(of_a, at->second.a);
    turn(of_b, at->second.b);
  }
}

}  // namespace varve
