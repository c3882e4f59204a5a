#include <algorithm>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
bool is_told(const Stack& stack, const char* id) {
  const auto at = stack.facts.find(id);
  return at != stack.facts.end() && at->second.is_known();
}

bool any_setting(const Stack& stack) {
  return std::any_of(stack.facts.begin(), stack.facts.end(),
                     [](const auto& entry) { return entry.first.starts_with("settings.") && entry.second.is_known(); });
}

// A framework whose CUDA neither its version nor anything beside it tells.
const Package* package_without_cuda(const Stack& stack) {
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.role == PackageRole::framework && !package.cuda.is_answer()) return &package;
    }
  }
  return nullptr;
}

// Where the text says what the machine is, some commands are not there.
struct Kind {
  bool is_windows = false, is_wsl = false, is_jetson = false;
};
Kind kind_of(const Declared& declared, const Stack& stack) {
  const auto names = [&](const char* id, std::string_view mark) {
    return is_told(stack, id) && value_text(*stack.facts.at(id).value).find(mark) != std::string::npos;
  };
  return {.is_windows = names("os.name", "indows"),
          .is_wsl = names("machine.hypervisor", "WSL"),
          .is_jetson = is_told(stack, "os.jetson_linux") || declared.jetson_line != 0};
}

// Whether a command can tell it there: Windows has no /proc and no dmesg, WSL and a Jetson no module that is open or
// not.
bool may_be_asked(std::string_view fact, const Kind& kind) {
  if (fact == "driver.kernel_mode.flavour") return !kind.is_windows && !kind.is_wsl && !kind.is_jetson;
  return !kind.is_windows || (fact != "os.kernel.release" && fact != "container.kind" && fact != "kernel.log.nvidia");
}

struct FactQuestion {
  const char *fact, *what, *command;
};
constexpr FactQuestion kFactQuestions[] = {
    {"gpu.models", "which GPUs there are", "nvidia-smi -L"},
    {"driver.kernel_mode.version", "which driver the kernel runs", "nvidia-smi, or cat /proc/driver/nvidia/version"},
    {"driver.api_level", "which CUDA the driver's libcuda offers", "nvidia-smi (CUDA Version, or CUDA UMD Version)"},
    {"driver.kernel_mode.flavour", "whether the open or the proprietary module runs",
     "cat /proc/driver/nvidia/version"},
    {"toolkit.nvcc.version", "which CUDA toolkit is on the PATH, if something is built there",
     "which nvcc; nvcc --version"},
    {"os.kernel.release", "the kernel", "uname -a"},
    {"container.kind", "whether it ran in a container", "docker inspect CONTAINER, or cat /proc/1/cgroup"},
    {"kernel.log.nvidia", "what the kernel said of the driver", "sudo dmesg | grep -iE 'NVRM|Xid|nvidia'"}};
}  // namespace

TextAccount account_of_text(const Disclosure& disclosure, const Stack& stack) {
  const Declared& declared = disclosure.declared;
  TextAccount account{.lines = disclosure.lines,
                      .bytes = disclosure.bytes,
                      .is_cut = disclosure.is_cut,
                      .parts = declared.parts,
                      .conflicts = declared.conflicts,
                      .unstated = {},
                      .others = declared.others};
  std::vector<TextQuestion>& open = account.unstated;
  const Kind kind = kind_of(declared, stack);
  for (const FactQuestion& row : kFactQuestions) {
    if (!is_told(stack, row.fact) && may_be_asked(row.fact, kind)) open.push_back({row.what, row.command});
  }
  if (kind.is_jetson && !is_told(stack, "os.jetson_linux")) {
    open.push_back({"which release of Jetson Linux it is", "cat /etc/nv_tegra_release"});
  }
  const auto user = stack.facts.find("driver.user_mode.version");
  if (user != stack.facts.end() && user->second.standing == Standing::inferred && !kind.is_windows) {
    open.push_back({"which libcuda a program loads; taken to be the driver's own", "ldconfig -p | grep libcuda"});
  }
  if (stack.environments.empty()) {
    open.push_back({"which packages were installed", "pip list, uv pip list or conda list"});
  } else if (const Package* package = package_without_cuda(stack)) {
    open.push_back({"which CUDA " + package->name + " was built for", "python -m torch.utils.collect_env"});
  }
  const auto tells_python = [](const Environment& environment) { return environment.python.is_known(); };
  if (!stack.environments.empty() && std::none_of(stack.environments.begin(), stack.environments.end(), tells_python)) {
    open.push_back({"which Python it is", "python --version"});
  }
  if (!any_setting(stack)) open.push_back({"which variables were set", "env"});
  open.push_back({"which files were loaded, and whether their code and symbols fit", "varve capture -o stack.json"});
  return account;
}

}  // namespace varve
