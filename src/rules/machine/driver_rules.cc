// The two halves of the driver by themselves: the kernel module, the user libraries, and whether they belong together.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/machine/kernel_module_rules.h"
#include "rules/machine/machine_view.h"
#include "rules/rule.h"

namespace varve {

namespace {
const DriverFile* taken_file(const Situation& situation, std::string_view library) {
  for (const DriverFile& file : situation.machine.driver_files) {
    if (file.library == library && file.loaded_first) return &file;
  }
  return nullptr;
}

bool is_whole(const DriverFile& file) {
  return file.role == DriverFileRole::driver || file.role == DriverFileRole::wsl;
}

std::string version_words(const DriverFile& file) { return fmt::format("{} ({})", fact_text(file.version), file.path); }

// The version in the name of a library, by which it belongs to a kernel module; nothing for compat libraries.
std::optional<std::string> own_version(const DriverFile* file) {
  if (file == nullptr || file->role != DriverFileRole::driver || !file->version.is_known()) return std::nullopt;
  return value_text(*file->version.value);
}

std::vector<Found> find_halves(const Situation& situation) {
  const auto kernel = text_of(situation, "driver.kernel_mode.version");
  const DriverFile* libcuda = taken_file(situation, "libcuda");
  const DriverFile* management = taken_file(situation, "libnvidia-ml");
  const auto user = own_version(libcuda), second = own_version(management);
  if (!kernel || is_wsl(situation) || is_jetson(situation)) return {};
  const bool libcuda_differs = user && *user != *kernel, management_differs = second && *second != *kernel;
  if (!libcuda_differs && !management_differs) return {};
  std::string evidence = fmt::format("The kernel module that runs is {}", *kernel);
  if (libcuda_differs) evidence += ", libcuda is " + version_words(*libcuda);
  if (management_differs) evidence += ", libnvidia-ml is " + version_words(*management);
  const auto installed = text_of(situation, "driver.kernel_mode.installed");
  Found found{.evidence = std::move(evidence)};
  const std::string libraries = libcuda_differs ? *user : *second;
  if (is_in_container(situation)) {
    found.fix =
        "Start the container anew, so that the host's present libraries are mounted, and keep no driver libraries "
        "in its image";
  } else if (installed && *installed == libraries) {
    found.evidence += fmt::format(
        "; the module on disk is {} too: the packages were updated, the module was not loaded anew", *installed);
  } else if (installed && *installed == *kernel) {
    found.evidence += fmt::format("; the module on disk is {}", *installed);
    found.fix =
        fmt::format("Install the libraries of {}, or the module of {}, from the same packages", *kernel, libraries);
  }
  return {std::move(found)};
}

std::vector<Found> find_logged_mismatch(const Situation& situation) {
  const std::vector<std::string> said = rows_with(situation, "kernel.log.nvidia", "API mismatch");
  if (said.empty() || text_of(situation, "driver.halves") == "same version") return {};
  if (!find_halves(situation).empty()) return {};
  return {{.evidence = "The kernel's log: " + join(said, ", ")}};
}

std::vector<Found> find_parts(const Situation& situation) {
  const DriverFile* libcuda = taken_file(situation, "libcuda");
  const auto user = own_version(libcuda);
  if (!user || is_jetson(situation)) return {};
  const auto kernel = text_of(situation, "driver.kernel_mode.version");
  for (const char* name : {"libnvidia-ml", "libnvidia-ptxjitcompiler", "libnvidia-nvvm"}) {
    const DriverFile* other = taken_file(situation, name);
    const auto version = own_version(other);
    if (!version || *version == *user) continue;
    if (kernel && *kernel != *version && name == std::string_view("libnvidia-ml")) continue;  // said by find_halves
    return {{.evidence = fmt::format("libcuda is {}, {} is {}", version_words(*libcuda), name, version_words(*other))}};
  }
  return {};
}

std::vector<Found> find_module_outdated(const Situation& situation) {
  const auto kernel = text_of(situation, "driver.kernel_mode.version");
  const auto installed = text_of(situation, "driver.kernel_mode.installed");
  if (!kernel || !installed || *kernel == *installed || !is_on_host(situation)) return {};
  if (installed->find(", ") != std::string::npos || !find_halves(situation).empty()) return {};
  return {{.evidence = fmt::format("Loaded is the kernel module {}, on disk is {}", *kernel, *installed)}};
}

std::vector<Found> find_compat_of_same_branch(const Situation& situation) {
  const DriverFile* libcuda = taken_file(situation, "libcuda");
  if (libcuda == nullptr || libcuda->role != DriverFileRole::compat || !situation.kernel_driver) return {};
  const auto compat =
      libcuda->version.is_known() ? dotted_version_from(value_text(*libcuda->version.value)) : std::nullopt;
  const DottedVersion& kernel = *situation.kernel_driver;
  if (!compat || compat->major() != kernel.major() || *compat <= kernel) return {};
  const auto& files = situation.machine.driver_files;
  const auto own = std::find_if(files.begin(), files.end(), [](const DriverFile& file) {
    return file.library == "libcuda" && file.role == DriverFileRole::driver;
  });
  if (own == files.end()) return {};
  return {{.evidence = fmt::format(
               "The loader takes the compat libcuda {} before the driver's own {}, over the kernel module {}",
               version_words(*libcuda), own->path, kernel_version(situation))}};
}

std::vector<Found> find_wsl_shadowed(const Situation& situation) {
  if (!is_wsl(situation)) return {};
  const DriverFile* libcuda = taken_file(situation, "libcuda");
  if (libcuda == nullptr || libcuda->role != DriverFileRole::driver) return {};
  return {{.evidence = fmt::format("Under WSL the loader takes {}, a driver for Linux", version_words(*libcuda))}};
}

std::vector<Found> find_stub(const Situation& situation) {
  const DriverFile* libcuda = taken_file(situation, "libcuda");
  if (libcuda == nullptr || libcuda->role != DriverFileRole::stub) return {};
  return {{.evidence = fmt::format("The loader takes the stub {} for libcuda.so.1 (found by {})", libcuda->path,
                                   libcuda->found_by)}};
}

std::vector<Found> find_empty_library(const Situation& situation) {
  std::vector<Found> found;
  std::vector<std::string> left;
  std::vector<const Stack*> stacks = {&situation.machine};
  if (&situation.subject != &situation.machine) stacks.push_back(&situation.subject);
  for (const Stack* stack : stacks) {
    for (const DriverFile& file : stack->driver_files) {
      if (file.role != DriverFileRole::empty) continue;
      if (file.loaded_first && stack == &situation.machine) {
        found.push_back({.evidence = fmt::format("The loader takes {}, which has no bytes", file.path)});
      } else {
        left.push_back(file.path);
      }
    }
  }
  if (!left.empty() && found.empty()) {
    found.push_back({.evidence = fmt::format("{} has no bytes", join(left, ", ")), .severity = Severity::note});
  }
  return found;
}

bool has_running_driver(const Situation& situation) {
  return situation.kernel_driver && situation.has_gpu && !is_wsl(situation) && !is_jetson(situation);
}

std::vector<Found> find_no_user_driver(const Situation& situation) {
  if (!has_running_driver(situation) || !is_on_host(situation)) return {};
  if (!is_absent(situation, "driver.user_mode.version")) return {};
  return {{.evidence = fmt::format("The kernel module {} runs, and no libcuda.so.1 is in the library directories",
                                   kernel_version(situation))}};
}

// Distributions that keep the driver outside of the loader's directories give programs a path of their own.
std::vector<Found> find_libcuda_not_searched(const Situation& situation) {
  if (taken_file(situation, "libcuda") != nullptr || is_jetson(situation)) return {};
  std::vector<std::string> places;
  bool special = false;
  for (const DriverFile& file : situation.machine.driver_files) {
    if (file.library != "libcuda" || !is_whole(file)) continue;
    special = special || file.path.starts_with("/run/opengl-driver") || file.path.starts_with("/nix/store");
    places.push_back(file.path);
  }
  if (places.empty() || !situation.has_gpu) return {};
  return {{.evidence = fmt::format("libcuda is there ({}), and the loader does not look there", join(places, ", ")),
           .severity = special ? Severity::note : Severity::error}};
}
}  // namespace

const std::vector<Rule>& driver_rules() {
  static const char* const kHalvesSource =
      "nvidia.ko compares versions when a library opens it (\"API mismatch\"); NVIDIA/nvidia-docker#584, "
      "NVIDIA/libnvidia-container#266";
  static const std::vector<Rule> rules = {
      {"VRV-DRIVER-HALVES",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {"driver.kernel_mode.version"},
       "The kernel module that runs and the driver's libraries are of the same version.",
       "Every CUDA program and NVML fail: \"Driver/library version mismatch\", error 803 or no device at all.",
       "Restart the machine, or stop all users of the GPU and load the module anew (rmmod nvidia_uvm nvidia_drm "
       "nvidia_modeset nvidia; modprobe nvidia)",
       kHalvesSource,
       find_halves},
      {"VRV-DRIVER-API-MISMATCH",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "The kernel module has refused no library since the machine started.",
       "A library of another driver version tried to use the module and was refused; programs that load it see no GPU.",
       "Find the libcuda or libnvidia-ml of the other version (a container, LD_LIBRARY_PATH, an old package) and take "
       "it away",
       kHalvesSource,
       find_logged_mismatch},
      {"VRV-DRIVER-PARTS",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "The driver's libraries are all of one version.",
       "libcuda opens the others by name; with parts of another version compiling PTX or asking for GPUs fails.",
       "Remove the libraries of the other version, or install the driver anew from one source",
       "NVIDIA README, \"Installed Components\": the libraries of one release belong together",
       find_parts},
      {"VRV-DRIVER-MODULE-OUTDATED",
       Layer::kernel_driver,
       Severity::note,
       Mender::platform,
       "user_kernel_mismatch",
       {"driver.kernel_mode.installed"},
       "The kernel module on disk is the one that runs.",
       "After the next start another driver runs, and libraries that were not updated with it no longer fit.",
       "Restart when the libraries on disk are of the same version as the module on disk",
       kHalvesSource,
       find_module_outdated},
      {"VRV-DRIVER-COMPAT-SAME-BRANCH",
       Layer::user_driver,
       Severity::warning,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "A cuda-compat libcuda is taken only over a kernel driver of an older branch.",
       "The package is not made for its own branch: the driver answers error 803 (system driver mismatch) on machines "
       "whose "
       "own libcuda would work.",
       "Take the compat directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d and run ldconfig, or put the driver's "
       "directory first",
       "CUDA Compatibility, forward compatibility table; NVIDIA/nvidia-container-toolkit#1679",
       find_compat_of_same_branch},
      {"VRV-DRIVER-WSL-SHADOWED",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "Under WSL libcuda is the one that Windows brings (/usr/lib/wsl/lib).",
       "A Linux driver has no kernel module to talk to there: no device is found.",
       "Remove the Linux driver's packages inside of WSL, and keep /usr/lib/wsl/lib first "
       "(/etc/ld.so.conf.d/ld.wsl.conf, ldconfig)",
       "NVIDIA CUDA on WSL User Guide: do not install a Linux display driver in WSL",
       find_wsl_shadowed},
      {"VRV-DRIVER-STUB",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "libcuda.so.1 is a driver and not a toolkit's stub.",
       "The stub is only there to link against; every call answers error 34 (CUDA_ERROR_STUB_LIBRARY).",
       "Take the stubs directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d, and run ldconfig",
       "cuda.h: CUDA_ERROR_STUB_LIBRARY",
       find_stub},
      {"VRV-DRIVER-EMPTY-LIBRARY",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "container",
       {},
       "No library of the driver is a file without bytes.",
       "docker commit and some builders keep the mount points of the driver's files in an image; where the loader "
       "takes one, "
       "it stops with \"file too short\".",
       "Remove the empty files from the image, and build it without a GPU attached",
       "NVIDIA/nvidia-docker, questions about committed images",
       find_empty_library},
      {"VRV-DRIVER-NO-USER-DRIVER",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "Where the kernel module runs, libcuda is installed too.",
       "The GPU works for the kernel and for nobody else: programs say that no driver is found.",
       "Install the compute libraries of the same version (libnvidia-compute-BRANCH, nvidia-driver-cuda-libs, "
       "libcuda1)",
       "NVIDIA driver installation guide: compute-only and desktop-only packages",
       find_no_user_driver},
      {"VRV-DRIVER-LIBCUDA-NOT-SEARCHED",
       Layer::user_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "The directory of libcuda is one that the loader searches.",
       "Programs that open libcuda.so.1 by its name do not find it and say that there is no driver.",
       "Add its directory to /etc/ld.so.conf.d and run ldconfig, or put it into LD_LIBRARY_PATH",
       "ld.so(8)",
       find_libcuda_not_searched},
      {"VRV-DRIVER-KERNEL-UPDATED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "user_kernel_mismatch",
       {"driver.kernel_mode.version"},
       "The kernel that runs has an NVIDIA module.",
       "The module cannot be loaded into this kernel: there is no driver until another kernel runs or the module is "
       "built for "
       "this one.",
       "Restart the machine into the kernel that is installed",
       "depmod(8): modules belong to one kernel release",
       find_kernel_updated},
      {"VRV-DRIVER-NEXT-KERNEL",
       Layer::kernel_driver,
       Severity::note,
       Mender::platform,
       "user_kernel_mismatch",
       {},
       "Every newer kernel that is installed has an NVIDIA module too.",
       "After the next start there is no driver.",
       "Build the module for it (dkms autoinstall) before the restart",
       "depmod(8)",
       find_next_kernel_without_module},
      {"VRV-DRIVER-MODULE-UNSIGNED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {"driver.kernel_mode.version"},
       "Under Secure Boot the kernel module is signed by a key that the firmware or MOK list holds.",
       "The kernel refuses to load the module: there is no driver.",
       "Enroll the key that signs the module (mokutil --import), install a signed module, or turn Secure Boot off",
       "Linux Documentation/admin-guide/module-signing.rst",
       find_module_unsigned},
      {"VRV-DRIVER-MODULE-BLOCKED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {"driver.kernel_mode.version"},
       "No configuration keeps the NVIDIA module from loading where a GPU waits for it.",
       "The module is not loaded at start: there is no driver.",
       "Remove the line (prime-select nvidia, or the file in /etc/modprobe.d), run update-initramfs, restart",
       "modprobe.d(5)",
       find_module_blocked},
      {"VRV-DRIVER-MODULE-NOT-LOADED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {"driver.kernel_mode.version"},
       "The NVIDIA module that is installed is loaded.",
       "There is no driver until it is.",
       "Run modprobe nvidia and look into dmesg for why it is not loaded at start",
       "modprobe(8)",
       find_module_not_loaded},
      {"VRV-DRIVER-NONE",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {"driver.kernel_mode.version"},
       "Where an NVIDIA GPU is, a driver is installed.",
       "Nothing can use the GPU: frameworks fall back to the CPU or say that no driver is found.",
       "Install the driver of a branch that knows the GPU",
       "NVIDIA driver installation guide",
       find_no_driver},
      {"VRV-DRIVER-OPEN-NEEDED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {},
       "GPUs from Blackwell on are driven by the open kernel modules.",
       "The proprietary module does not take the GPU: it is on the bus and no device appears.",
       "Install the open flavour of the same version (nvidia-driver-BRANCH-open, nvidia-open)",
       "NVIDIA README, \"Open Linux Kernel Modules\"; data/gpu_architectures.json",
       find_open_module_needed},
      {"VRV-DRIVER-OPEN-REFUSED",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       "device_handshake",
       {},
       "GPUs before Turing are driven by the proprietary kernel module.",
       "The open modules need a GPU with a system processor (GSP): they do not take the GPU.",
       "Install the proprietary flavour of the same version",
       "NVIDIA README, \"Open Linux Kernel Modules\"; "
       "data/gpu_architectures.json",
       find_open_module_refused},
  };
  return rules;
}

}  // namespace varve
