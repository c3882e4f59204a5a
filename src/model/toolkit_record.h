#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/fact.h"

namespace varve {

// A CUDA toolkit on the host.
struct Toolkit {
  std::string path;                               // with links resolved
  Fact version;                                   // "12.4"; the source names the file that says it
  Fact nvcc;                                      // "12.4.131"
  Fact installer;                                 // "dpkg cuda-nvcc-12-4", "rpm …", "wheel", "conda", "runfile"
  std::vector<std::string> named_by;              // who leads here: "/usr/local/cuda", "PATH", "CUDA_HOME"
  std::map<std::string, std::string> components;  // "cublas" → "12.4.5.8", by version.json or headers
};

}  // namespace varve
