#pragma once
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "cmd/document_files.h"

namespace varve {

// Traces that are compared: of each side one, a folder of them, or those of all its ranks.
struct TracesToCompare {
  std::vector<std::string> a, b;
  bool explain = false;
  OutputOptions output;
  std::string created_at;
};

// Whether a name of the command line stands for traces or kernels documents.
bool names_traces(const std::string& path);

ExitStatus compare_trace_sides(const TracesToCompare& options);

}  // namespace varve
