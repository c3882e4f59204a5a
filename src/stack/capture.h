#pragma once
#include <optional>

#include "base/result.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

struct CaptureOptions {
  bool identify = false;       // keep the host name in the clear
  std::optional<int> process;  // a running process: its libraries, affinity, cgroup and settings instead of our own
};

// Pins the stack: every fact of the catalogue with a value or the reason why it is missing. Starts no process, opens no
// device, reads kilobytes. Fails only when the given process does not exist.
Result<Stack> capture_stack(const World& world, const CaptureOptions& options);

}  // namespace varve
