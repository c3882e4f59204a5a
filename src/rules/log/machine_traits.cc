#include "rules/log/machine_traits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/cpu_builds.h"
#include "rules/machine/machine_view.h"
#include "rules/situation/gpu_class.h"
#include "rules/situation/package_row.h"
#include "rules/software/build_toolkit.h"

namespace varve {

namespace {
Answer yes(std::string words) { return {Holds::yes, std::move(words)}; }
Answer no(std::string words) { return {Holds::no, std::move(words)}; }

Answer ask_wsl(const Analysis& analysis) {
  const auto kernel = text_of(analysis, "os.kernel.release");
  if (is_wsl(analysis)) return yes("it is WSL");
  if (!kernel) return {};
  const bool by_name = to_lower(*kernel).find("microsoft") != std::string::npos;
  return by_name ? yes("the kernel is " + *kernel) : no("the kernel is " + *kernel + ", not WSL's");
}

Answer ask_chip(const Analysis& analysis) {
  if (is_jetson(analysis)) return yes("it is a Jetson");
  if (analysis.gpus.empty()) return {};
  for (const Gpu& gpu : analysis.gpus) {
    if (gpu_class(gpu) == GpuClass::embedded) return yes(gpu.model + " is a part of a system on a chip");
  }
  const bool all_named =
      std::all_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return !gpu.model.empty(); });
  return all_named ? no(analysis.gpus.front().model + " is a card of its own") : Answer{};
}

Answer ask_count(const Analysis& analysis, std::size_t at_least) {
  if (analysis.has_no_gpu) return no("there is no GPU");
  const std::size_t count = std::max(analysis.gpus.size(), analysis.gpus_on_bus.size());
  if (count == 0) return {};
  // What somebody names of GPUs in a sentence is no count of them: a list has addresses or UUIDs.
  const bool is_listed = !analysis.gpus_on_bus.empty() ||
                         std::any_of(analysis.gpus.begin(), analysis.gpus.end(),
                                     [](const Gpu& gpu) { return !gpu.address.empty() || !gpu.uuid.empty(); });
  if (count < at_least && !is_listed) return {};
  const std::string words = count == 1 ? "there is 1 GPU" : fmt::format("there are {} GPUs", count);
  return count >= at_least ? yes(words) : no(words);
}

Answer ask_switches(const Analysis& analysis) {
  const auto count = number_of(analysis, "gpu.nvswitches");
  if (!count && !is_absent(analysis, "gpu.nvswitches")) return {};
  return count.value_or(0) > 0 ? yes(fmt::format("there are {} NVSwitches", *count)) : no("there is no NVSwitch");
}

Answer ask_partitions(const Analysis& analysis) {
  if (!list_of(analysis, "gpu.mig.instances").empty()) return yes("a GPU is divided (MIG)");
  const auto is_on = [](const Gpu& gpu) { return gpu.mig && gpu.mig->on; };
  const auto is_told = [](const Gpu& gpu) { return gpu.mig.has_value(); };
  if (std::any_of(analysis.gpus.begin(), analysis.gpus.end(), is_on)) return yes("a GPU is in MIG mode");
  const bool told = !analysis.gpus.empty() && std::all_of(analysis.gpus.begin(), analysis.gpus.end(), is_told);
  return told || (is_absent(analysis, "gpu.mig.instances") && is_on_host(analysis)) ? no("no GPU is divided (MIG)")
                                                                                    : Answer{};
}

// The names of virtual GPUs end in the profile: the memory in GB and a letter for its kind ("GRID A100-40C",
// "NVIDIA A40-12Q", "NVIDIA H100-2-20C").
bool is_virtual(const Gpu& gpu) {
  const std::size_t dash = gpu.model.rfind('-');
  if (dash == std::string::npos || dash + 3 > gpu.model.size()) return false;
  const std::string_view profile = std::string_view(gpu.model).substr(dash + 1);
  constexpr std::string_view kKinds = "ABCQ";
  return kKinds.find(profile.back()) != std::string_view::npos &&
         profile.find_first_not_of("0123456789") == profile.size() - 1;
}

Answer ask_virtual(const Analysis& analysis) {
  if (analysis.gpus.empty()) return {};
  for (const Gpu& gpu : analysis.gpus) {
    if (is_virtual(gpu)) return yes(gpu.model + " is a virtual GPU");
  }
  const bool all_named =
      std::all_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return !gpu.model.empty(); });
  return all_named ? no(analysis.gpus.front().model + " is no virtual GPU") : Answer{};
}

Answer ask_builds(const Analysis& analysis) {
  std::vector<std::string> reasons = reasons_to_build(analysis, nullptr);
  for (const Environment& environment : analysis.subject.environments) {
    for (std::string& reason : reasons_to_build(analysis, &environment)) reasons.push_back(std::move(reason));
  }
  return reasons.empty() ? Answer{} : yes(reasons.front());
}

Answer ask_cpu_build(const Analysis& analysis) {
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      if (package.role != PackageRole::framework || !is_stated_cpu_build(package)) continue;
      return yes(package.name + " " + package.version + " in " + environment.path + " is a build without CUDA");
    }
  }
  return {};
}

// What a text or a log lists of packages says nothing of the code in others'.
Answer ask_files(const Analysis& analysis) {
  const auto& environments = analysis.subject.environments;
  const bool all_listed = !environments.empty() && std::all_of(environments.begin(), environments.end(), is_a_list);
  return all_listed ? no("packages were listed, no files read") : yes("files were read");
}

Answer ask_container(const Analysis& analysis) {
  const auto kind = text_of(analysis, "container.kind");
  if (!kind) return {};
  return *kind == "none" ? no("it is no container") : yes("it is a container (" + *kind + ")");
}

Answer ask_driver(const Analysis& analysis) {
  switch (analysis.driver.presence) {
    case DriverPresence::there:
      return yes("there is " + driver_words(analysis.driver));
    case DriverPresence::missing:
      return no("no libcuda is there that serves");
    case DriverPresence::unknown:
    case DriverPresence::not_looked_at:
      break;
  }
  return {};
}
}  // namespace

Answer ask_trait(MachineTrait trait, const Analysis& analysis) {
  switch (trait) {
    case MachineTrait::wsl:
      return ask_wsl(analysis);
    case MachineTrait::container:
      return ask_container(analysis);
    case MachineTrait::chip:
      return ask_chip(analysis);
    case MachineTrait::gpu:
      return ask_count(analysis, 1);
    case MachineTrait::several_gpus:
      return ask_count(analysis, 2);
    case MachineTrait::nvswitch:
      return ask_switches(analysis);
    case MachineTrait::partitions:
      return ask_partitions(analysis);
    case MachineTrait::driver:
      return ask_driver(analysis);
    case MachineTrait::cpu_build:
      return ask_cpu_build(analysis);
    case MachineTrait::files:
      return ask_files(analysis);
    case MachineTrait::vgpu:
      return ask_virtual(analysis);
    case MachineTrait::builds:
      break;
  }
  return ask_builds(analysis);
}

std::string toolkit_release(const Analysis& analysis) {
  const BuildToolkit build = build_toolkit(analysis);
  if (build.toolkit != nullptr && build.toolkit->version.is_known()) return value_text(*build.toolkit->version.value);
  return text_of(analysis, "toolkit.nvcc.version").value_or("");
}

}  // namespace varve
