#include <algorithm>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kModule = "/sys/module/nvidia/version";
constexpr const char* kProc = "/proc/driver/nvidia/version";
constexpr const char* kParams = "/proc/driver/nvidia/params";
constexpr const char* kModules[] = {"nvidia",    "nvidia_uvm", "nvidia_modeset", "nvidia_drm", "nvidia_peermem",
                                    "nvidia_fs", "gdrdrv",     "nouveau",        "amdgpu"};

bool is_version(std::string_view word) {
  const auto part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return word.find('.') != std::string_view::npos && std::all_of(word.begin(), word.end(), part);
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.06  Wed Jun 26 …" or, from the open modules,
// "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@…)  Tue …".
// The fields are parted by two blanks on most machines, so the first word that is a version is taken.
std::optional<std::string> version_of_line(std::string_view line) {
  for (const std::string_view word : split_words(line)) {
    if (is_version(word)) return clean_utf8(word, 64);
  }
  return std::nullopt;
}

Fact kernel_version_fact(const Files& files, const Looked<std::string>& line) {
  const Looked<std::string> module = read_value(files, kModule);
  if (module) return known_fact(*module, kModule);
  if (!line) {
    const bool nobody_looked = line.failure == LookFailure::absent && module.failure != LookFailure::absent;
    return nobody_looked ? missing_because(module, kModule)
                         : missing_because(line, kProc, "no NVIDIA kernel module is loaded");
  }
  const std::optional<std::string> version = version_of_line(*line);
  return version ? known_fact(*version, kProc)
                 : missing_fact(Missing::unreadable, kProc, "no version in its first line");
}

Fact flavour_fact(const Looked<std::string>& line) {
  if (!line)
    return missing_because(line, kProc, "no NVIDIA kernel module is loaded, or it is hidden from this container");
  return known_fact(line->find("Open Kernel Module") != std::string::npos ? "open" : "proprietary", kProc);
}

// Those that change what runs or how fast; others name devices, users or folders. nv-reg.h of open-gpu-kernel-modules.
constexpr std::string_view kParameters[] = {"EnableGpuFirmware",
                                            "EnableResizableBar",
                                            "EnablePCIERelaxedOrderingMode",
                                            "EnablePCIeGen3",
                                            "EnableStreamMemOPs",
                                            "EnableUserNUMAManagement",
                                            "InitializeSystemMemoryAllocations",
                                            "OpenRmEnableUnsupportedGpus",
                                            "PreserveVideoMemoryAllocations",
                                            "RestrictProfilingToAdminUsers",
                                            "RmProfilingAdminOnly",
                                            "CoherentGPUMemoryMode"};

// "EnableGpuFirmware: 18" a line; strings stand in quotes.
Fact parameters_fact(const Files& files) {
  const Looked<std::string> text = files.read(kParams, std::size_t{64} << 10);
  if (!text) return missing_because(text, kParams, "no NVIDIA kernel module is loaded");
  std::vector<std::string> parameters;
  for (const std::string_view name : kParameters) {
    const std::optional<std::string_view> value = find_field(*text, name);
    if (value) parameters.push_back(std::string(name) + "=" + clean_utf8(*value, 64));
  }
  return parameters.empty() ? missing_fact(Missing::absent, kParams, "none of those that change what runs")
                            : known_fact(std::move(parameters), kParams);
}

// Looked at, never opened: opening one may wake a GPU. In a snapshot a regular file stands for a node.
Fact nodes_fact(const Subject& subject) {
  const Files& files = subject.world.files;
  const Looked<std::vector<std::string>> names = files.list("/dev");
  if (!names) {
    const bool left_out = subject.is_snapshot && names.failure == LookFailure::absent;
    return left_out ? missing_fact(Missing::not_asked, "/dev", "the snapshot has no /dev")
                    : missing_because(names, "/dev");
  }
  std::vector<std::string> nodes;
  for (const std::string& name : *names) {
    const bool one = name.starts_with("nvidia") || name == "dxg" || name == "nvmap" || name == "nvhost-gpu";
    if (!one) continue;
    const Looked<FileKind> kind = files.kind("/dev/" + name);
    const bool node = kind && (*kind == FileKind::device || (subject.is_snapshot && *kind == FileKind::regular));
    if (node) nodes.push_back(clean_utf8(name, 64));
  }
  return nodes.empty() ? missing_fact(Missing::absent, "/dev/nvidia*", "no device node of a GPU")
                       : known_fact(std::move(nodes), "/dev/nvidia*");
}

// The helper, setuid root, that libcuda calls to load modules and to make device nodes: nvidia-modprobe(1).
Fact loader_fact(const Files& files) {
  constexpr const char* kHelper = "/usr/bin/nvidia-modprobe";
  return files.exists(kHelper) ? known_fact(kHelper, kHelper) : missing_fact(Missing::absent, kHelper, "not installed");
}

// NVSwitch machines need a fabric manager of the very version of the driver.
Fact fabric_fact(const Files& files) {
  for (const char* path : {"/usr/bin/nv-fabricmanager", "/usr/local/bin/nv-fabricmanager"}) {
    if (files.exists(path)) return known_fact("installed", path);
  }
  return missing_fact(Missing::absent, "/usr/bin/nv-fabricmanager", "no fabric manager is installed");
}

// systemd gives a running service a control group; the daemon leaves its number where its unit says.
Fact fabric_state(const Files& files) {
  constexpr const char* kUnit = "/system.slice/nvidia-fabricmanager.service";
  for (const std::string mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}) {
    if (files.exists(mount + kUnit)) return known_fact("running", mount + kUnit);
  }
  if (!files.exists("/sys/fs/cgroup/system.slice") && !files.exists("/sys/fs/cgroup/systemd/system.slice")) {
    return missing_fact(Missing::unsupported, "/sys/fs/cgroup/system.slice", "no services can be seen from here");
  }
  constexpr const char* kNumbers[] = {"/run/nvidia-fabricmanager/nv-fabricmanager.pid", "/run/nvidia-fabricmanager.pid",
                                      "/var/run/nvidia-fabricmanager/nv-fabricmanager.pid"};
  for (const char* path : kNumbers) {
    const Looked<std::string> number = read_value(files, path);
    if (number && files.exists("/proc/" + *number)) return known_fact("running", path);
  }
  return missing_fact(Missing::absent, std::string("/sys/fs/cgroup") + kUnit, "it does not run");
}
}  // namespace

void collect_gpu_driver(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  std::vector<std::string> modules;
  for (const char* module : kModules) {
    if (files.exists(std::string("/sys/module/") + module)) modules.emplace_back(module);
  }
  Looked<std::string> line = files.read(kProc, std::size_t{64} << 10);
  if (line) line->resize(std::min(line->find('\n'), line->size()));
  facts["driver.kernel_mode.version"] = kernel_version_fact(files, line);
  facts["driver.kernel_mode.flavour"] = flavour_fact(line);
  const Missing none = files.exists("/sys/module") ? Missing::absent : Missing::unsupported;
  facts["driver.kernel_mode.modules"] =
      modules.empty()
          ? missing_fact(none, "/sys/module", none == Missing::absent ? "none is loaded" : "it is not shown here")
          : known_fact(std::move(modules), "/sys/module");
  facts["driver.kernel_mode.parameters"] = parameters_fact(files);
  facts["driver.device_nodes"] = nodes_fact(subject);
  facts["driver.module_loader"] = loader_fact(files);
  facts["driver.fabric_manager"] = fabric_fact(files);
  facts["driver.fabric_manager.state"] = fabric_state(files);
  if (!has_no_gpu(facts)) return;
  for (const char* id : {"driver.kernel_mode.version", "driver.kernel_mode.flavour", "driver.kernel_mode.modules",
                         "driver.kernel_mode.parameters", "driver.device_nodes", "driver.fabric_manager",
                         "driver.fabric_manager.state", "driver.module_loader"}) {
    Fact& fact = facts[id];
    if (!fact.is_known()) fact = missing_fact(Missing::not_applicable, fact.source, "no GPU");
  }
}

}  // namespace varve
