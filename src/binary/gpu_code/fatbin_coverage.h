#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "model/coverage.h"
#include "world/file_reader.h"

namespace varve {

// Which GPUs the code in an ELF64 file or a static library of them serves, by the headers in the sections made for GPU
// code: a few small reads a region, no payload. Nothing when there is no such code. `remark` says when more code lies
// elsewhere or could not be told. Error: neither kind of file, or damaged headers; `where` names it there.
Result<std::optional<Coverage>> read_coverage(const FileReader& file, const std::string& where);

// The same, with the code that lies outside those sections and without the regions that hold no function: of
// translation units without kernels, and what nvlink adds to every program; nor relocatable machine code that was
// linked into a region of the same file (NCCL's parts in XGBoost): it is not loaded by itself, its PTX may be. Reads
// every data section; decompresses at most one entry of at most 16 KiB a region, to look at its section headers. An
// entry that is larger holds code.
Result<std::optional<Coverage>> read_exact_coverage(const FileReader& file, const std::string& where);

}  // namespace varve
