#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace.h"
#include "model/answers/captured_kernels.h"
#include "model/answers/kernels_record.h"
#include "world/files.h"

namespace varve {

struct TraceFilesOptions {
  TraceOptions trace;
  bool merge_all = false;  // into one record, whatever the files say they are
  unsigned threads = 0;    // that read at the same time; 0: one for each processor
};

// How far reading is.
struct TraceProgress {
  std::size_t files_done = 0, files = 0;
  std::uint64_t bytes_done = 0, bytes = 0;  // of all files; those of formats that jump about count at their end
  std::string file;                         // the first that is not done
};

struct ReadTraceFiles {
  std::vector<KernelsRecord> records;  // in the order of their first files
  std::vector<Error> failures;         // of files that could not be read, in their order
};

// Reads traces and kernels documents (also those of --slim), several at a time. Files of different ranks of one job
// become one record: those of one format and of a job of one size, a rank once in each, in the order of the files.
// Every other file is a record of its own. What was read of a file is merged in the order of the files and dropped, so
// that memory holds what is different in them and a few files, and the answer does not depend on the threads.
// `progress` is called from this thread, some ten times a second.
ReadTraceFiles read_trace_files(const Files& files, const std::vector<std::string>& paths,
                                const TraceFilesOptions& options,
                                const std::function<void(const TraceProgress&)>& progress);

// Whether a file is a trace of a format that is known, or a kernels document.
bool holds_kernels(const Files& files, const std::string& path);

// Reads one of them, whatever rank it is of.
Result<KernelsRecord> read_trace_file(const Files& files, const std::string& path, const TraceOptions& options);

// Reads the trace of a graph's capture, for TraceOptions::capture.
Result<CapturedKernels> read_capture_file(const Files& files, const std::string& path);

}  // namespace varve
