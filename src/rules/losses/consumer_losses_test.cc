#include "rules/losses/consumer_losses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/analysis/made_stack_testing.h"
#include "rules/situation/bringing_wheel.h"

namespace varve {
namespace {

using test::add_framework;
using test::coverage_of;
using test::MadeStack;

Coverage code_of_ampere() { return coverage_of({{{"sm_80"}, 100}}); }

CheckState answer_state(const MadeStack& stack, Question question) {
  const Analysis analysis = stack.analysis();
  const ConsumerAnswers& answers = analysis.consumers.front().answers;
  return question == Question::libraries ? answers.libraries.state : answers.symbols.state;
}

bool is_damaged(const MadeStack& stack) {
  const Analysis analysis = stack.analysis();
  const std::vector<Loss>& losses = analysis.consumers.front().losses;
  return std::any_of(losses.begin(), losses.end(), [](const Loss& loss) { return loss.damage; });
}

// qoco-cuda: its module with GPU code opens cuBLAS and cuSPARSE of several releases by name, and there is none.
TEST(ConsumerLosses, AModuleThatFindsNoneOfTheLibrariesItOpens) {
  for (const bool has_code : {true, false}) {
    MadeStack stack;
    stack.package("qoco-cuda", "0.2.2", "", "extension").consumer();
    stack.library("qoco_cuda.abi3.so", "qoco-cuda", "", has_code ? std::optional(code_of_ampere()) : std::nullopt);
    const std::string path = stack.last_library().path;
    for (const char* name : {"libcublas.so.12", "libcublasLt.so.13"}) {
      stack.not_found(name, path);
      stack.last_library().kind = DependencyKind::opened;
    }
    EXPECT_EQ(answer_state(stack, Question::libraries), has_code ? CheckState::degraded : CheckState::ok)
        << stack.analysis().consumers.front().answers.libraries.detail;
    stack.library("libcublas.so.12", "nvidia-cublas-cu12", "", {}, path, DependencyKind::opened);
    EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  }
}

// dgl has a library for each release of torch: the one that binds is enough, and where none does it is broken.
TEST(ConsumerLosses, OneOfSeveralForEachReleaseIsEnough) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere(), "dgl", "2.1.0");
  for (const char* name : {"libgraphbolt_pytorch_2.0.0.so", "libgraphbolt_pytorch_2.2.1.so"}) {
    stack.library(name, "dgl", "", code_of_ampere());
    stack.last_library().unresolved = {{"_ZN2at4_ops9is_pinnedE", ""}};
    stack.last_library().unresolved_count = 1;
  }
  // A file of the same name elsewhere is none of them.
  stack.library("libgraphbolt_pytorch_2.1.0.so", "dgl/other", "", code_of_ampere());
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
  stack.stack().consumers.back().libraries.pop_back();
  stack.last_library().unresolved.clear();
  stack.last_library().unresolved_count = 0;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::ok);
}

// cuda-cccl has a folder for each CUDA: a module and the library that it needs.
TEST(ConsumerLosses, OneOfSeveralFoldersForEachCudaIsEnough) {
  MadeStack stack;
  stack.package("cuda-cccl", "1.2.1", "", "extension").consumer();
  stack.library("libc.so.6", "the-system", "", {});
  for (const std::string folder : {"cuda-cccl/cu12", "cuda-cccl/cu13"}) {
    const std::string module = "/env/" + folder + "/_impl.abi3.so";
    stack.library("_impl.abi3.so", folder).library("libcccl.so", folder, "", {}, module);
    for (Binary& binary : stack.stack().binaries) {
      if (binary.package == folder) binary.package = "cuda-cccl";
    }
  }
  stack.not_found("libcublas.so.12", "/env/cuda-cccl/cu12/libcccl.so");
  for (ConsumedLibrary& library : stack.stack().consumers.back().libraries) {
    if (library.path.starts_with("/env/cuda-cccl/cu12/")) library.lacks = {"libcublas.so.12"};
  }
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  stack.not_found("libcublasLt.so.13", "/env/cuda-cccl/cu13/libcccl.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
}

// polars-fastembed-cuda's provider for ONNX Runtime wants a newer C library: without a GPU nobody misses it.
TEST(ConsumerLosses, WhatDoesNotBindOfAGpuPartCountsWhereThereIsAGpu) {
  for (const bool has_gpu : {true, false}) {
    MadeStack stack;
    has_gpu ? stack.gpu("NVIDIA A100", "8.0") : stack.no_gpu();
    stack.package("polars-fastembed", "0.1", "", "extension").consumer();
    stack.library("libc.so.6", "the-system", "", {});
    stack.library("_core.abi3.so", "polars-fastembed");
    stack.library("libonnxruntime_providers_cuda.so", "polars-fastembed", "", {}, {}, DependencyKind::opened);
    stack.last_library().lacks = {"libcublas.so.12"};
    stack.last_library().unresolved = {{"", "GLIBC_2.38"}};
    stack.last_library().unresolved_count = 1;
    stack.not_found("libcublas.so.12", "/env/polars-fastembed/libonnxruntime_providers_cuda.so");
    EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::degraded);
    EXPECT_EQ(answer_state(stack, Question::symbols), has_gpu ? CheckState::broken : CheckState::degraded);
  }
}

// nvidia-cudnn-frontend opens cuDNN from its __init__.py and goes on without: its first call fails.
TEST(ConsumerLosses, WhatItsPythonSeeksAtTheImportIsItsGpuPart) {
  MadeStack stack;
  stack.package("nvidia-cudnn-frontend", "1.32.0", "", "extension").consumer();
  stack.library("_compiled_module.abi3.so", "nvidia-cudnn-frontend");
  stack.not_found("libcudnn.so.9", "/env/cudnn/__init__.py");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::degraded);
  const Analysis analysis = stack.analysis();
  ASSERT_EQ(analysis.consumers.front().losses.size(), 1u);
  EXPECT_EQ(analysis.consumers.front().losses.front().effect, LossEffect::gpu_part);
  stack.library("libcudnn.so.8", "nvidia-cudnn-cu12", "", {});  // of another release: tried before or after
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
}

// open3d brings operations for torch, and its own code does without.
TEST(ConsumerLosses, WhatExtendsAFrameworkThatIsNotHereIsASidePiece) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere(), "open3d", "0.20.0");
  stack.library("open3d_torch_ops.so", "open3d", "", code_of_ampere());
  stack.not_found("libtorch_cpu.so", "/env/open3d/open3d_torch_ops.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  // Its code may stand in a library that its module needs.
  for (ConsumedLibrary& library : stack.stack().consumers.back().libraries) {
    if (library.name == "libown.so") library.asked_by = "/env/open3d/pybind.so";
  }
  stack.library("pybind.so", "open3d");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  MadeStack alone;  // torchvision without torch
  alone.package("torchvision", "0.20.1", "12.1", "extension").consumer();
  alone.library("_C.so", "torchvision", "", code_of_ampere());
  alone.library("libc.so.6", "the-system", "", {}, "/env/torchvision/_C.so");
  alone.not_found("libtorch_cpu.so", "/env/torchvision/_C.so");
  EXPECT_EQ(answer_state(alone, Question::libraries), CheckState::broken);
}

// ctranslate2 3.24 brings cuDNN's shim without its parts: it works where there is no GPU.
TEST(ConsumerLosses, PartsThatNobodyBroughtAreMissedOnAGpuAlone) {
  MadeStack stack;
  add_framework(stack, "11.8", code_of_ampere(), "ctranslate2", "3.24.0");
  stack.library("libcudnn.so.8", "ctranslate2", "", {});
  stack.not_found("libcudnn_ops_infer.so.8", "/env/ctranslate2/libcudnn.so.8");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
  EXPECT_FALSE(is_damaged(stack));
  stack.environment().file_faults.push_back({.kind = FileFaultKind::missing,
                                             .path = "/env/nvidia/cudnn/lib/libcudnn_ops_infer.so.8",
                                             .packages = {"nvidia-cudnn-cu11 8.5.0.96"},
                                             .owner = {}});
  EXPECT_TRUE(is_damaged(stack));  // taken away
}

// bitsandbytes has a library for each release of CUDA and one for the CPU: which of the first is gone matters on a GPU.
TEST(ConsumerLosses, APartForCudaThatIsGoneIsNoDamageWithoutAGpu) {
  for (const bool for_cuda : {true, false}) {
    MadeStack stack;
    stack.package("bitsandbytes", "0.46.0", "12.8", "extension").consumer();
    const std::string name = for_cuda ? "libbitsandbytes_cuda128.so" : "libbitsandbytes_cpu.so";
    stack.not_found(name, "");
    stack.last_library().kind = DependencyKind::opened;
    stack.environment().file_faults.push_back({.kind = FileFaultKind::missing,
                                               .path = "/env/bitsandbytes/" + name,
                                               .packages = {"bitsandbytes 0.46.0"},
                                               .owner = {}});
    EXPECT_EQ(is_damaged(stack), !for_cuda);
    stack.gpu("NVIDIA A100", "8.0");
    EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
  }
}

// CuPy without a toolkit: its modules are optional one by one, and nothing works on the CPU instead.
TEST(ConsumerLosses, WhatWorksOnAGpuAloneMissesItsOwnCuda) {
  for (const auto& [name, state] :
       {std::pair("cupy-cuda12x", CheckState::broken), std::pair("ctranslate2", CheckState::ok)}) {
    MadeStack stack;
    stack.gpu("NVIDIA A100", "8.0").package(name, "13.4.1", "12.8").consumer();
    stack.library("core.so", name, "", code_of_ampere());
    stack.library("libc.so.6", "the-system", "", {}, std::string("/env/") + name + "/core.so");
    stack.not_found("libcublas.so.12", "");  // opened by its Python
    stack.last_library().kind = DependencyKind::opened;
    EXPECT_EQ(answer_state(stack, Question::libraries), state) << name;
  }
  MadeStack other;  // the name of another CUDA, which is tried too
  other.gpu("NVIDIA A100", "8.0").package("cupy-cuda13x", "13.4.1", "13.0").consumer();
  other.library("core.so", "cupy-cuda13x", "", code_of_ampere());
  other.not_found("libcublas.so.12", "");
  other.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(other, Question::libraries), CheckState::ok);
}

// TensorFlow sees no GPU as soon as one of the libraries is not there.
TEST(ConsumerLosses, NamesThatAreMadeUpAreItsGpuPart) {
  MadeStack stack;
  add_framework(stack, "12.5", code_of_ampere(), "tensorflow", "2.18.1");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  stack.not_found("libcudnn.so.9", "/env/tensorflow/libown.so");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::degraded);
  const Analysis analysis = stack.analysis();
  EXPECT_EQ(analysis.consumers.front().losses.front().effect, LossEffect::gpu_part);
  // What one of them needs is as good as itself.
  stack.last_library().path = "/env/nvidia-cudnn-cu12/libcudnn.so.9";
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  stack.not_found("libcublas.so.12", "/env/nvidia-cudnn-cu12/libcudnn.so.9");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::degraded);
}

// nvmath-python without an extra: every module fails at its first call. Of those that bind what nobody wants one says
// so.
TEST(ConsumerLosses, BindingsAreOfNoUseWithoutAnyOfTheirLibraries) {
  const auto bindings_of = [](const char* package) {
    MadeStack stack;
    stack.gpu("NVIDIA A100", "8.0").package(package, "12.0", "", "extension").consumer();
    for (const char* name : {"cublas", "nvrtc"}) {
      const std::string module = std::string(name) + ".cpython-311-x86_64-linux-gnu.so";
      stack.library(module, std::string(package) + "/_internal");
      stack.not_found(std::string("lib") + name + ".so.12", std::string("/env/") + package + "/_internal/" + module);
      stack.last_library().kind = DependencyKind::opened;
    }
    return stack;
  };
  MadeStack nothing = bindings_of("nvmath-python");
  EXPECT_EQ(answer_state(nothing, Question::libraries), CheckState::degraded);
  EXPECT_EQ(nothing.analysis().consumers.front().losses.front().effect, LossEffect::gpu_part);
  MadeStack one = bindings_of("nvmath-python");
  one.last_library().path = "/env/nvidia/cuda_nvrtc/lib/libnvrtc.so.12";
  EXPECT_EQ(answer_state(one, Question::libraries), CheckState::ok);
  EXPECT_EQ(one.analysis().consumers.front().losses.front().effect, LossEffect::side_piece);
  // A module has the name of the library that it binds, and is no part of its family.
  MadeStack held;
  held.gpu("NVIDIA A100", "8.0").package("nvmath-python", "1.0.0", "", "extension").consumer();
  held.library("cutensor.cpython-311-x86_64-linux-gnu.so", "nvmath-python/_internal");
  held.library("libcutensor.so.2", "cutensor-cu12", "", {},
               "/env/nvmath-python/_internal/cutensor.cpython-311-x86_64-linux-gnu.so", DependencyKind::opened);
  held.last_library().why = "held by the environment";
  EXPECT_EQ(answer_state(held, Question::libraries), CheckState::ok);
  // It calls the driver and brings a runtime: what else it binds is everybody's choice.
  MadeStack cuda = bindings_of("cuda-bindings");
  EXPECT_EQ(answer_state(cuda, Question::libraries), CheckState::ok);
}

// cuda-quantum imports CuPy, of which a module that nobody imports at once lacks cuFFT: CuPy's own verdict says so.
TEST(ConsumerLosses, OptionalModulesOfAFrameworkAreItsOwnMatter) {
  MadeStack stack;
  stack.gpu("NVIDIA A100", "8.0").package("cuda-quantum-cu12", "0.16.0", "12.0", "extension").consumer();
  stack.library("libcudaq.so", "cuda-quantum-cu12", "", code_of_ampere());
  stack.library("libc.so.6", "the-system", "", {}, "/env/cuda-quantum-cu12/libcudaq.so");
  stack.library("cufft.cpython-311-x86_64-linux-gnu.so", "cupy-cuda12x", "", code_of_ampere());
  stack.last_library().why = "of the framework cupy-cuda12x";
  const std::size_t module = stack.stack().consumers.back().libraries.size() - 1;
  stack.not_found("libcublas.so.12", "/env/cupy-cuda12x/cufft.cpython-311-x86_64-linux-gnu.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  stack.stack().consumers.back().libraries[module].at_start = true;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
}

// mindspore without CUDA's libraries: one plugin needs them, another wants their functions and has no NEEDED entry.
TEST(ConsumerLosses, FunctionsOfCudaThatAnotherFileWouldBring) {
  MadeStack stack;
  stack.gpu("NVIDIA A100", "8.0").package("mindspore", "2.10.0", "12.1").consumer();
  stack.library("libc.so.6", "the-system", "", {});
  stack.library("libplugin.so", "mindspore");
  stack.last_library().kind = DependencyKind::opened;
  stack.not_found("libcublas.so.12", "/env/mindspore/libplugin.so");
  stack.library("libops.so", "mindspore", "", code_of_ampere());
  stack.last_library().kind = DependencyKind::opened;
  stack.last_library().unresolved = {{"cublasCreate_v2", ""}};
  stack.last_library().unresolved_count = 1;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::degraded);
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::cannot_tell);
  stack.last_library().unresolved = {{"_ZN2at4_ops9is_pinnedE", ""}};
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
}

// jax-rocm60-plugin beside a jax that goes on without it.
TEST(ConsumerLosses, APlugInForAmdsGpusIsASidePiece) {
  MadeStack stack;
  stack.package("jax-rocm60-plugin", "0.5.0", "", "extension").consumer();
  stack.library("_rnn.so", "jax-rocm60-plugin");
  stack.last_library().unresolved = {{"hipGetErrorString", ""}, {"miopenRNNForward", ""}};
  stack.last_library().unresolved_count = 2;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::ok);
  stack.last_library().unresolved.push_back({"_ZN2at4_ops9is_pinnedE", ""});
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
}

// Modular's plug-in for UCX: no NEEDED entry for libcuda, whose functions it wants.
TEST(ConsumerLosses, APlugInForTheDriverIsOpenedBesideIt) {
  MadeStack stack;
  stack.package("max-core", "26.4.0", "", "extension").consumer().library("libplugin_ucx_cuda.so", "max-core");
  stack.last_library().unresolved = {{"cuMemGetAddressRange_v2", ""}, {"hsa_init", ""}};
  stack.last_library().unresolved_count = 2;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::ok);
  stack.last_library().unresolved.push_back({"cudaMalloc", ""});
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
  stack.last_library().unresolved.pop_back();
  stack.last_library().at_start = true;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
}

// cuda-quantum 0.12 ships modules of MLIR whose functions its library does not have, and that nothing imports.
TEST(ConsumerLosses, AModuleThatNothingImportsAndThatDoesNotBindIsLeftOver) {
  MadeStack stack;
  stack.gpu("NVIDIA A100", "8.0").package("cuda-quantum-cu11", "0.12.0", "11.8", "extension").consumer();
  stack.environment().packages.back().requirements.push_back({"cupy-cuda11x", "", "13.4.1"});
  stack.library("_passes.cpython-311-x86_64-linux-gnu.so", "cuda-quantum-cu11");
  stack.last_library().unresolved = {{"mlirRegisterAsyncPasses", ""}};
  stack.last_library().unresolved_count = 1;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken) << "it is all that there is";
  const std::size_t module = stack.stack().consumers.back().libraries.size() - 1;
  stack.library("_mlir.cpython-311-x86_64-linux-gnu.so", "cuda-quantum-cu11");
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::ok);
  stack.stack().consumers.back().libraries[module].at_start = true;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
}

// mindspore's copy of NCCL has GPU code and loads, which is none of mindspore's own kernels; and what it has for
// another kind of device is not its GPU part.
TEST(ConsumerLosses, ACopyOfALibraryOfCudaIsNotTheGpuPart) {
  MadeStack stack;
  stack.gpu("NVIDIA A100", "8.0").package("mindspore", "2.10.0", "12.1").consumer();
  stack.library("libc.so.6", "the-system", "", {});
  stack.library("libcublas.so.12", "mindspore", "", code_of_ampere());
  stack.last_library().kind = DependencyKind::opened;
  for (const std::string plugin : {"libplugin_ascend.so", "libplugin_gpu.so"}) {
    stack.library(plugin, "mindspore", "", {});
    stack.last_library().kind = DependencyKind::opened;
    const std::string wanted = plugin == "libplugin_gpu.so" ? "libcublasLt.so.13" : "libascendcl.so";
    stack.last_library().lacks = {wanted};
    stack.not_found(wanted, "/env/mindspore/" + plugin);
  }
  const ConsumerAnswer answer = stack.analysis().consumers.front().answers.libraries;
  EXPECT_EQ(answer.state, CheckState::degraded);
  EXPECT_NE(answer.detail.find("not found: libcublasLt.so.13"), std::string::npos) << answer.detail;
  EXPECT_EQ(answer.detail.find("libascendcl.so"), std::string::npos) << answer.detail;
}

// cuda-python 11.8 opens NVRTC by the names of several releases: where none is there the module for it is told, and
// nothing else suffers.
TEST(ConsumerLosses, WhatAModuleOpensLateAndNobodyHasIsTold) {
  MadeStack stack;
  stack.gpu("NVIDIA A100", "8.0").package("cuda-bindings", "12.0", "12.0", "extension").consumer();
  stack.library("cynvrtc.cpython-311-x86_64-linux-gnu.so", "cuda-bindings");
  stack.not_found("libcublas.so.12", "/env/cuda-bindings/cynvrtc.cpython-311-x86_64-linux-gnu.so");
  stack.last_library().kind = DependencyKind::opened;
  const ConsumerAnswer answer = stack.analysis().consumers.front().answers.libraries;
  EXPECT_EQ(answer.state, CheckState::ok);
  EXPECT_NE(answer.detail.find("would not load without libcublas.so.12"), std::string::npos) << answer.detail;
}

TEST(ConsumerLosses, NamesTheWheelsThatAreKnown) {
  Knowledge knowledge = test::small_knowledge();
  for (const char* name : {"cublas", "cufft"}) {
    knowledge.library_names.push_back({.library = name,
                                       .soname = std::string("lib") + name + ".so.12",
                                       .cuda = "12",
                                       .package = std::string("nvidia-") + name + "-cu12",
                                       .folder = {},
                                       .source = "made"});
  }
  MadeStack stack(knowledge);
  add_framework(stack, "12.5", code_of_ampere());
  const Analysis analysis = stack.analysis();
  const auto text = [&](const std::vector<std::string>& names) {
    return bringing_wheels(analysis.consumers.front(), analysis.libraries, names);
  };
  EXPECT_EQ(text({"libcublas.so.12", "libcufft.so.12"}), "nvidia-cublas-cu12, nvidia-cufft-cu12 would bring them");
  EXPECT_EQ(text({"libcublas.so.12", "libcufft.so.12", "libmine.so.1"}),
            "nvidia-cublas-cu12, nvidia-cufft-cu12 would bring 2 of them");
  EXPECT_EQ(text({"libcufft.so.12", "libmine.so.1"}), "nvidia-cufft-cu12 would bring it");
  EXPECT_EQ(text({"libmine.so.1"}), "");
}

// libcurand.so.10 is of three releases of CUDA: what a program for 13 lacks, the wheel for 12 does not bring. Of a
// release that no wheel is of none is named (mxnet-cu101).
TEST(ConsumerLosses, NamesTheWheelsOfTheConsumersOwnCuda) {
  Knowledge knowledge = test::small_knowledge();
  knowledge.library_names.clear();
  const auto add = [&](const std::string& soname, const std::string& cuda, const std::string& wheel) {
    knowledge.library_names.push_back(
        {.library = "made", .soname = soname, .cuda = cuda, .package = wheel, .folder = {}, .source = "made"});
  };
  add("libcurand.so.10", "", "nvidia-curand-cu12");
  add("libcurand.so.10", "", "nvidia-curand");
  knowledge.library_names.back().folder = "nvidia/cu13/lib";
  add("libcublas.so.13", "13", "nvidia-cublas");
  add("libcudart.so.10.2", "10", "");
  const auto text = [&](const std::string& cuda, const std::vector<std::string>& names) {
    MadeStack stack(knowledge);
    stack.gpu("NVIDIA A100", "8.0").package("made", "1.0", cuda).consumer();
    const Analysis analysis = stack.analysis();
    return bringing_wheels(analysis.consumers.front(), analysis.libraries, names);
  };
  EXPECT_EQ(text("", {"libcurand.so.10", "libcublas.so.13"}), "nvidia-curand, nvidia-cublas would bring them");
  EXPECT_EQ(text("12.4", {"libcurand.so.10"}), "nvidia-curand-cu12 would bring it");
  EXPECT_EQ(text("10.1", {"libcurand.so.10"}), "");
  EXPECT_EQ(text("", {"libcurand.so.10", "libcublas.so.13", "libcudart.so.10.1"}), "");
  MadeStack stack(knowledge);
  stack.package("nvidia-cublas", "13.1", "", "runtime").package("made", "1.0", "13.0").consumer();
  const Analysis analysis = stack.analysis();
  EXPECT_EQ(bringing_wheels(analysis.consumers.front(), analysis.libraries, {"libcublas.so.13"}),
            "nvidia-cublas 13.1 is installed and does not bring it");
  EXPECT_EQ(text("", {"libcurand.so.10"}), "nvidia-curand-cu12 or nvidia-curand would bring it");
  // What was cut short is there and is none.
  stack.environment().file_faults.push_back({.kind = FileFaultKind::replaced,
                                             .path = "/env/nvidia/cublas/lib/libcublas.so.13",
                                             .packages = {"nvidia-cublas 13.1"},
                                             .owner = {}});
  const Analysis cut = stack.analysis();
  EXPECT_EQ(bringing_wheels(cut.consumers.front(), cut.libraries, {"libcublas.so.13"}),
            "nvidia-cublas 13.1 lists it, and what is there is not what it installed: install it again");
}

// coptpy tries libcublas.so.11, .12 and .13, and any of them does.
TEST(ConsumerLosses, NamesTheWheelsOfOneCudaWhereAnyDoes) {
  Knowledge knowledge = test::small_knowledge();
  knowledge.library_names.clear();
  for (const std::string major : {"11", "12", "13"}) {
    for (const std::string name : {"cublas", "cupti"}) {
      knowledge.library_names.push_back({.library = name,
                                         .soname = "lib" + name + ".so." + major,
                                         .cuda = major,
                                         .package = "nvidia-" + name + (major == "13" ? "" : "-cu" + major),
                                         .folder = {},
                                         .source = "made"});
    }
  }
  const auto text = [&](const std::string& cuda, const std::string& held, const std::vector<std::string>& names) {
    MadeStack stack(knowledge);
    stack.package("made", "1.0", cuda).consumer();
    if (!held.empty()) stack.environment().runtimes = known_fact(std::vector<std::string>{held}, "made");
    const Analysis analysis = stack.analysis();
    return bringing_wheels(analysis.consumers.front(), analysis.libraries, names);
  };
  const std::vector<std::string> all = {"libcublas.so.11", "libcublas.so.12", "libcublas.so.13"};
  EXPECT_EQ(text("", "", all), "nvidia-cublas would bring it");
  EXPECT_EQ(text("", "12.9.79", all), "nvidia-cublas-cu12 would bring it");
  EXPECT_EQ(text("11.8", "12.9.79", all), "nvidia-cublas-cu11 would bring it");
  EXPECT_EQ(text("", "10.2", all), "nvidia-cublas would bring it");
  EXPECT_EQ(text("", "12.9.79", {all[0], all[1], "libcupti.so.11", "libcupti.so.12"}),
            "nvidia-cublas-cu12, nvidia-cupti-cu12 would bring them");
  EXPECT_EQ(text("", "", {"libcublas.so.12", "libcupti.so.13"}), "nvidia-cublas-cu12, nvidia-cupti would bring them");
  // libcupti.so.12 is wanted too.
  MadeStack stack(knowledge);
  stack.package("made", "1.0", "12.9").consumer().not_found("libcupti.so.12", "");
  const Analysis analysis = stack.analysis();
  EXPECT_EQ(bringing_wheels(analysis.consumers.front(), analysis.libraries, {all[0], all[1], "libcupti.so.11"}),
            "nvidia-cublas-cu12, nvidia-cupti-cu12 would bring them");
}

// torch lists a libgomp.so.1 of its own; without it the loader takes the system's.
TEST(ConsumerLosses, AFileThatIsGoneAndFoundElsewhereIsNotMissed) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere());
  stack.environment().file_faults.push_back(
      {.kind = FileFaultKind::missing, .path = "/env/torch/libgomp.so.1", .packages = {"torch 2.5.0"}, .owner = {}});
  stack.not_found("libgomp.so.1", "");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
  stack.library("libgomp.so.1", "the-system", "", {}, "/env/torch/libown.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
}

}  // namespace
}  // namespace varve
