#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "base/json.h"
#include "cmd/document_files.h"
#include "model/comparison.h"

namespace varve {

// What two subjects that were compared come to; made into a document or a text where that is asked for.
struct ComparedAnswer {
  std::function<Json()> document;
  std::function<std::string()> text;
  ExitStatus status = ExitStatus::ok;
  std::shared_ptr<const Comparison> of_runs = nullptr;  // of two runs: several of these are one table
};

// Writes one of them, or several: runs as a table of all against the first, whatever else one below the other.
ExitStatus write_compared(const std::vector<ComparedAnswer>& answers, const std::string& name, bool explain,
                          const OutputOptions& output);

// Traces that are compared: of each side one, a folder of them, or those of all its ranks.
struct TracesToCompare {
  std::vector<std::string> a, b;
  bool explain = false;
  std::string created_at;
};

// Whether a name of the command line stands for traces or kernels documents.
bool names_traces(const std::string& path);

Result<ComparedAnswer> compare_trace_sides(const TracesToCompare& options);

}  // namespace varve
