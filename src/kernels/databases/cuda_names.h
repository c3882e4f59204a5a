#pragma once
#include <cstdint>
#include <string>

namespace varve {

// Copies and fills of CUDA as PyTorch's profiler writes them: "Memcpy HtoD (Pinned -> Device)", "Memset (Device)".
// Numbers are those of CUPTI (CUpti_ActivityMemcpyKind, CUpti_ActivityMemoryKind); kinds of memory may be 0, not known:
// "Memcpy unified HtoD".
std::string cuda_copy_name(std::int64_t kind, std::int64_t from, std::int64_t to);
std::string cuda_fill_name(std::int64_t memory);

// "12.4" of 12040, as the driver counts; "" of what is no such number.
std::string cuda_version_text(std::int64_t number);

}  // namespace varve
