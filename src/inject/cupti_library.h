#pragma once
#include <cstddef>
#include <cstdint>

#include "inject/cupti_api.h"

namespace varve::inject {

// The libcupti of this process.
struct CuptiLibrary {
  CuptiFunctions call = {};
  char path[1024] = {};
  const char* found = "";    // how it was found: "mapped already"
  std::uint32_t api = 0;     // what cuptiGetVersion says
  std::uint32_t cuda = 0;    // the CUDA that it is of, as the driver counts: 12040; 0: not known
  std::uint32_t driver = 0;  // the CUDA that the driver offers (cuDriverGetVersion); 0: not known
};

// Opens the libcupti that serves this process, the first of: one that is mapped already; beside the CUDA runtime that
// is mapped (of wheels and of toolkits); by the loader's path; in a toolkit. Of several the newest that is not newer
// than the driver; one that is, of the same major version, where there is no other. False: `why` says what was missing.
bool open_cupti(CuptiLibrary& library, char* why, std::size_t why_size);

// The CUDA that a version of CUPTI's API belongs to, as the driver counts: 12040 for 22, 13010 for 130100. API 18 is
// both CUDA 11.8's and 12.1's (`major` of the file's name tells which). 0: older than 11.0.
std::uint32_t cuda_of_api(std::uint32_t api, std::uint32_t major);

// The major version in a file name: 12 of "libcupti.so.12" and of "libcupti.so.12.4"; 0: none.
std::uint32_t major_of(const char* file_name);

}  // namespace varve::inject
