#include "package/packages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "package/package_cuda.h"
#include "world/test_root.h"

namespace varve {
namespace {

const char* const kSite = "v/lib/python3.11/site-packages/";

struct Reading {
  EnvironmentReading reading;

  const Package& package(const std::string& name) const {
    for (const Package& each : reading.environment.packages) {
      if (each.name == name) return each;
    }
    ADD_FAILURE() << "no package " << name;
    static const Package none;
    return none;
  }
  std::string cuda(const std::string& name) const { return fact_text(package(name).cuda); }
};

Reading read(const TestRoot& root, const std::string& directory) {
  const auto files = open_root(root.path());
  const auto place = environment_at(**files, directory);
  if (!place) {
    ADD_FAILURE() << place.error().found;
    return {};
  }
  return {read_environment(**files, *place, "/home/me")};
}

// A wheel as pip leaves it: METADATA, RECORD, INSTALLER.
void add_wheel(const TestRoot& root, const std::string& site, const std::string& stem, const std::string& headers,
               const std::string& record) {
  const std::size_t dash = stem.find('-');
  root.write(site + stem + ".dist-info/METADATA", "Metadata-Version: 2.1\nName: " + stem.substr(0, dash) +
                                                      "\nVersion: " + stem.substr(dash + 1) + "\n" + headers +
                                                      "\ntext\n");
  root.write(site + stem + ".dist-info/RECORD", record);
  root.write(site + stem + ".dist-info/INSTALLER", "pip\n");
}

// A wheel that has a name of libraries and holds modules is imported by itself (nvidia-nvcomp from 5 on, cuda-cccl).
TEST(Packages, WhatHoldsModulesUsesCudaByItself) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  const std::string module = "nvidia/nvcomp/nvcomp_impl.cpython-311-x86_64-linux-gnu.so,,\n";
  const auto role = [&](const std::string& record) {
    add_wheel(root, kSite, "nvidia_nvcomp_cu12-6.0.0.12", "", record);
    return read(root, "/v").package("nvidia_nvcomp_cu12").role;
  };
  EXPECT_EQ(role("nvidia/nvcomp/libnvcomp.so.4,,\n"), PackageRole::runtime);
  EXPECT_EQ(role(module), PackageRole::extension);
  EXPECT_EQ(role(module + "nvidia/nvcomp/libnvcomp.so.4,,\n"), PackageRole::runtime);
  const std::string python = "nvidia/decode/__init__.py,,\nnvidia/decode/pool.py,,\n";
  EXPECT_EQ(role(python + "nvidia/decode/_libs/libdecoder.so,,\n"), PackageRole::extension);
  EXPECT_EQ(role("nvidia/decode/__init__.py,,\nnvidia/decode/_libs/libdecoder.so,,\n"), PackageRole::runtime);
  EXPECT_EQ(role(python + "nvidia/nvcomp/libnvcomp.so.4,,\n"), PackageRole::runtime);
}

TEST(Packages, TorchOfCuda13) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  add_wheel(root, kSite, "torch-2.15.0",
            "Requires-Dist: filelock\n"
            "Requires-Dist: cuda-toolkit[cublas,cudart]==13.2.2; platform_system == \"Linux\"\n"
            "Requires-Dist: nvidia-nccl-cu13==2.30.7; platform_system == \"Linux\"\n"
            "Requires-Dist: nvidia-win==1; platform_system == \"Windows\"\n"
            "Requires-Dist: triton~=3.9.0; platform_system == \"Linux\" and python_version < \"3.16\"\n"
            "Requires-Dist: nvidia-extra==1; extra == \"other\"\n",
            "torch/lib/libtorch_cuda.so,sha256=a,1\ntorch/__init__.py,,\n\"torch/lib/libc10.so\",,\n../../../bin/"
            "torchrun,,\n");
  root.write(std::string(kSite) + "torch/version.py",
             "__version__ = '2.15.0+cu132'\ncuda: Optional[str] = '13.2'\nhip = None\n");
  add_wheel(root, kSite, "cuda_toolkit-13.2.2",
            "Requires-Dist: nvidia-cublas==13.4.1.3.*; (sys_platform == 'linux') and extra == 'cublas'\n"
            "Requires-Dist: nvidia-cuda-runtime==13.2.86.*; extra == 'cudart'\nRequires-Dist: nvidia-npp==1; extra == "
            "'npp'\n",
            "");
  add_wheel(root, kSite, "nvidia_cublas-13.4.1.3", "",
            "nvidia/cu13/lib/libcublas.so.13,,\nnvidia/cu13/include/cublas.h,,\n../../../../etc/x.so,,\n../../../bin/"
            "y.so,,\n");
  add_wheel(root, kSite, "triton-3.9.0", "",
            "triton/backends/nvidia/bin/ptxas,,\ntriton/backends/nvidia/bin/ptxas-blackwell,,\n"
            "triton/_C/libtriton.so,,\n");
  add_wheel(root, kSite, "numpy-2.4.6", "", "numpy/_core/x.so,,\n");
  add_wheel(root, kSite, "requests-2.0", "", "requests/x.so,,\n");
  root.write(std::string(kSite) + "torch-2.15.0.dist-info/direct_url.json", "{\"url\": \"https://u:secret@host\"}");
  const Reading found = read(root, "/v");
  const Environment& environment = found.reading.environment;
  EXPECT_EQ(environment.kind, EnvironmentKind::venv);
  ASSERT_EQ(environment.packages.size(), 6u);
  EXPECT_EQ(found.reading.candidates, std::set<std::string>{"requests"});  // not listed: its library decides
  const Package& torch = found.package("torch");
  EXPECT_EQ(torch.version, "2.15.0");
  EXPECT_EQ(torch.role, PackageRole::framework);
  EXPECT_EQ(torch.installer, "pip");
  EXPECT_EQ(fact_text(torch.cuda), "13.2");
  EXPECT_EQ(torch.cuda.standing, Standing::recorded);
  EXPECT_EQ(torch.cuda.source, "torch/version.py: cuda");
  std::vector<std::string> pins;
  for (const Requirement& pin : torch.requirements) pins.push_back(pin.name + pin.specifier + " " + pin.installed);
  EXPECT_EQ(pins, (std::vector<std::string>{"cuda-toolkit==13.2.2 13.2.2", "nvidia-cublas==13.4.1.3.* 13.4.1.3",
                                            "nvidia-cuda-runtime==13.2.86.* ", "nvidia-nccl-cu13==2.30.7 ",
                                            "triton~=3.9.0 3.9.0"}));
  EXPECT_EQ(found.cuda("cuda_toolkit"), "13.2");
  EXPECT_EQ(found.cuda("numpy"), "not applicable (it holds no CUDA code)");
  EXPECT_EQ(found.cuda("nvidia_cublas"), "13");
  EXPECT_EQ(found.cuda("triton"), "absent (nothing states it)");
  const std::string site = std::string("/") + kSite;
  EXPECT_EQ(found.reading.libraries,
            (std::vector<std::string>{"/v/bin/y.so", site + "nvidia/cu13/lib/libcublas.so.13", site + "requests/x.so",
                                      site + "torch/lib/libc10.so", site + "torch/lib/libtorch_cuda.so",
                                      site + "triton/_C/libtriton.so"}));
  ASSERT_EQ(environment.compilers.size(), 2u);
  EXPECT_EQ(environment.compilers[1].path, site + "triton/backends/nvidia/bin/ptxas-blackwell");
  EXPECT_EQ(environment.compilers[1].name, GpuCompiler::ptxas);
  EXPECT_EQ(environment.compilers[1].version.missing, Missing::not_asked);
}

TEST(Packages, CudaByNamesVersionsAndFiles) {
  const TestRoot root;
  const std::string site = "target/";
  const auto wheel = [&](const std::string& stem, const std::string& headers = "") {
    add_wheel(root, site, stem, headers, "");
  };
  wheel("vllm-0.9.1+cu128");
  wheel("flash_attn-2.8.3+cu12torch2.8cxx11abitrue");
  wheel("torchaudio-2.1.2+cpu");
  wheel("torchvision-0.16+rocm6.1");
  wheel("nvidia_cublas_cu12-12.1.3.1");
  wheel("nvidia_cuda_runtime_cu12-12.1.105");
  wheel("mxnet_cu112-1.9.1");
  wheel("xformers-0.0.28", "Requires-Dist: nvidia-cuda-runtime-cu12==12.4.127\nRequires-Dist: torch==2.5.0\n");
  wheel("deepspeed-0.15", "Requires-Dist: nvidia-cudnn-cu11>=8\n");
  wheel("jaxlib-0.4.13+cuda12.cudnn89");
  wheel("tensorflow-2.20.0");
  root.write(site + "tensorflow/python/platform/build_info.py",
             "build_info = collections.OrderedDict({'cuda_version': '12.5.1'})\n");
  wheel("onnxruntime-1.19");
  root.write(site + "onnxruntime/capi/build_and_package_info.py",
             "package_name = 'onnxruntime'\n__version__ = '1.19'\n");
  wheel("cupy_cuda12x-14.2.0");
  root.write(site + "cupy/.data/_wheel.json", "{\"cuda\": \"12.x\"}");
  wheel("paddlepaddle_gpu-2.6");
  root.write(site + "paddle/version/__init__.py", "cuda_version = f()\n");
  wheel("torch-2.3.0");
  root.write(site + "torch/version.py", "cuda = None\nhip = '6.0.3'\n");
  const Reading found = read(root, "/target");
  EXPECT_EQ(found.cuda("vllm"), "12.8");
  EXPECT_EQ(found.package("vllm").cuda.standing, Standing::inferred);
  EXPECT_EQ(found.cuda("flash_attn"), "12");
  EXPECT_EQ(found.cuda("torchaudio"), "absent (a build without CUDA by its version)");
  EXPECT_EQ(found.cuda("torchvision"), "absent (a build for ROCm by its version)");
  EXPECT_EQ(found.cuda("nvidia_cublas_cu12"), "12");
  EXPECT_EQ(found.cuda("nvidia_cuda_runtime_cu12"), "12.1");
  EXPECT_EQ(found.cuda("mxnet_cu112"), "11.2");
  EXPECT_EQ(found.cuda("xformers"), "12.4");
  EXPECT_EQ(found.cuda("deepspeed"), "11");
  EXPECT_EQ(found.cuda("jaxlib"), "12");
  EXPECT_EQ(found.cuda("tensorflow"), "12.5.1");
  EXPECT_EQ(found.cuda("onnxruntime"), "absent (it is not there or does not say, nor do version, name and pins)");
  EXPECT_EQ(found.cuda("cupy_cuda12x"), "12.x");
  EXPECT_EQ(found.cuda("paddlepaddle_gpu"), "absent (it is not there or does not say, nor do version, name and pins)");
  EXPECT_EQ(found.cuda("torch"), "absent (a build for HIP 6.0.3)");
}

TEST(Packages, DigitsOfCuda) {
  EXPECT_EQ(cuda_from_digits("128"), "12.8");
  EXPECT_EQ(cuda_from_digits("92"), "9.2");
  EXPECT_EQ(cuda_from_digits("13"), "13");
  EXPECT_EQ(cuda_from_digits("12345"), "");
  EXPECT_EQ(cuda_from_digits(""), "");
  EXPECT_EQ(cuda_from_digits("1x"), "");
}

TEST(Packages, ALibraryForEachCuda) {
  const TestRoot root;
  add_wheel(root, "target/", "bitsandbytes-0.50.2", "",
            "bitsandbytes/libbitsandbytes_cuda130.so,,\nbitsandbytes/libbitsandbytes_cuda118.so,,\n"
            "bitsandbytes/libbitsandbytes_rocm64.so,,\nbitsandbytes/libbitsandbytes_cpu.so,,\n");
  EXPECT_EQ(read(root, "/target").cuda("bitsandbytes"), "11.8, 13.0");
}

TEST(Packages, DebiansTorchHasAnEggInfo) {
  const TestRoot root;
  const std::string site = "usr/lib/python3/dist-packages/";
  root.write(site + "torch-1.13.0a0+gitunknown.egg-info/PKG-INFO",
             "Metadata-Version: 2.1\nName: torch\nVersion: 1.13.0a0+gitunknown\n");
  root.write(site + "torch-1.13.0a0+gitunknown.egg-info/top_level.txt", "functorch\ntorch\n../../../../etc\n");
  root.write(site + "torch/version.py", "__version__ = '1.13.0a0'\ncuda = None\nhip = None\n");
  root.write(site + "torch/lib/libtorch.so", "");
  root.write(site + "functorch/_C.cpython-311-x86_64-linux-gnu.so", "");
  root.write(site + "numpy-1.24.2.egg-info", "Name: numpy\nVersion: 1.24.2\n");
  root.write("etc/x.so", "");
  const auto files = open_root(root.path());
  const auto places = find_environments(**files, {});
  ASSERT_EQ(places.size(), 1u);
  const Reading found{read_environment(**files, places[0], "")};
  const Package& torch = found.package("torch");
  EXPECT_EQ(torch.installer, "dpkg");
  EXPECT_EQ(torch.version, "1.13.0a0+gitunknown");
  EXPECT_EQ(fact_text(torch.cuda), "absent (a build without CUDA)");
  EXPECT_EQ(found.package("numpy").version, "1.24.2");
  EXPECT_EQ(found.reading.libraries,
            (std::vector<std::string>{"/" + site + "functorch/_C.cpython-311-x86_64-linux-gnu.so",
                                      "/" + site + "torch/lib/libtorch.so"}));
}

TEST(Packages, CondaKnowsBuildAndFiles) {
  const TestRoot root;
  root.write("c/conda-meta/python-3.11.5-h955ad1f_0.json", "{}");
  root.write("c/conda-meta/pytorch-2.1.2-py3.11_cuda12.1_cudnn8.9.2_0.json",
             R"({"name": "pytorch", "version": "2.1.2", "build": "py3.11_cuda12.1_cudnn8.9.2_0",
                 "depends": ["pytorch-cuda 12.1.*", "triton 2.1.0", "cuda-cudart >=12.1,<12.2 h1"],
                 "files": ["lib/python3.11/site-packages/torch/lib/libtorch_cuda.so", "bin/x", 7]})");
  root.write("c/conda-meta/cuda-cudart-12.1.105-0.json",
             R"({"name": "cuda-cudart", "version": "12.1.105", "build": "0",
                 "files": ["lib/libcudart.so", "lib/libcudart.so.12", "lib/libcudart.so.12.1.105", "../../etc/x.so"]})");
  root.write("c/conda-meta/libtorch-2.4.0-cpu_generic_h1.json",
             R"({"name": "libtorch", "version": "2.4.0", "build": "cpu_generic_h1"})");
  root.write("c/conda-meta/zlib-1.2-0.json", R"({"name": "zlib"})");
  root.write("c/conda-meta/cudnn-8-0.json", "[1,2");
  root.write("c/lib/libcudart.so.12.1.105", "");
  root.link("c/lib/libcudart.so.12", "libcudart.so.12.1.105");
  root.link("c/lib/libcudart.so", "libcudart.so.12");
  add_wheel(root, "c/lib/python3.11/site-packages/", "torch-2.1.2", "", "torch/_C.so,,\n");
  root.write("c/lib/python3.11/site-packages/torch-2.1.2.dist-info/INSTALLER", "conda");
  const Reading found = read(root, "/c");
  EXPECT_EQ(found.reading.environment.packages.size(), 3u);
  EXPECT_EQ(found.package("torch").installer, "conda");
  EXPECT_EQ(found.cuda("torch"), "12.1");
  EXPECT_EQ(found.cuda("cuda-cudart"), "12.1");
  EXPECT_EQ(found.cuda("libtorch"), "absent (a build without CUDA by its name)");
  EXPECT_EQ(found.reading.libraries,
            (std::vector<std::string>{"/c/lib/libcudart.so.12.1.105", "/c/lib/python3.11/site-packages/torch/_C.so",
                                      "/c/lib/python3.11/site-packages/torch/lib/libtorch_cuda.so"}));
}

TEST(Packages, CondasPytorchIsTorch) {
  const TestRoot root;
  root.write("c/conda-meta/pytorch-2.1.2-py3.11_cuda12.1_0.json",
             R"({"name": "pytorch", "version": "2.1.2", "build": "py3.11_cuda12.1_0", "files": []})");
  root.write("c/conda-meta/torchvision-0.16.2-py311_cu121.json",
             R"({"name": "torchvision", "version": "0.16.2", "build": "py311_cu121", "depends": ["pytorch 2.1.2"]})");
  const Reading found = read(root, "/c");
  EXPECT_EQ(found.cuda("torch"), "12.1");
  ASSERT_EQ(found.package("torchvision").requirements.size(), 1u);
  EXPECT_EQ(found.package("torchvision").requirements[0].name, "torch");
  EXPECT_EQ(found.package("torchvision").requirements[0].installed, "2.1.2");
}

TEST(Packages, AnyPackageWithLibrariesIsACandidate) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  const std::string tag = ".cpython-311-x86_64-linux-gnu.so";
  add_wheel(root, kSite, "gpu_ops-1.0", "", "gpu_ops" + tag + ",,\n");
  add_wheel(root, kSite, "plain-1.0", "", "plain/__init__.py,,\n");
  add_wheel(root, kSite, "for_torch-1.0", "Requires-Dist: torch\n", "for_torch/_C" + tag + ",,\n");
  // setup.py install: an egg, or a list of top levels with the module beside it.
  root.write(std::string(kSite) + "eggs-2.0-py3.11-linux-x86_64.egg/EGG-INFO/PKG-INFO", "Name: eggs\nVersion: 2.0\n");
  root.write(std::string(kSite) + "eggs-2.0-py3.11-linux-x86_64.egg/EGG-INFO/top_level.txt", "eggs\n");
  root.write(std::string(kSite) + "eggs-2.0-py3.11-linux-x86_64.egg/eggs" + tag, "");
  root.write(std::string(kSite) + "beside-3.0.egg-info/PKG-INFO", "Name: beside\nVersion: 3.0\n");
  root.write(std::string(kSite) + "beside-3.0.egg-info/top_level.txt", "beside\n");
  root.write(std::string(kSite) + "beside" + tag, "");
  const Reading found = read(root, "/v");
  EXPECT_EQ(found.reading.candidates, (std::set<std::string>{"beside", "eggs", "gpu_ops"}));
  const std::string site = std::string("/") + kSite;
  EXPECT_EQ(found.reading.libraries,
            (std::vector<std::string>{site + "beside" + tag, site + "eggs-2.0-py3.11-linux-x86_64.egg/eggs" + tag,
                                      site + "for_torch/_C" + tag, site + "gpu_ops" + tag}));
}

TEST(Packages, TheEggInfoThatAWheelCarriesIsNoSecondPackage) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  add_wheel(root, kSite, "torch-2.1.2", "", "torch/__init__.py,,\n");
  for (const char* version : {"2.1.2", "1.13.1"}) {
    root.write(std::string(kSite) + "torch-" + version + ".egg-info/PKG-INFO",
               std::string("Name: torch\nVersion: ") + version + "\n");
  }
  std::vector<std::string> versions;
  for (const Package& package : read(root, "/v").reading.environment.packages) versions.push_back(package.version);
  std::sort(versions.begin(), versions.end());
  EXPECT_EQ(versions, (std::vector<std::string>{"1.13.1", "2.1.2"})) << "what another version left is told";
}

TEST(Packages, ModulesOfOtherPythonsAreLeftOut) {
  EXPECT_TRUE(is_for_another_python("/x/_C.cpython-313-x86_64-linux-gnu.so", "311"));
  EXPECT_FALSE(is_for_another_python("/x/_C.cpython-311-x86_64-linux-gnu.so", "311"));
  EXPECT_TRUE(is_for_another_python("_C.cpython-314t-x86_64-linux-gnu.so", "314"));
  EXPECT_FALSE(is_for_another_python("_C.cpython-314t-x86_64-linux-gnu.so", "314t"));
  EXPECT_FALSE(is_for_another_python("_C.cpython-37m-x86_64-linux-gnu.so", "37"));
  EXPECT_TRUE(is_for_another_python("_C.pypy39-pp73-x86_64-linux-gnu.so", "311"));
  for (const char* name : {"_C.abi3.so", "_C.so", "libx.so.12"})
    EXPECT_FALSE(is_for_another_python(name, "311")) << name;
  EXPECT_FALSE(is_for_another_python("_C.cpython-313-x86_64-linux-gnu.so", ""));
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  add_wheel(root, kSite, "cupy_cuda12x-14.2.0", "",
            "cupy/a.cpython-310-x86_64-linux-gnu.so,,\ncupy/a.cpython-311-x86_64-linux-gnu.so,,\n");
  EXPECT_EQ(read(root, "/v").reading.libraries,
            (std::vector<std::string>{std::string("/") + kSite + "cupy/a.cpython-311-x86_64-linux-gnu.so"}));
}

TEST(Packages, HostileMetadata) {
  const TestRoot root;
  const std::string site = "target/";
  root.write(site + "torch-1.dist-info/METADATA", std::string(2 << 20, 'x'));
  root.write(site + "torch-1.dist-info/RECORD",
             "/etc/passwd.so,,\n../../../../../etc/x.so,,\n\"a\n" + std::string(1000, '\0'));
  root.write(site + "torch/version.py", std::string(2 << 20, '['));
  root.write(site + "vllm-2.dist-info/METADATA", "");
  root.write(site + "jax-.dist-info/METADATA", "Name: \xff\nVersion: " + std::string(5000, '9') + "\n");
  root.link(site + "cupy-1.dist-info/METADATA", "METADATA");
  root.write(site + ".dist-info/METADATA", "Name: torch\n");
  const Reading found = read(root, "/target");
  EXPECT_TRUE(found.reading.libraries.empty());
  EXPECT_EQ(found.package("torch").version, "1");
  EXPECT_EQ(found.package("torch").cuda.missing, Missing::unreadable);
  EXPECT_EQ(found.package("vllm").version, "2");
}

TEST(Packages, Compilers) {
  EXPECT_EQ(gpu_compiler_at("nvidia/cuda_nvcc/bin/ptxas"), GpuCompiler::ptxas);
  EXPECT_EQ(gpu_compiler_at("bin/nvcc"), GpuCompiler::nvcc);
  EXPECT_EQ(gpu_compiler_at("nvidia/cu13/lib/libnvrtc.so.13"), GpuCompiler::nvrtc);
  for (const char* path : {"nvidia/cu13/bin/nvcc.profile", "nvcc", "a/bin/ptxas.py", "x/libnvrtc-builtins.so.13.2",
                           "x/libnvrtc.alt.so.12", "sbin/nvcc", "a/bin/ptxasx"}) {
    EXPECT_FALSE(gpu_compiler_at(path)) << path;
  }
}

TEST(Packages, WhatExtensionsAskOfTheirFrameworks) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  add_wheel(root, kSite, "torch-2.3.1", "", "torch/lib/libc10.so,,\n");
  add_wheel(root, kSite, "xformers-0.0.27", "Requires-Dist: numpy\nRequires-Dist: torch==2.4.0\n", "");
  add_wheel(root, kSite, "jax-0.6.0",
            "Requires-Dist: jaxlib<=0.6.0,>=0.6.0\n"
            "Requires-Dist: jax-cuda12-plugin[with-cuda]<=0.6.0,>=0.6.0; extra == \"cuda12\"\n"
            "Requires-Dist: jax-cuda13-plugin[with-cuda]<=0.6.0,>=0.6.0; extra == \"cuda13\"\n",
            "");
  add_wheel(root, kSite, "jaxlib-0.6.0", "", "");
  add_wheel(root, kSite, "jax_cuda12_plugin-0.5.1", "", "");
  const Reading found = read(root, "/v");
  const auto pins = [&](const char* name) {
    std::vector<std::string> texts;
    for (const Requirement& pin : found.package(name).requirements) {
      texts.push_back(pin.name + pin.specifier + " " + pin.installed);
    }
    return texts;
  };
  EXPECT_EQ(pins("xformers"), (std::vector<std::string>{"torch==2.4.0 2.3.1"}));
  EXPECT_EQ(pins("jax"),
            (std::vector<std::string>{"jaxlib<=0.6.0,>=0.6.0 0.6.0", "jax-cuda12-plugin<=0.6.0,>=0.6.0 0.5.1"}));
}

TEST(Packages, FilesThatTwoPackagesWrite) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  root.write(std::string(kSite) + "nvidia/nccl/lib/libnccl.so.2", "old");
  add_wheel(root, kSite, "nvidia_nccl_cu11-2.14.3", "", "nvidia/nccl/lib/libnccl.so.2,sha256=old,3\n");
  add_wheel(root, kSite, "nvidia_nccl_cu12-2.27.3", "", "nvidia/nccl/lib/libnccl.so.2,sha256=new,9\n");
  const Reading found = read(root, "/v");
  const auto& faults = found.reading.environment.file_faults;
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].kind, FileFaultKind::overwritten);
  EXPECT_EQ(faults[0].owner, "nvidia_nccl_cu11 2.14.3");
  EXPECT_EQ(found.reading.packages.begin()->second, "nvidia_nccl_cu11");
}

// What both list with one content is of the one that wrote the rest, too; without such a one, of either.
TEST(Packages, FilesOfTheDistributionThatWroteLast) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  root.write(std::string(kSite) + "cupy/a.so", "new");
  root.write(std::string(kSite) + "cupy/b.so", "same");
  root.write(std::string(kSite) + "cupy/c.so", "of one");
  const std::string same = "cupy/b.so,sha256=same,4\n";
  add_wheel(root, kSite, "cupy_cuda11x-13.6.0", "", "cupy/a.so,sha256=new,3\n" + same);
  add_wheel(root, kSite, "cupy_cuda12x-13.6.0", "", "cupy/a.so,sha256=old,9\ncupy/c.so,sha256=c,6\n" + same);
  std::map<std::string, std::string> owners;
  for (const auto& [path, package] : read(root, "/v").reading.packages)
    owners.emplace(path.substr(path.rfind('/') + 1), package);
  EXPECT_EQ(owners, (std::map<std::string, std::string>{
                        {"a.so", "cupy_cuda11x"}, {"b.so", "cupy_cuda11x"}, {"c.so", "cupy_cuda12x"}}));
}

}  // namespace
}  // namespace varve
