#pragma once
// For tests only: fake toolkits whose nvcc is a script that says its version.
#include <sys/stat.h>

#include <string>

#include "world/test_root.h"

namespace varve {

// A host's toolkit, complete: "12.4.1" with nvcc "12.4.131" says version.json.
inline void write_toolkit(const TestRoot& root, const std::string& folder, const std::string& version,
                          const std::string& nvcc, const std::string& libraries = "lib64") {
  root.write(folder + "/version.json",
             R"({"cuda": {"version": ")" + version + R"("}, "cuda_nvcc": {"version": ")" + nvcc + R"("}})");
  root.write(folder + "/bin/nvcc", "#!/bin/sh\necho release " + version + "\n");
  ::chmod((root.path() + "/" + folder + "/bin/nvcc").c_str(), 0755);
  for (const char* part : {"/bin/ptxas", "/nvvm/bin/cicc", "/include/cuda_runtime.h"}) root.write(folder + part, "");
  root.write(folder + "/" + libraries + "/libcudart.so", "");
}

// As the package nvidia-cuda-toolkit lays it out: nvcc's script and ptxas in /usr/bin, compilers and wrappers named gcc
// in a folder of its own, a runtime among the system's libraries, almost nothing below /usr/lib/cuda.
inline void write_debians_toolkit(const TestRoot& root) {
  for (const char* program : {"usr/bin/nvcc", "usr/bin/ptxas", "usr/lib/nvidia-cuda-toolkit/bin/nvcc",
                              "usr/lib/nvidia-cuda-toolkit/bin/cicc", "usr/lib/nvidia-cuda-toolkit/bin/gcc"}) {
    root.write(program, "#!/bin/sh\n");
    ::chmod((root.path() + "/" + program).c_str(), 0755);
  }
  root.link("usr/lib/cuda/include/cuda.h", "../../../include/cuda.h");
  root.write("usr/lib/cuda/lib64/.keep", "");
  root.write("usr/lib/cuda/bin/.keep", "");
  root.write("usr/include/cuda.h", "#define CUDA_VERSION 11080\n");
  root.write("usr/include/cuda_runtime.h", "");
  root.write("usr/lib/x86_64-linux-gnu/libcudart.so", "");
  root.write("usr/lib/x86_64-linux-gnu/libcudart.so.11.0", "");
}

// Wheels from 13 on, in a venv: the path of the toolkit is VENV/lib/python3.11/site-packages/nvidia/cu13.
inline std::string write_wheel_toolkit(const TestRoot& root, const std::string& venv) {
  const std::string packages = venv + "/lib/python3.11/site-packages";
  const std::string folder = packages + "/nvidia/cu13";
  root.write(venv + "/pyvenv.cfg", "version = 3.11.2\n");
  root.write(packages + "/nvidia_cuda_nvcc-13.2.86.dist-info/METADATA", "Name: nvidia-cuda-nvcc\nVersion: 13.2.86\n");
  root.write(folder + "/bin/nvcc", "#!/bin/sh\necho release 13.2\n");
  ::chmod((root.path() + "/" + folder + "/bin/nvcc").c_str(), 0755);
  for (const char* part : {"/bin/ptxas", "/nvvm/bin/cicc", "/include/cuda_runtime.h", "/lib/libcudart_static.a"}) {
    root.write(folder + part, "");
  }
  root.write(folder + "/include/cuda.h", "#define CUDA_VERSION 13020\n");
  return folder;
}

}  // namespace varve
