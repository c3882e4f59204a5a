#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "binary/version/read_only_strings_scan.h"
#include "world/file_reader.h"

namespace varve {

// The texts that every CUDA runtime carries, shared or linked statically, stripped or not; a library that only calls a
// shared runtime has none of them. A library whose runtime was pruned of its texts (cuFFT) is missed.
struct RuntimeTexts {
  bool name_of_error = false;         // "cudaErrorInsufficientDriver"
  bool explanation_of_error = false;  // "CUDA driver version is insufficient for CUDA runtime version"

  void look(const ScanWindow& window);
  bool complete() const { return name_of_error && explanation_of_error; }
};

// Whether the read-only data of a file holds both texts. Reads it up to the place where they stand.
bool carries_runtime(const FileReader& reader);

// A version that was inferred from the constants that the code of a file stores.
struct StoredVersion {
  int number = 0;       // 13020
  std::string version;  // "13.2"
  int occurrences = 0;
};

// The CUDA runtime that a file is (libcudart) or carries statically (cuBLAS, cuDNN, NCCL …). cudaRuntimeGetVersion and
// the function below it store 1000 · major + 10 · minor through their first argument and return, so the constant stands
// in the code at least twice as "c7 07 imm32" with a ret right behind it (System V ABI: the argument is in rdi).
// Reads the whole executable sections and, where such constants are found, the texts: fractions of a second for the
// largest libraries, so only where exactness was asked for; libcudart itself takes about a millisecond. Nothing: not
// x86-64, no runtime, or no such constant.
std::optional<StoredVersion> static_runtime_version(const FileReader& reader);

// The CUDA version that a libcuda offers its callers (its API level, what cuDriverGetVersion returns), by the same
// signature. Reads its whole code, about 20 milliseconds.
std::optional<StoredVersion> api_level(const FileReader& reader);

// How often each constant of the form of a CUDA version is stored in this manner in the executable sections (segments,
// where a file has no sections). Empty when nothing can be read or the file is not for x86-64.
std::map<int, int> stored_cuda_versions(const FileReader& reader);

// Whether a number has the form 1000 · major + 10 · minor of a CUDA release from 9.0 on.
bool is_cuda_version(std::uint32_t number);
// 13020 → "13.2"
std::string cuda_version_text(int number);

}  // namespace varve
