#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/trace/trace.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_sequence.h"
#include "world/files.h"

namespace varve {

// What was read of one file.
struct TraceFile {
  KernelsRecord record;
  std::vector<RankCollectives> collectives;  // none of a document
  TraceSequence sequence;                    // where it was to be kept
};

// Reads a trace or a document of kernels. `consumed` is told how many bytes of the file were used up so far; it may be
// empty. Error: it cannot be read, or is neither.
Result<TraceFile> read_one_trace(const Files& files, const std::string& path, const TraceOptions& options,
                                 const std::function<void(std::uint64_t)>& consumed);

std::string absolute_path(const std::string& path);

}  // namespace varve
