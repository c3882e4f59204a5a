#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"
#include "kernels/trace/trace.h"

namespace varve {

// All bytes of a trace, for formats that tell at their end what their beginning means. The memory grows with what was
// read and not with what the file states. Error: reading or inflating failed, or there are more than `most` bytes.
Result<std::string> read_whole(TraceInput& input, std::size_t most);

}  // namespace varve
