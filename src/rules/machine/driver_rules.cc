// The two halves of the driver by themselves: the kernel module, the user libraries, and whether they belong together.
#include <fmt/format.h>

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/driver_in_text.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
constexpr const char* kHalvesSource =
    "nvidia.ko compares versions when a library opens it (\"API mismatch\"); NVIDIA/nvidia-docker#584, "
    "NVIDIA/libnvidia-container#266";

const DriverFile* taken_file(const Analysis& analysis, std::string_view library) {
  for (const DriverFile& file : analysis.machine.driver_files) {
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

// What a list of packages or a link shows of libcuda, beside what the kernel says of its module.
std::vector<Found> find_halves_in_text(const Analysis& analysis) {
  const auto kernel = text_of(analysis, "driver.kernel_mode.version");
  const Fact& user = fact_of(analysis, "driver.user_mode.version");
  if (!kernel || !user.is_known() || user_driver_role(analysis) != DriverFileRole::driver) return {};
  const std::string libraries = value_text(*user.value);
  if (libraries == *kernel || is_wsl(analysis) || is_jetson(analysis)) return {};
  return {{.evidence =
               fmt::format("The kernel module that runs is {}, libcuda is {} ({})", *kernel, libraries, user.source)}};
}

std::vector<Found> find_halves(const Analysis& analysis) {
  if (is_a_text(analysis)) return find_halves_in_text(analysis);
  const auto kernel = text_of(analysis, "driver.kernel_mode.version");
  const DriverFile* libcuda = taken_file(analysis, "libcuda");
  const DriverFile* management = taken_file(analysis, "libnvidia-ml");
  const auto user = own_version(libcuda), second = own_version(management);
  if (!kernel || is_wsl(analysis) || is_jetson(analysis)) return {};
  const bool libcuda_differs = user && *user != *kernel, management_differs = second && *second != *kernel;
  if (!libcuda_differs && !management_differs) return {};
  std::string evidence = fmt::format("The kernel module that runs is {}", *kernel);
  if (libcuda_differs) evidence += ", libcuda is " + version_words(*libcuda);
  if (management_differs) evidence += ", libnvidia-ml is " + version_words(*management);
  const auto installed = text_of(analysis, "driver.kernel_mode.installed");
  Found found{.evidence = std::move(evidence)};
  const std::string libraries = libcuda_differs ? *user : *second;
  if (is_in_container(analysis)) {
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

std::vector<Found> find_logged_mismatch(const Analysis& analysis) {
  const std::vector<std::string> said = rows_with(analysis, "kernel.log.nvidia", "API mismatch");
  if (said.empty() || text_of(analysis, "driver.halves") == "same version") return {};
  return {{.evidence = "The kernel's log: " + join(said, ", ")}};
}

std::vector<Found> find_parts(const Analysis& analysis) {
  const DriverFile* libcuda = taken_file(analysis, "libcuda");
  const auto user = own_version(libcuda);
  if (!user || is_jetson(analysis)) return {};
  const auto kernel = text_of(analysis, "driver.kernel_mode.version");
  for (const char* name : {"libnvidia-ml", "libnvidia-ptxjitcompiler", "libnvidia-nvvm"}) {
    const DriverFile* other = taken_file(analysis, name);
    const auto version = own_version(other);
    if (!version || *version == *user) continue;
    if (kernel && *kernel != *version && name == std::string_view("libnvidia-ml")) continue;  // said by find_halves
    return {{.evidence = fmt::format("libcuda is {}, {} is {}", version_words(*libcuda), name, version_words(*other))}};
  }
  return {};
}

std::vector<Found> find_module_outdated(const Analysis& analysis) {
  const auto kernel = text_of(analysis, "driver.kernel_mode.version");
  const auto installed = text_of(analysis, "driver.kernel_mode.installed");
  if (!kernel || !installed || *kernel == *installed || !is_on_host(analysis)) return {};
  if (installed->find(", ") != std::string::npos) return {};
  return {{.evidence = fmt::format("Loaded is the kernel module {}, on disk is {}", *kernel, *installed)}};
}

std::vector<Found> find_compat_of_same_branch(const Analysis& analysis) {
  const DriverFile* libcuda = taken_file(analysis, "libcuda");
  if (libcuda == nullptr || libcuda->role != DriverFileRole::compat || !analysis.kernel_driver) return {};
  const auto compat =
      libcuda->version.is_known() ? dotted_version_from(value_text(*libcuda->version.value)) : std::nullopt;
  const DottedVersion& kernel = *analysis.kernel_driver;
  if (!compat || compat->major() != kernel.major() || *compat <= kernel) return {};
  const auto& files = analysis.machine.driver_files;
  const auto own = std::find_if(files.begin(), files.end(), [](const DriverFile& file) {
    return file.library == "libcuda" && file.role == DriverFileRole::driver;
  });
  if (own == files.end()) return {};
  return {{.evidence = fmt::format(
               "The loader takes the compat libcuda {} before the driver's own {}, over the kernel module {}",
               version_words(*libcuda), own->path, kernel_version(analysis))}};
}

std::vector<Found> find_wsl_shadowed(const Analysis& analysis) {
  if (!is_wsl(analysis)) return {};
  if (std::vector<Found> found = linux_driver_under_wsl(analysis); !found.empty()) return found;
  const DriverFile* libcuda = taken_file(analysis, "libcuda");
  if (libcuda == nullptr || libcuda->role != DriverFileRole::driver) return {};
  return {{.evidence = fmt::format("Under WSL the loader takes {}, a driver for Linux", version_words(*libcuda))}};
}

std::vector<Found> find_old_wsl_kernel(const Analysis& analysis) {
  const DottedVersion first{.parts = {5, 10, 43, 3}};
  const auto release = text_of(analysis, "os.kernel.release");
  const auto version = release ? dotted_version_from(*release) : std::nullopt;
  if (!is_wsl(analysis) || !version || *version >= first) return {};
  return {{.evidence = fmt::format("The kernel of WSL is {}, older than {}", *release, to_string(first))}};
}

// A program that opens libcuda.so, not libcuda.so.1, may be given another file: only stubs have that name everywhere.
std::vector<Found> find_stub_by_link_name(const Analysis& analysis) {
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    for (const ConsumedLibrary& library : consumer.consumer.libraries) {
      if (library.name != "libcuda.so" || library.path.find("/stubs/") == std::string::npos) continue;
      return {{.evidence = fmt::format("{} asks for libcuda.so and is given the stub {} (found by {})",
                                       library.asked_by.empty() ? consumer.consumer.name : library.asked_by,
                                       library.path, library.why)}};
    }
  }
  return {};
}

std::vector<Found> find_stub(const Analysis& analysis) {
  const DriverFile* of_image = stub_of_image(analysis);
  const DriverFile* libcuda = of_image == nullptr ? taken_file(analysis, "libcuda") : of_image;
  if (libcuda == nullptr || libcuda->role != DriverFileRole::stub) return find_stub_by_link_name(analysis);
  return {{.evidence = fmt::format("The loader takes the stub {} for libcuda.so.1 (found by {})", libcuda->path,
                                   libcuda->found_by)}};
}

std::vector<Found> find_empty_library(const Analysis& analysis) {
  std::vector<Found> found;
  std::vector<std::string> left;
  std::vector<const Stack*> stacks = {&analysis.machine};
  if (&analysis.subject != &analysis.machine) stacks.push_back(&analysis.subject);
  for (const Stack* stack : stacks) {
    for (const DriverFile& file : stack->driver_files) {
      if (file.role != DriverFileRole::empty) continue;
      if (file.loaded_first && stack == &analysis.machine) {
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

bool has_running_driver(const Analysis& analysis) {
  return analysis.kernel_driver && analysis.has_gpu && !is_wsl(analysis) && !is_jetson(analysis);
}

std::vector<Found> find_no_user_driver(const Analysis& analysis) {
  if (!has_running_driver(analysis) || !(is_on_host(analysis) || (is_a_text(analysis) && !is_in_container(analysis))))
    return {};
  const Fact& user = fact_of(analysis, "driver.user_mode.version");
  if (!is_absent(analysis, "driver.user_mode.version")) return {};
  if (is_a_text(analysis)) {
    return {{.evidence = fmt::format("The kernel module {} runs, and {}", kernel_version(analysis), user.detail)}};
  }
  return {{.evidence = fmt::format("The kernel module {} runs, and no libcuda.so.1 is in the library directories",
                                   kernel_version(analysis))}};
}

// Distributions that keep the driver outside of the loader's directories give programs a path of their own.
std::vector<Found> find_libcuda_not_searched(const Analysis& analysis) {
  if (taken_file(analysis, "libcuda") != nullptr || is_jetson(analysis)) return {};
  std::vector<std::string> places;
  bool special = false;
  for (const DriverFile& file : analysis.machine.driver_files) {
    if (file.library != "libcuda" || !is_whole(file)) continue;
    special = special || file.path.starts_with("/run/opengl-driver") || file.path.starts_with("/nix/store");
    places.push_back(file.path);
  }
  if (places.empty() || !analysis.has_gpu) return {};
  return {{.evidence = fmt::format("libcuda is there ({}), and the loader does not look there", join(places, ", ")),
           .severity = special ? Severity::note : Severity::error}};
}

// A copy under a name of its own, as tools that gather a wheel's libraries make it, stands beside the driver's libcuda
// in one process: the runtime opens the one, the package calls the other.
std::vector<Found> find_copy_in_package(const Analysis& analysis) {
  std::vector<Found> found;
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    for (const LibraryView& library : consumer.libraries) {
      const std::string& path = library.loaded->path;
      const bool is_copy = library.binary != nullptr && !library.binary->package.empty() &&
                           split_library_file_name(path).stem == "libcuda" &&
                           !file_name(path).starts_with("libcuda.so") && library.loaded->kind == DependencyKind::needed;
      if (!is_copy || analysis.has_no_gpu) continue;
      found.push_back(
          {.evidence = fmt::format("{} loads {} of {}", consumer.consumer.name, path, library.binary->package)});
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& driver_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-DRIVER-HALVES",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .needs = {"driver.kernel_mode.version"},
       .statement = "The kernel module that runs and the driver's libraries are of the same version.",
       .consequence =
           "Every CUDA program and NVML fail: \"Driver/library version mismatch\", error 803 or no device at all.",
       .fix = "Restart the machine, or stop all users of the GPU and load the module anew (rmmod nvidia_uvm nvidia_drm "
              "nvidia_modeset nvidia; modprobe nvidia)",
       .source = kHalvesSource,
       .judge = find_halves},
      {.id = "VRV-DRIVER-API-MISMATCH",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .yields_to = {"VRV-DRIVER-HALVES"},
       .statement = "The kernel module has refused no library since the machine started.",
       .consequence = "A library of another driver version tried to use the module and was refused; programs that load "
                      "it see no GPU.",
       .fix = "Find the libcuda or libnvidia-ml of the other version (a container, LD_LIBRARY_PATH, an old package) "
              "and take it away",
       .source = kHalvesSource,
       .judge = find_logged_mismatch},
      {.id = "VRV-DRIVER-PARTS",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "The driver's libraries are all of one version.",
       .consequence =
           "libcuda opens the others by name; with parts of another version compiling PTX or asking for GPUs fails.",
       .fix = "Remove the libraries of the other version, or install the driver anew from one source",
       .source = "NVIDIA README, \"Installed Components\": the libraries of one release belong together",
       .judge = find_parts},
      {.id = "VRV-DRIVER-COPY",
       .layer = Layer::user_driver,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "No package loads a copy of libcuda that it brings itself.",
       .consequence = "The copy goes with one version of the kernel module alone: what the package calls of it answers "
                      "error 803 (system driver mismatch) on any other. What goes through the runtime does not.",
       .fix = "Install a build of the package without it, or put a link to the driver's libcuda.so.1 in its place",
       .source =
           "nvidia.ko compares versions when a library opens it; ezkl-gpu 16.1.0, whose ezkl.libs holds libcuda 450",
       .judge = find_copy_in_package},
      {.id = "VRV-DRIVER-MODULE-OUTDATED",
       .layer = Layer::kernel_driver,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .needs = {"driver.kernel_mode.installed"},
       .yields_to = {"VRV-DRIVER-HALVES"},
       .statement = "The kernel module on disk is the one that runs.",
       .consequence =
           "After the next start another driver runs, and libraries that were not updated with it no longer fit.",
       .fix = "Restart when the libraries on disk are of the same version as the module on disk",
       .source = kHalvesSource,
       .judge = find_module_outdated},
      {.id = "VRV-DRIVER-COMPAT-SAME-BRANCH",
       .layer = Layer::user_driver,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "A cuda-compat libcuda is taken only over a kernel driver of an older branch.",
       .consequence = "The package is not made for its own branch: the driver answers error 803 (system driver "
                      "mismatch) on machines whose own libcuda would work.",
       .fix = "Take the compat directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d and run ldconfig, or put the "
              "driver's directory first",
       .source = "CUDA Compatibility, forward compatibility table; NVIDIA/nvidia-container-toolkit#1679",
       .judge = find_compat_of_same_branch},
      {.id = "VRV-DRIVER-COMPAT-PATH",
       .layer = Layer::user_driver,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .yields_to = {"VRV-FORWARD-GPU-CLASS"},
       .statement = "LD_LIBRARY_PATH leads to no cuda-compat libcuda on GeForce GPUs.",
       .consequence = "Its libcuda answers error 804 (forward compatibility was attempted on non supported HW), or 803 "
                      "where the kernel driver is newer; the driver's own may serve.",
       .fix = "Take the compat directory out of LD_LIBRARY_PATH, and update the driver where it is too old",
       .source = "CUDA Compatibility, Forward Compatibility: data-centre GPUs; QuipNetwork/quip-miner#24",
       .judge = compat_path_on_other_gpus},
      {.id = "VRV-DRIVER-WSL-SHADOWED",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "Under WSL libcuda is the one that Windows brings (/usr/lib/wsl/lib).",
       .consequence = "A Linux driver has no kernel module to talk to there: no device is found.",
       .fix = "Remove the Linux driver's packages inside of WSL, and keep /usr/lib/wsl/lib first "
              "(/etc/ld.so.conf.d/ld.wsl.conf, ldconfig)",
       .source = "NVIDIA CUDA on WSL User Guide: do not install a Linux display driver in WSL",
       .judge = find_wsl_shadowed},
      {.id = "VRV-DRIVER-WSL-KERNEL",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"os.kernel.release"},
       .statement = "The kernel of WSL is one that gives programs the GPU: 5.10.43.3 or newer.",
       .consequence = "CUDA programs find no device, although the driver of Windows is there.",
       .fix = "Run wsl --update in Windows, then wsl --shutdown",
       .source = "Microsoft, GPU accelerated machine learning training in WSL: prerequisites",
       .judge = find_old_wsl_kernel},
      {.id = "VRV-DRIVER-STUB",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "libcuda.so.1, or libcuda.so, is a driver and not a toolkit's stub.",
       .consequence = "The stub is only there to link against; every call answers error 34 (CUDA_ERROR_STUB_LIBRARY).",
       .fix = "Take the stubs directory out of LD_LIBRARY_PATH and /etc/ld.so.conf.d, and run ldconfig",
       .source = "cuda.h: CUDA_ERROR_STUB_LIBRARY",
       .judge = find_stub},
      {.id = "VRV-DRIVER-EMPTY-LIBRARY",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "No library of the driver is a file without bytes.",
       .consequence = "docker commit and some builders keep the mount points of the driver's files in an image; where "
                      "the loader takes one, it stops with \"file too short\".",
       .fix = "Remove the empty files from the image, and build it without a GPU attached",
       .source = "NVIDIA/nvidia-docker, questions about committed images",
       .judge = find_empty_library},
      {.id = "VRV-DRIVER-NO-USER-DRIVER",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "Where the kernel module runs, libcuda is installed too.",
       .consequence = "The GPU works for the kernel and for nobody else: programs say that no driver is found.",
       .fix = "Install the compute libraries of the same version (libnvidia-compute-BRANCH, nvidia-driver-cuda-libs, "
              "libcuda1)",
       .source = "NVIDIA driver installation guide: compute-only and desktop-only packages",
       .judge = find_no_user_driver},
      {.id = "VRV-DRIVER-LIBCUDA-NOT-SEARCHED",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "The directory of libcuda is one that the loader searches.",
       .consequence = "Programs that open libcuda.so.1 by its name do not find it and say that there is no driver.",
       .fix = "Add its directory to /etc/ld.so.conf.d and run ldconfig, or put it into LD_LIBRARY_PATH",
       .source = "ld.so(8)",
       .judge = find_libcuda_not_searched},
  };
  return rules;
}

}  // namespace varve
