#pragma once
#include <string>

namespace varve {

// Which BLAS this process runs on, asked of the library itself. Empty text: it has no call that tells.
struct BlasDescription {
  std::string library;  // path of the file that cblas_sgemm was loaded from, links resolved
  std::string core;     // the kernel set it chose, as OpenBLAS names it: "Haswell"
  std::string build;    // OpenBLAS's version and build options
  int threads = 0;      // 0: unknown
};
BlasDescription describe_blas();

// Asks the BLAS to use `threads` threads. Says what was done: "1 (openblas_set_num_threads)".
std::string set_blas_threads(int threads);

}  // namespace varve
