#include "rules/machine/driver_in_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "rules/machine/machine_view.h"
#include "rules/situation/gpu_class.h"

namespace varve {

namespace {
// "/usr/local/cuda/compat", "/usr/local/cuda-12.4/compat/". NVIDIA's own images name compat/lib, a link that they make
// only where it serves.
bool is_compat_folder(std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return folder.find("/cuda") != std::string_view::npos && folder.ends_with("/compat");
}

// Some professional GPUs are.
bool may_be_served(const Gpu& gpu) { return gpu_class(gpu) != GpuClass::consumer; }
}  // namespace

std::vector<Found> linux_driver_under_wsl(const Analysis& analysis) {
  if (!is_wsl(analysis) || !is_a_text(analysis)) return {};
  constexpr std::array<std::string_view, 5> kDrivers = {" libnvidia-compute-", " nvidia-driver-", " nvidia-dkms-",
                                                        " cuda-drivers", " nvidia-utils-"};
  std::vector<std::string> packages;
  for (const std::string& row : list_of(analysis, "os.gpu_packages")) {
    const bool is_driver = std::any_of(kDrivers.begin(), kDrivers.end(),
                                       [&](std::string_view name) { return row.find(name) != std::string::npos; });
    if (is_driver) packages.push_back(row.substr(row.find(' ') + 1));
  }
  if (packages.empty()) return {};
  return {{.evidence = fmt::format("Under WSL a driver for Linux is installed: {}", join(packages, ", ")),
           .severity = Severity::warning}};
}

std::vector<Found> compat_path_on_other_gpus(const Analysis& analysis) {
  const auto path = setting_of(analysis, "LD_LIBRARY_PATH");
  if (!path || !is_a_text(analysis) || analysis.gpus.empty() || is_jetson(analysis)) return {};
  if (std::any_of(analysis.gpus.begin(), analysis.gpus.end(), may_be_served)) return {};
  for (const std::string_view folder : split(*path, ':')) {
    if (!is_compat_folder(folder)) continue;
    return {{.evidence = fmt::format("LD_LIBRARY_PATH names {}, whose libcuda is taken before the driver's own, and "
                                     "the GPU is {}",
                                     folder, analysis.gpus.front().model)}};
  }
  return {};
}

}  // namespace varve
