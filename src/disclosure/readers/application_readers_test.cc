// What applications, shells and files say by the way: short quotations of public threads, names replaced.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack application_stack(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

const Package* application_package_in(const Stack& stack, const std::string& name, std::size_t environment = 0) {
  if (stack.environments.size() <= environment) return nullptr;
  for (const Package& package : stack.environments[environment].packages) {
    if (package.name == name) return &package;
  }
  return nullptr;
}

std::string application_version_in(const Stack& stack, const std::string& name) {
  const Package* package = application_package_in(stack, name);
  return package == nullptr ? "none" : package->version;
}

std::string application_why_without_cuda(const Stack& stack, const std::string& name) {
  const Package* package = application_package_in(stack, name);
  return package == nullptr || package->cuda.is_known() ? "" : package->cuda.detail;
}

std::string application_first_gpu(const Stack& stack) { return stack.gpus.empty() ? "none" : stack.gpus.front().model; }

std::string application_fact(const Stack& stack, const char* id) {
  const auto at = stack.facts.find(id);
  return at != stack.facts.end() && at->second.is_known() ? value_text(*at->second.value) : "";
}
}  // namespace

TEST(ApplicationLines, Ultralytics) {
  const Stack one = application_stack(
      "Ultralytics YOLOv8.2.15 🚀 Python-3.10.9 torch-2.5.1+cu124 CUDA:0 (NVIDIA GeForce RTX 5090, 32607MiB)\n");
  EXPECT_EQ(application_version_in(one, "torch"), "2.5.1+cu124");
  EXPECT_EQ(application_first_gpu(one), "NVIDIA GeForce RTX 5090");
  const Stack two = application_stack(
      "Ultralytics YOLOv8.0.53 Python-3.9.1 torch-1.8.1+cu111 CUDA:0 (NVIDIA GeForce RTX 3070, 8192MiB)\n"
      "Ultralytics YOLOv8.0.54 Python-3.10.6 torch-2.0.0+cpu CPU\n");
  ASSERT_EQ(two.environments.size(), 2U);
  EXPECT_EQ(application_package_in(two, "torch", 1)->version, "2.0.0+cpu");
  const Stack checks = application_stack(
      "GPU                 NVIDIA GeForce RTX 5080, 16303MiB\nCUDA                12.4\n\n"
      "torch               ✅ 2.5.1+cu124>=1.8.0\n");
  EXPECT_EQ(application_version_in(checks, "torch"), "2.5.1+cu124");
  EXPECT_EQ(application_first_gpu(checks), "NVIDIA GeForce RTX 5080");
}

TEST(ApplicationLines, WebInterfaces) {
  const Stack comfy = application_stack(
      "pytorch version: 2.6.0+cu124\nxformers version: 0.0.29.post3\n"
      "Device: cuda:0 NVIDIA GeForce RTX 5070 Ti : cudaMallocAsync\n");
  EXPECT_EQ(application_version_in(comfy, "torch"), "2.6.0+cu124");
  EXPECT_EQ(application_first_gpu(comfy), "NVIDIA GeForce RTX 5070 Ti");
  const Stack report = application_stack(
      "- **PyTorch Version:** 2.5.1+cu124\n## Devices\n\n"
      "- **Name:** cuda:0 NVIDIA GeForce RTX 5090 : cudaMallocAsync\n");
  EXPECT_EQ(application_first_gpu(report), "NVIDIA GeForce RTX 5090");
  const Stack footer = application_stack(
      "version: v1.10.1  •  python: 3.10.6  •  torch: 2.1.2+cu121  •  xformers: 0.0.23.post1  •  gradio: 3.41.2\n");
  EXPECT_EQ(application_version_in(footer, "torch"), "2.1.2+cu121");
  EXPECT_EQ(application_version_in(footer, "xformers"), "0.0.23.post1");
  const Stack other = application_stack("Device: cuda:0 AMD Radeon RX 7900 XTX : native\n");
  EXPECT_TRUE(other.gpus.empty());
}

TEST(ApplicationLines, Lightning) {
  const Stack stack = application_stack(
      "* CUDA:\n\t- GPU:\n\t\t- NVIDIA GeForce RTX 5090\n\t- available:         True\n"
      "\t- version:           12.1\n* Lightning:\n\t- torch:             2.4.1\n");
  EXPECT_EQ(application_first_gpu(stack), "NVIDIA GeForce RTX 5090");
  EXPECT_EQ(value_text(*application_package_in(stack, "torch")->cuda.value), "12.1");
}

TEST(ApplicationLines, LockFilesAndBuilds) {
  const Stack lock = application_stack("[[package]]\nname = \"torch\"\nversion = \"2.3.0+cpu\"\noptional = false\n");
  EXPECT_EQ(application_version_in(lock, "torch"), "2.3.0+cpu");
  const Stack built = application_stack(
      "PyTorch: 1.7.1\nPyTorch compiling details: PyTorch built with:\n  - GCC 7.3\n"
      "  - CUDA Runtime 11.0\n  - CuDNN 8.0.5\n");
  EXPECT_EQ(value_text(*application_package_in(built, "torch")->cuda.value), "11.0");
  const Stack columns = application_stack(
      "PyTorch                 1.7.1+cu101 @/home/u/torch\n"
      "GPU 0                   NVIDIA GeForce RTX 3090 (arch=8.6)\n");
  EXPECT_EQ(application_version_in(columns, "torch"), "1.7.1+cu101");
  EXPECT_EQ(application_first_gpu(columns), "NVIDIA GeForce RTX 3090");
}

TEST(PythonPrompt, SeveralQuestions) {
  const Stack tuple = application_stack(
      ">>> torch.__version__, torch.version.cuda, torch.cuda.is_available()\n"
      "('2.3.1+cu121', '12.1', True)\n");
  EXPECT_EQ(application_version_in(tuple, "torch"), "2.3.1+cu121");
  const Stack printed = application_stack(
      ">>> print(torch.__version__, torch.version.cuda, torch.cuda.get_device_name(0))\n"
      "2.5.1+cu124 12.4 NVIDIA GeForce RTX 5090\n");
  EXPECT_EQ(application_first_gpu(printed), "NVIDIA GeForce RTX 5090");
  const Stack name = application_stack(">>> torch.cuda.get_device_name(0)\n'NVIDIA GeForce RTX 5090'\n");
  EXPECT_EQ(application_first_gpu(name), "NVIDIA GeForce RTX 5090");
}

TEST(ContainerCommands, StartedWithoutGpu) {
  const std::string asked = ">>> torch.cuda.is_available()\nFalse\n";
  EXPECT_EQ(application_fact(application_stack("$ docker run -it --rm me/pytorch:latest-gpu python\n" + asked),
                             "container.gpu_request"),
            "no GPU");
  EXPECT_EQ(application_fact(application_stack("$ docker run --gpus all -it me/pytorch:gpu python\n" + asked),
                             "container.gpu_request"),
            "");
  EXPECT_EQ(application_fact(application_stack("$ docker run -it \\\n  --gpus all \\\n  me/pytorch:gpu\n" + asked),
                             "container.gpu_request"),
            "");
  // Nothing asked for a GPU; what others should type.
  EXPECT_EQ(application_fact(application_stack("$ docker run -it --rm postgres\n"), "container.gpu_request"), "");
  EXPECT_EQ(application_fact(application_stack("You can try docker run -it x\n" + asked), "container.gpu_request"), "");
}

TEST(ContainerCommands, ComposeFilesAndImages) {
  const Stack compose = application_stack(
      "services:\n  app:\n    image: yanwk/comfyui-boot:comfy3d\n    runtime: nvidia\n"
      "    environment:\n      CUDA_VISIBLE_DEVICES: all\n    ports:\n      - 8188:8188\n");
  EXPECT_EQ(application_fact(compose, "settings.CUDA_VISIBLE_DEVICES"), "all");
  EXPECT_EQ(application_version_in(application_stack("FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime\n"), "torch"),
            "2.5.1+cu124");
  EXPECT_EQ(application_why_without_cuda(
                application_stack("    $ docker run --gpus all tensorflow/tensorflow:2.15.0 bash\n"), "tensorflow"),
            "a build without CUDA: the image's tag has no -gpu");
}

TEST(Variables, EchoedAndSetByPrograms) {
  EXPECT_EQ(application_fact(application_stack("$ echo $CUDA_VISIBLE_DEVICES\n3\n"), "settings.CUDA_VISIBLE_DEVICES"),
            "3");
  EXPECT_EQ(application_fact(application_stack("os.environ[\"CUDA_VISIBLE_DEVICES\"] = \"2\"\n"),
                             "settings.CUDA_VISIBLE_DEVICES"),
            "2");
  EXPECT_EQ(application_fact(application_stack("if os.environ[\"CUDA_VISIBLE_DEVICES\"] == \"2\":\n"),
                             "settings.CUDA_VISIBLE_DEVICES"),
            "");
}

TEST(BuildsWithoutCuda, OfTheIndexForAPlatform) {
  const std::string listed = "Package            Version\n------------------ ------------\ntorch              2.5.1\n";
  EXPECT_TRUE(application_why_without_cuda(application_stack("OS: Windows 11\n" + listed), "torch")
                  .starts_with("a build without CUDA"));
  EXPECT_EQ(application_why_without_cuda(application_stack("OS: Windows 11, Ubuntu under WSL2\n" + listed), "torch")
                .find("a build without CUDA"),
            std::string::npos);
  EXPECT_TRUE(application_why_without_cuda(
                  application_stack("My system is Windows 11. My tensorflow version is here:\ntensorflow: 2.12.0\n"),
                  "tensorflow")
                  .starts_with("a build without CUDA"));
  EXPECT_EQ(application_why_without_cuda(application_stack("Windows 10\ntensorflow: 2.10.0\n"), "tensorflow")
                .find("a build without"),
            std::string::npos);
  // With an index named it may be any build.
  EXPECT_TRUE(application_why_without_cuda(application_stack("Windows 11\nC:\\> pip install torch\n"), "torch")
                  .starts_with("a build"));
  EXPECT_FALSE(application_why_without_cuda(
                   application_stack("Windows 11\nC:\\> pip install torch -f https://x.test/y\n"), "torch")
                   .starts_with("a build"));
  const std::string jetson = "* **Hardware:** NVIDIA Jetson AGX Orin\n* **L4T Release:** R35.4.1\n";
  EXPECT_TRUE(application_why_without_cuda(application_stack(jetson + "$ pip install torch\n"), "torch")
                  .starts_with("a build without"));
}

TEST(BuildsWithoutCuda, TensorFlowListsTheProcessorAlone) {
  const Stack stack = application_stack(
      "Windows 11\ntensorflow: 2.18.0\n"
      "[PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')]\n");
  EXPECT_NE(application_why_without_cuda(stack, "tensorflow").find("asked for the GPU in line 3"), std::string::npos);
}

TEST(Driver, HalvesThatPackagesTell) {
  const std::string kernel =
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Tue Mar  5 22:42:15 UTC 2024\n";
  const Stack listed = application_stack(
      kernel + "ii  libnvidia-compute-535:amd64  535.183.01-0ubuntu0.22.04.1  amd64  NVIDIA libcompute package\n");
  EXPECT_EQ(application_fact(listed, "driver.user_mode.version"), "535.183.01");
  const Stack linked = application_stack(
      kernel + "lrwxrwxrwx 1 root root 21 /usr/lib/x86_64-linux-gnu/libcuda.so.1 -> libcuda.so.535.183.01\n");
  EXPECT_EQ(application_fact(linked, "driver.user_mode.version"), "535.183.01");
}

TEST(Driver, NoPartitions) {
  const Stack stack = application_stack("|  No MIG devices found                                                  |\n");
  EXPECT_EQ(stack.facts.at("gpu.mig.instances").missing, Missing::absent);
}

TEST(NumbaReport, DriverAndVersionWithoutADevice) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(
      "__CUDA Information__\n"
      "CUDA Device Initialized                       : False\n"
      "CUDA Driver Version                           : 11.6\n"
      "Numba Version                                 : 0.56.4\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  EXPECT_EQ(value_text(*stack.facts.at("driver.api_level").value), "11.6");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(stack.environments[0].packages[0].version, "0.56.4");
  EXPECT_EQ(disclosure.declared.asked_gpu_line, 2);
}

TEST(PythonPrompt, CodeOnOneLineBetweenFences) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text("```print(torch.__version__)```\n1.4.0\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(stack.environments[0].packages[0].version, "1.4.0");
}

TEST(SystemSigns, AGpuThatIsMissed) {
  const auto asked = [](const std::string& text) { return read_disclosure_text(text).declared.asked_gpu_line; };
  EXPECT_EQ(asked("but tensorflow==2.16 can't utilize the gpu.\n"), 1);
  EXPECT_EQ(asked("WARNING:root:No GPU found. Conversion on CPU is very slow.\n"), 1);
  EXPECT_EQ(asked("tf.config.list_physical_devices('GPU') # [] is returned\n"), 1);
  EXPECT_EQ(asked("print(tf.config.list_physical_devices('GPU'))\n[]\n"), 2);
  EXPECT_EQ(asked("print(tf.config.list_physical_devices('GPU'))\n[PhysicalDevice(name='GPU:0')]\n"), 0);
  EXPECT_EQ(asked("If no GPU found, the CPU is taken.\n"), 0);
  EXPECT_EQ(asked("you should make sure that it is not using CPU; GPU not detected otherwise\n"), 0);
}

TEST(SystemSigns, TheKernelOfWslIsToldWhereverItIsNamed) {
  const Stack stack = application_stack("Windows 11, WSL2 (5.15.146.1-microsoft-standard-WSL2), Ubuntu 22.04\n");
  EXPECT_EQ(application_fact(stack, "os.kernel.release"), "5.15.146.1-microsoft-standard-WSL2");
  EXPECT_EQ(application_fact(stack, "machine.hypervisor"), "Hyper-V (WSL)");
  EXPECT_EQ(application_fact(application_stack("see the x-microsoft-standard branch\n"), "os.kernel.release"), "");
}

TEST(DeviceLines, PaddleNamesTheRuntimeThatItWasBuiltWith) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(
      "W0421 22:18:47.915304 58190 device_context.cc:447] Please NOTE: device: 0, GPU Compute Capability: 8.6, Driver "
      "API "
      "Version: 11.6, Runtime API Version: 10.2\n");
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  EXPECT_EQ(value_text(*stack.facts.at("driver.api_level").value), "11.6");
  ASSERT_EQ(stack.gpus.size(), 1u);
  EXPECT_EQ(to_string(*stack.gpus[0].capability), "8.6");
  ASSERT_EQ(stack.environments.size(), 1u);
  EXPECT_EQ(value_text(*stack.environments[0].packages[0].cuda.value), "10.2");
}

TEST(ApplicationLines, AReportAsPythonPrintsADictionary) {
  const Stack stack = application_stack(
      "OrderedDict([('sys.platform', 'linux'), ('CUDA available', False), ('PyTorch', '2.0.1'), "
      "('PyTorch compiling details', 'PyTorch built with:\\n - Build settings: USE_CUDA=0, USE_CUDNN=OFF'), "
      "('TorchVision', '0.15.2')])\n");
  EXPECT_EQ(application_version_in(stack, "torch"), "2.0.1");
  EXPECT_EQ(application_version_in(stack, "torchvision"), "0.15.2");
  EXPECT_TRUE(application_why_without_cuda(stack, "torch").starts_with("a build without CUDA"));
}

TEST(ApplicationLines, MmcvThatNoCompilerOfCudaMade) {
  const Stack stack =
      application_stack("PyTorch: 1.7.1\nMMCV: 1.2.7\nMMCV Compiler: GCC 8.4\nMMCV CUDA Compiler: not available\n");
  EXPECT_TRUE(application_why_without_cuda(stack, "mmcv").starts_with("a build without CUDA"));
}

TEST(PythonPrompt, SeveralPrintsAreAnsweredLineByLine) {
  const Stack stack = application_stack(
      "python -c \"import torch; print(torch.__version__); print(torch.version.cuda); "
      "print(torch.cuda.is_available())\"\n\nreturned:\n\n2.4.0+cpu\nNone\nFalse\n");
  EXPECT_EQ(application_version_in(stack, "torch"), "2.4.0+cpu");
}

// A log of ollama's tells that it is ollama; of which release another line may.
TEST(DeviceLines, OllamaOfNoRelease) {
  const auto programs = [](const std::string& text) {
    Disclosure disclosure = read_disclosure_text(text);
    return disclosure.declared.system_packages;
  };
  const std::string line = "2024/01/14 19:50:06 gpu.go:88: Detecting GPU type\n";
  EXPECT_EQ(programs(line), std::vector<std::string>{"program ollama 0 (release not told)"});
  EXPECT_EQ(programs(line + "ollama 0.1.20\n" + line), std::vector<std::string>{"program ollama 0.1.20"});
  EXPECT_TRUE(programs("panic: main.go:88: something went wrong\n").empty());
}

}  // namespace varve
