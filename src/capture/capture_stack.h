#pragma once
#include "base/result.h"
#include "capture/subject/capture_options.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

// Pins the stack: every fact of the catalogue with a value or the reason why it is missing, and the files, toolkits,
// environments and binaries under it. Nothing of a foreign root, image or environment is executed. Error when the
// subject does not exist or is not what it should be.
Result<Stack> capture_stack(const World& world, const CaptureOptions& options);

}  // namespace varve
