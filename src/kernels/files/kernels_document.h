#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace_input.h"
#include "model/answers/kernels_record.h"

namespace varve {

// Documents of this program among the files that traces may be.

// The first bytes of a file, inflated; fewer where there are not so many, none where it cannot be read.
std::vector<std::byte> beginning_of(const FileReader& file, const std::string& where);

// Whether a file is a Varve document, of whatever kind; `where` is its name for messages.
bool is_varve_document(const FileReader& file, const std::string& where);

// Whether it is one of kernels, and of them alone: these begin with a list of them.
bool holds_kernels_document(const FileReader& file, const std::string& where);

// Reads one of kernels; at most 1 GiB.
Result<KernelsRecord> read_kernels_document(TraceInput& input);

}  // namespace varve
