#include "toolkit/toolkit_search.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "toolkit/toolkit_reader.h"
#include "world/test_root.h"

namespace varve {
namespace {

const Toolkit* at(const ToolkitSearch& search, const std::string& path) {
  for (const Toolkit& toolkit : search.toolkits) {
    if (toolkit.path == path) return &toolkit;
  }
  return nullptr;
}

std::vector<std::string> texts(const std::vector<ToolkitClaim>& claims) {
  std::vector<std::string> all;
  for (const ToolkitClaim& claim : claims) {
    all.push_back(claim.source + " > " + claim.toolkit + (claim.said.empty() ? "" : " " + claim.said));
  }
  return all;
}

using Names = std::vector<std::string>;

TEST(Toolkits, SeveralSideBySideAndWhoNamesThem) {
  const TestRoot root;
  root.write("usr/local/cuda-12.4/version.json",
             R"({"cuda": {"name": "CUDA SDK", "version": "12.4.1"}, "cuda_nvcc": {"version": "12.4.131"},
                 "libcublas": {"version": "12.4.5.8"}, "cuda_cudart": {"version": "12.4.127"}, "odd": 3})");
  root.write("usr/local/cuda-12.4/bin/nvcc", "");
  root.write("usr/local/cuda-12.4/bin/cuda-uninstaller", "");
  root.write("usr/local/cuda-12.4/include/cudnn_version.h",
             "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 5\n#define CUDNN_PATCHLEVEL 1\n");
  root.write("usr/local/cuda-12.4/include/cublas_api.h", "#define CUBLAS_VER_MAJOR 1\n");  // version.json has it
  root.write("usr/local/cuda-11.8/include/cuda.h", "#define CUDA_VERSION 11080\n");
  root.write("usr/local/cuda-11.8/lib64/libcudart.so.11.0", "");
  root.write("usr/local/cuda-10.2/version.txt", "CUDA Version 10.2.89\n");
  root.write("opt/nvidia/hpc_sdk/Linux_x86_64/24.3/cuda/12.3/version.json", R"({"cuda": {"version": "12.3.2"}})");
  root.write("data/toolkits/cuda-12.1/version.json", R"({"cuda": {"version": "12.1.1"}})");
  root.link("usr/local/cuda", "/etc/alternatives/cuda");
  root.link("etc/alternatives/cuda", "/usr/local/cuda-12.4");
  root.write("var/lib/dpkg/alternatives/cuda",
             "auto\n/usr/local/cuda\n\n/usr/local/cuda-12.4\n124\n/data/toolkits/cuda-12.1\n121\n\n");
  const auto files = open_root(root.path());
  const ToolkitSearch search =
      find_toolkits(**files, {{"CUDA_HOME", "/usr/local/cuda-11.8"},
                              {"PATH", "/nowhere:/usr/local/cuda/bin:/usr/bin"},
                              {"LD_LIBRARY_PATH", "relative:/usr/lib:/usr/local/cuda-11.8/lib64"},
                              {"LOADEDMODULES", "gcc/12:cuda/12.1"}});
  EXPECT_EQ(texts(search.claims),
            (Names{"CUDA_HOME > /usr/local/cuda-11.8", "nvcc on PATH > /usr/local/cuda-12.4",
                   "/usr/local/cuda > /usr/local/cuda-12.4", "LD_LIBRARY_PATH > /usr/local/cuda-11.8",
                   "LOADEDMODULES > /data/toolkits/cuda-12.1 cuda/12.1",
                   "/etc/alternatives/cuda (auto) > /usr/local/cuda-12.4"}));
  EXPECT_EQ(search.toolkits.size(), 5u);
  const Toolkit* active = at(search, "/usr/local/cuda-12.4");
  ASSERT_NE(active, nullptr);
  EXPECT_EQ(fact_text(active->version), "12.4.1");
  EXPECT_EQ(fact_text(active->nvcc), "12.4.131");
  EXPECT_EQ(fact_text(active->installer), "runfile");
  EXPECT_EQ(active->named_by, (Names{"PATH", "/usr/local/cuda", "update-alternatives"}));
  EXPECT_EQ(active->components,
            (std::map<std::string, std::string>{
                {"cublas", "12.4.5.8"}, {"cudart", "12.4.127"}, {"cudnn", "9.5.1"}, {"nvcc", "12.4.131"}}));
  EXPECT_EQ(fact_text(at(search, "/usr/local/cuda-10.2")->version), "10.2.89");
  EXPECT_EQ(fact_text(at(search, "/usr/local/cuda-11.8")->version), "11.8");
  EXPECT_EQ(fact_text(at(search, "/opt/nvidia/hpc_sdk/Linux_x86_64/24.3/cuda/12.3")->installer), "NVIDIA HPC SDK");
  EXPECT_NE(at(search, "/data/toolkits/cuda-12.1"), nullptr);
}

TEST(Toolkits, DebiansIsOne) {
  const TestRoot root;
  root.write("usr/bin/nvcc", "#!/bin/sh\nexec /usr/lib/nvidia-cuda-toolkit/bin/nvcc \"$@\"\n");
  root.write("usr/lib/nvidia-cuda-toolkit/bin/nvcc", "");
  root.write("usr/lib/cuda/nvvm/x", "");
  root.write("usr/include/cuda.h", "#define CUDA_VERSION 11080\n");
  root.write("var/lib/dpkg/status",
             "Package: nvidia-cuda-toolkit\nStatus: install ok installed\nVersion: 11.8.89~11.8.0-5\n");
  root.write("var/lib/dpkg/info/nvidia-cuda-toolkit.list", "/usr/lib/cuda\n/usr/lib/cuda/bin/nvcc\n");
  const auto files = open_root(root.path());
  const ToolkitSearch search = find_toolkits(**files, {{"PATH", "/usr/bin"}});
  ASSERT_EQ(search.toolkits.size(), 1u);
  EXPECT_EQ(search.toolkits[0].path, "/usr/lib/cuda");
  EXPECT_EQ(fact_text(search.toolkits[0].version), "11.8");
  EXPECT_EQ(fact_text(search.toolkits[0].installer), "dpkg nvidia-cuda-toolkit 11.8.89~11.8.0-5");
  EXPECT_EQ(texts(search.claims), Names{"nvcc on PATH > /usr/lib/cuda"});
}

TEST(Toolkits, OfWheelsAndConda) {
  const TestRoot root;
  root.write("a/lib/python3.11/site-packages/nvidia/cu13/bin/nvcc", "");
  root.write("a/lib/python3.11/site-packages/nvidia/cu13/include/cuda.h", "#define CUDA_VERSION 13020\n");
  root.write("a/lib/python3.11/site-packages/nvidia_cuda_nvcc-13.2.86.dist-info/METADATA", "");
  root.write("a/pyvenv.cfg", "");
  root.write("b/nvidia/cuda_nvcc/bin/ptxas", "");
  root.write("b/nvidia/cuda_runtime/include/cuda.h", "#define CUDA_VERSION 12090\n");
  root.write("b/nvidia/nccl/include/nccl.h", "#define NCCL_MAJOR 2\n#define NCCL_MINOR 32\n#define NCCL_PATCH 3\n");
  root.write("b/nvidia_cuda_nvcc_cu12-12.9.86.dist-info/METADATA", "");
  root.write("c/conda-meta/cuda-nvcc-12.4.131-0.json", "{}");
  root.write("c/bin/nvcc", "");
  root.write("c/targets/x86_64-linux/include/cuda.h", "#define CUDA_VERSION 12040\n");
  root.write("d/nvidia/cu13/lib/libcudart.so.13", "");  // libraries only
  root.write("d/nvidia_cuda_runtime-13.2.86.dist-info/METADATA", "");
  const auto files = open_root(root.path());
  const auto of = [&](const char* directory) {
    return toolkits_in_environment(**files, *environment_at(**files, directory));
  };
  const std::vector<Toolkit> a = of("/a"), b = of("/b"), c = of("/c");
  ASSERT_EQ(a.size(), 1u);
  EXPECT_EQ(a[0].path, "/a/lib/python3.11/site-packages/nvidia/cu13");
  EXPECT_EQ(fact_text(a[0].version), "13.2");
  EXPECT_EQ(fact_text(a[0].nvcc), "13.2.86");
  EXPECT_EQ(fact_text(a[0].installer), "wheel nvidia-cuda-nvcc 13.2.86");
  ASSERT_EQ(b.size(), 1u);
  EXPECT_EQ(b[0].path, "/b/nvidia/cuda_nvcc");
  EXPECT_EQ(fact_text(b[0].version), "12.9");
  EXPECT_EQ(fact_text(b[0].nvcc), "absent (no bin/nvcc is there, only ptxas)");
  EXPECT_EQ(b[0].components.at("nccl"), "2.32.3");
  ASSERT_EQ(c.size(), 1u);
  EXPECT_EQ(fact_text(c[0].version), "12.4");
  EXPECT_EQ(fact_text(c[0].nvcc), "12.4.131");
  EXPECT_EQ(fact_text(c[0].installer), "conda");
  EXPECT_TRUE(of("/d").empty());
}

TEST(Toolkits, NumbersOfHeaders) {
  EXPECT_EQ(defined_number("  #define A_VER 12 // x\n", "A_VER"), "12");
  EXPECT_EQ(defined_number("#define   A_VER\t13\r\n", "A_VER"), "13");
  EXPECT_EQ(defined_number("#define A_VERSION 1\n#define A_VER 2\n", "A_VER"), "2");
  EXPECT_EQ(defined_number("#define A_VER (X * 10)\n", "A_VER"), "");
  EXPECT_EQ(defined_number("#if A_VER 3\n", "A_VER"), "");
  EXPECT_EQ(defined_number("#define A_VER 99999999999999999999\n", "A_VER"), "");
  EXPECT_EQ(defined_number("#define A_VER", "A_VER"), "");
}

TEST(Toolkits, HostileTrees) {
  const TestRoot root;
  root.write("usr/local/cuda-1/version.json", "{\"cuda\": [1,2");
  root.write("usr/local/cuda-2/version.json", "{\"cuda\": {\"version\": \"\xff\"}}");
  root.write("usr/local/cuda-3/version.txt", "CUDA Version ");
  root.link("usr/local/cuda-4", "cuda-4");
  root.link("usr/local/cuda-5", "/");
  root.write("var/lib/dpkg/alternatives/cuda", std::string(1000, '/') + "\n" + std::string("\0\0\n/cuda\n/..\n", 12));
  for (int i = 0; i < 100; ++i) root.write("opt/cuda-" + std::to_string(i) + "/bin/nvcc", "");
  const auto files = open_root(root.path());
  const ToolkitSearch search =
      find_toolkits(**files, {{"CUDA_HOME", "/"}, {"CUDA_PATH", "/etc/../.."}, {"LOADEDMODULES", "cuda"}});
  EXPECT_EQ(search.toolkits.size(), 64u);
  EXPECT_EQ(texts(search.claims), Names{"LOADEDMODULES >  cuda"});
}

// Toolkits put together from NVIDIA's wheels.
TEST(Toolkits, RealWheels) {
  const char* folder = std::getenv("VARVE_REAL_TOOLKITS");
  if (folder == nullptr) GTEST_SKIP() << "VARVE_REAL_TOOLKITS is not set: a folder with toolkit-13.2, toolkit-12.9";
  const auto files = open_root("/");
  const auto place = environment_at(**files, std::string(folder) + "/toolkit-13.2");
  if (!place) GTEST_SKIP() << place.error().found;
  const std::vector<Toolkit> toolkits = toolkits_in_environment(**files, *place);
  ASSERT_EQ(toolkits.size(), 1u);
  EXPECT_EQ(fact_text(toolkits[0].version), "13.2");
  EXPECT_TRUE(toolkits[0].nvcc.is_known());
  EXPECT_EQ(toolkits[0].components.at("cublas"), "13.4.1.3");
  EXPECT_EQ(toolkits[0].components.at("cupti"), "API 130202");
}

}  // namespace
}  // namespace varve
