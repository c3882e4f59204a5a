// What fits a machine as it is: toolkit, builds of frameworks, images, and how old its driver is.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/advice/advice_parts.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
using MachineLines = std::vector<std::string>;

// The newest releases of CUDA for the machine; nullptr: none.
struct NewestReleases {
  const CudaRelease* in_full = nullptr;    // the driver offers all of it
  const CudaRelease* by_minor = nullptr;   // newer, by minor-version compatibility
  const CudaRelease* image = nullptr;      // in full, with an image that is known
  const CudaRelease* by_compat = nullptr;  // newer, with an image that brings cuda-compat
};

NewestReleases newest_releases(const AdviceTarget& target) {
  const Knowledge& knowledge = target.situation->knowledge;
  NewestReleases newest;
  for (const CudaRelease& release : knowledge.cuda_releases) {
    const auto cuda = dotted_version_from(release.cuda);
    if (!cuda || release.targets.empty() || !compiles_for(knowledge, release, target.gpus)) continue;
    const RegimeVerdict verdict = judge_regime(*target.situation, target.driver, *cuda);
    const bool runs = verdict.state == CheckState::ok;
    if (runs && verdict.regime != Regime::minor_version) {
      newest.in_full = &release;
      if (!release.image.empty()) newest.image = &release;
    } else if (runs) {
      newest.by_minor = &release;
    }
    if (!release.image.empty() && may_use_compat(target, release)) newest.by_compat = &release;
  }
  return newest;
}

std::string gpus_text(const std::vector<ComputeCapability>& gpus) {
  std::vector<std::string> texts;
  for (const ComputeCapability gpu : gpus) texts.push_back(to_string(gpu));
  return texts.empty() ? "" : " and compiles for " + join(texts, ", ");
}

void advise_toolkit(const AdviceTarget& target, const NewestReleases& newest, MachineLines& lines) {
  if (newest.in_full == nullptr && newest.by_minor == nullptr) {
    lines.push_back(fmt::format("Toolkit: no release of CUDA in the data of {} fits {}{}.",
                                target.situation->knowledge.date, driver_words(target.driver),
                                target.gpus.empty() ? "" : " and these GPUs together"));
    return;
  }
  std::string line = "Toolkit: ";
  if (newest.in_full != nullptr) {
    line += fmt::format("CUDA {} is the newest that {} serves in full{}", newest.in_full->cuda,
                        driver_words(target.driver), gpus_text(target.gpus));
  }
  if (newest.by_minor != nullptr) {
    const std::string ptx =
        target.driver.ptx_ceiling ? "PTX above " + to_string(*target.driver.ptx_ceiling) : std::string("newer PTX");
    line += fmt::format(
        "{}up to CUDA {} runs by minor-version compatibility: machine code does, {} and calls that the "
        "driver lacks do not",
        newest.in_full == nullptr ? "" : "; ", newest.by_minor->cuda, ptx);
  }
  lines.push_back(line + ".");
}

struct FrameworkPlace {
  std::string framework;
  const Environment* environment = nullptr;  // nullptr: a new one
};

// Frameworks of the subject that the tables know, each in the first environment that has it; all of them, in its only
// environment or else a new one, where it has none.
std::vector<FrameworkPlace> frameworks_to_advise(const Situation& situation) {
  std::vector<FrameworkPlace> there;
  for (const Environment& environment : situation.subject.environments) {
    for (const Package& package : environment.packages) {
      const std::string name = framework_of_package(situation.knowledge, package.name);
      const bool told =
          std::any_of(there.begin(), there.end(), [&](const auto& place) { return place.framework == name; });
      if (!name.empty() && !told) there.push_back({name, &environment});
    }
  }
  if (!there.empty()) return there;
  const auto& environments = situation.subject.environments;
  const Environment* only = environments.size() == 1 ? &environments.front() : nullptr;
  for (const std::string& name : known_frameworks(situation.knowledge)) there.push_back({name, only});
  return there;
}

void advise_builds(AdviceTarget target, MachineLines& lines) {
  for (const auto& [framework, environment] : frameworks_to_advise(*target.situation)) {
    target.environment = environment;
    const std::optional<BuildChoice> choice = choose_build(target, framework);
    if (!choice) {
      lines.push_back(fmt::format("{}: no published build in the data of {} fits this driver{}{}.", framework,
                                  target.situation->knowledge.date, target.gpus.empty() ? "" : " and these GPUs",
                                  environment_words(target)));
      continue;
    }
    std::string line = fmt::format("{}: {}", build_words(*choice->build), install_command(target, *choice->build));
    line += host_cuda_words(*choice->build) + slower_words(target, *choice->build);
    if (choice->regime == Regime::minor_version) line += " (by minor-version compatibility)";
    if (!choice->newest_version) line += " (newer versions do not fit)";
    if (choice->build->targets.empty() && !target.gpus.empty()) line += " (its GPU code is not in the tables)";
    lines.push_back(line);
  }
}

// Whether an image of this release starts on the machine although the driver is older: it lists branch and brand.
bool lets_start(const AdviceTarget& target, const CudaRelease& release) {
  const Situation& situation = *target.situation;
  const DriverBranch* branch =
      situation.kernel_driver ? branch_of(situation.knowledge, *situation.kernel_driver) : nullptr;
  if (branch == nullptr || target.is_supposed || situation.gpus.empty()) return false;
  const Gpu& gpu = situation.gpus.front();
  const std::string brand = gpu.brand.empty() ? brand_of_product(gpu.model) : gpu.brand;
  const auto holds = [](const auto& list, const auto& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  return std::any_of(situation.knowledge.compat_packages.begin(), situation.knowledge.compat_packages.end(),
                     [&](const CompatPackage& package) {
                       return package.cuda == release.cuda && holds(package.branches, branch->branch) &&
                              (holds(package.brands, brand) || holds(package.brands, std::string("any")));
                     });
}

void advise_images(const AdviceTarget& target, const NewestReleases& newest, MachineLines& lines) {
  if (newest.image != nullptr) {
    lines.push_back(
        fmt::format("Image: nvidia/cuda:{} (or -runtime-, -devel-, -cudnn-runtime-) is the newest that this "
                    "driver serves in full.",
                    newest.image->image));
  }
  const CudaRelease* compat = newest.by_compat;
  if (compat != nullptr && compat != newest.image) {
    lines.push_back(
        fmt::format("Image: nvidia/cuda:{} runs by forward compatibility, when its cuda-compat is the "
                    "libcuda that is found first.",
                    compat->image));
    return;
  }
  const CudaRelease* minor = newest.by_minor;
  if (minor != nullptr && !minor->image.empty() && !lets_start(target, *minor)) {
    lines.push_back(fmt::format(
        "Image: nvidia/cuda:{} would run by minor-version compatibility, but the container runtime refuses it on this "
        "driver (unsatisfied condition: cuda>={}) unless NVIDIA_DISABLE_REQUIRE=1 is set.",
        minor->image, minor->cuda));
  }
}

void advise_age(const AdviceTarget& target, MachineLines& lines) {
  const Situation& situation = *target.situation;
  if (target.is_supposed || !situation.kernel_driver || is_newer_driver(situation.knowledge, *situation.kernel_driver))
    return;
  const DriverBranch* branch = branch_of(situation.knowledge, *situation.kernel_driver);
  if (branch == nullptr || !is_past_end(situation.knowledge, *branch)) return;
  const DriverBranch* supported = supported_branch(target, branch->branch);
  if (supported == nullptr) supported = supported_branch(target, 0);
  lines.push_back(
      fmt::format("Driver: branch {} is past its end of life{}.", branch_words(situation.knowledge, *branch),
                  supported == nullptr
                      ? "; no supported branch in the tables serves these GPUs"
                      : "; the lowest branch still supported is " + branch_words(situation.knowledge, *supported)));
}
}  // namespace

std::vector<std::string> advise_machine(const AdviceTarget& target) {
  MachineLines lines;
  const NewestReleases newest = newest_releases(target);
  advise_toolkit(target, newest, lines);
  advise_builds(target, lines);
  advise_images(target, newest, lines);
  advise_age(target, lines);
  return lines;
}

}  // namespace varve
