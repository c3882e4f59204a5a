#pragma once
#include <vector>

#include "kernels/trace/profile_builder.h"
#include "kernels/trace/trace.h"

namespace varve {

// Every format that is read, the most particular first. A new one is one file and one row.
const std::vector<TraceFormat>& trace_formats();

// The format that recognises a beginning, and the whole file where beginnings look alike; nullptr: none does. Without a
// file the first that recognises the beginning.
const TraceFormat* find_trace_format(std::span<const std::byte> beginning, const FileReader* file = nullptr);

// A trace with the name of its format.
struct ReadTrace {
  std::string format;  // "perf script"
  TraceReading reading;
};

// Reads a whole trace into its profiles. Error: it is of no format that is known (says which are), or nothing could be
// read of it.
Result<ReadTrace> read_trace(TraceInput& input, const TraceOptions& options = {});

// Reads the trace of a graph's capture: its kernels (or launches, where nothing ran) with their operations, for
// TraceOptions::capture. Error as above, or when no operation is known of any.
Result<CapturedKernels> read_capture(TraceInput& input);

extern const TraceFormat kMklVerbose, kOnednnTrace, kPerfScript, kPftrace, kProton, kRocprofCsv, kRocprofJson, kXplane;

}  // namespace varve
