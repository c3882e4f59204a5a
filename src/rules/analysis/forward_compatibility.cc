// Whether a cuda-compat libcuda may stand over a kernel driver.
#include <fmt/format.h>

#include <set>

#include "rules/analysis/driver_regime.h"
#include "rules/situation/gpu_class.h"

namespace varve {

namespace {
ForwardVerdict untold(std::string detail) { return {ForwardState::untold, std::move(detail)}; }

// The kernel driver branches that the packages of this release are made for, whatever the brand: the class of the GPU
// is judged before.
std::set<int> branches_of(const Knowledge& knowledge, const DottedVersion& level) {
  std::set<int> branches;
  for (const CompatPackage& package : knowledge.compat_packages) {
    const auto cuda = dotted_version_from(package.cuda);
    if (!cuda || cuda->major() != level.major() || cuda->minor() != level.minor()) continue;
    branches.insert(package.branches.begin(), package.branches.end());
  }
  return branches;
}

// The class of GPU decides first: a GeForce is refused whatever the drivers are.
std::optional<ForwardVerdict> judge_class(const Situation& situation) {
  if (situation.gpus.empty()) return untold("the GPUs are not known, and only some may use it");
  for (const Gpu& gpu : situation.gpus) {
    const std::string name = gpu.model.empty() ? "this GPU" : gpu.model;
    switch (gpu_class(gpu)) {
      case GpuClass::data_center:
      case GpuClass::embedded:
        break;
      case GpuClass::consumer:
        return ForwardVerdict{ForwardState::refused_class,
                              fmt::format("forward compatibility is for data-centre GPUs and {} is none", name)};
      case GpuClass::professional:
        return untold(
            fmt::format("of professional GPUs only some may use forward compatibility, and whether {} may is "
                        "not in the tables",
                        name));
      case GpuClass::unknown:
        return untold(fmt::format("the class of {} is not known, and only data-centre GPUs may use it", name));
    }
  }
  return std::nullopt;
}

std::string branches_text(const std::set<int>& branches) {
  std::string text;
  for (const int branch : branches) text += (text.empty() ? "" : ", ") + std::to_string(branch);
  return text;
}
}  // namespace

ForwardVerdict judge_forward(const Situation& situation, const std::string& version,
                             const std::optional<DottedVersion>& level) {
  if (!situation.kernel_driver) {
    return untold("driver.kernel_mode.version is " + fact_text(fact_of(situation, "driver.kernel_mode.version")));
  }
  const DottedVersion& kernel = *situation.kernel_driver;
  const std::optional<DottedVersion> compat = dotted_version_from(version);
  if (!compat) return untold("the version of the compat libcuda is not known");
  const std::string both = fmt::format("compat libcuda {} over the kernel driver {}", version,
                                       text_of(situation, "driver.kernel_mode.version").value_or(to_string(kernel)));
  if (*compat == kernel) return {ForwardState::not_needed, both + ": the same version"};
  if (*compat < kernel) return {ForwardState::older, both + ": older than what it stands on"};
  if (const auto by_class = judge_class(situation)) {
    return {by_class->state, both + ": " + by_class->detail};
  }
  if (compat->major() == kernel.major()) return {ForwardState::eligible, both + ": a newer release of the same branch"};
  const Knowledge& knowledge = situation.knowledge;
  const std::set<int> branches = level ? branches_of(knowledge, *level) : std::set<int>{};
  if (branches.empty()) {
    const bool newer = level && is_newer_cuda(knowledge, *level);
    return untold(both + ": " +
                  (newer ? "newer than the data of " + knowledge.date
                         : "which branches it was made for is not in the data of " + knowledge.date));
  }
  const std::string cuda = to_string(*level);
  const DriverBranch* row = branch_of(knowledge, kernel);
  const int branch = row == nullptr ? kernel.major() : row->branch;
  if (!branches.contains(branch)) {
    return {ForwardState::refused_branch, fmt::format("{}: the package for CUDA {} is made for the branches {}, not {}",
                                                      both, cuda, branches_text(branches), branch)};
  }
  return {ForwardState::eligible,
          fmt::format("{}: branch {} is among those of the package for CUDA {}", both, branch, cuda)};
}

ForwardVerdict judge_forward(const Situation& situation, const ServingDriver& driver) {
  if (driver.presence != DriverPresence::there || !driver.compat) return {};
  return judge_forward(situation, driver.version_text, driver.api_level);
}

}  // namespace varve
