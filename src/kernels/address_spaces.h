#pragma once
#include <cstdint>
#include <map>
#include <unordered_map>

#include "kernels/cpu_sampler.h"

namespace varve {

// What is mapped executable where, process by process, as records of forks, execs and mappings arrive in the order of
// time. A later mapping hides what it covers of earlier ones (the kernel does not report what was unmapped). Keeps
// pointers to the mappings it was given.
class AddressSpaces {
 public:
  void fork(const ProcessFork& fork);
  void exec(const ProcessExec& exec);
  void map(const ExecutableMapping& mapping);
  // The mapping that covers an address, or nullptr.
  const ExecutableMapping* find(std::uint32_t process, std::uint64_t address) const;

 private:
  struct Piece {
    std::uint64_t end = 0;
    const ExecutableMapping* mapping = nullptr;
  };
  using Space = std::map<std::uint64_t, Piece>;  // by start
  std::unordered_map<std::uint32_t, Space> spaces_;
};

}  // namespace varve
