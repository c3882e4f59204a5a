#include "kernels/address_spaces.h"

#include <limits>

namespace varve {

void AddressSpaces::fork(const ProcessFork& fork) {
  auto parent = spaces_.find(fork.parent);
  if (parent == spaces_.end()) {
    spaces_.erase(fork.process);
    return;
  }
  Space copy = parent->second;
  spaces_[fork.process] = std::move(copy);
}

void AddressSpaces::exec(const ProcessExec& exec) { spaces_[exec.process].clear(); }

void AddressSpaces::map(const ExecutableMapping& mapping) {
  if (mapping.length == 0) return;
  Space& space = spaces_[mapping.process];
  std::uint64_t start = mapping.start;
  std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - start;
  std::uint64_t end = start + (mapping.length < room ? mapping.length : room);

  auto at = space.lower_bound(start);
  if (at != space.begin()) {
    auto before = std::prev(at);
    Piece covered = before->second;
    if (covered.end > start) {
      before->second.end = start;
      if (covered.end > end) space[end] = covered;
    }
  }
  at = space.lower_bound(start);
  while (at != space.end() && at->first < end) {
    Piece covered = at->second;
    at = space.erase(at);
    if (covered.end > end) {
      space[end] = covered;
      break;
    }
  }
  space[start] = {end, &mapping};
}

const ExecutableMapping* AddressSpaces::find(std::uint32_t process, std::uint64_t address) const {
  auto space = spaces_.find(process);
  if (space == spaces_.end()) return nullptr;
  auto after = space->second.upper_bound(address);
  if (after == space->second.begin()) return nullptr;
  const Piece& piece = std::prev(after)->second;
  return address < piece.end ? piece.mapping : nullptr;
}

}  // namespace varve
