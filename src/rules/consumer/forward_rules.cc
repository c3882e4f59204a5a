// Forward compatibility: a cuda-compat libcuda over an older kernel driver.
#include <fmt/format.h>

#include <algorithm>

#include "rules/analysis/rule.h"
#include "rules/consumer/consumer_rules.h"
#include "rules/consumer/consumer_words.h"

namespace varve {

namespace {
std::vector<Found> forward_in_state(const Analysis& analysis, ForwardState state, std::string_view more) {
  if (analysis.has_no_gpu) return {};
  if (analysis.forward.state != state) return {};
  return {{.evidence = analysis.forward.detail + std::string(more)}};
}

struct OfferedCompat {
  const DriverFile* file;
  ForwardVerdict verdict;
};

// Compat libraries that lie there and are not taken.
std::vector<OfferedCompat> offered_compat(const Analysis& analysis, const Stack& stack) {
  std::vector<OfferedCompat> offered;
  for (const DriverFile& file : stack.driver_files) {
    if (file.library != "libcuda" || file.role != DriverFileRole::compat || file.loaded_first) continue;
    const std::string version = file.version.is_known() ? value_text(*file.version.value) : "";
    const auto level =
        file.api_level.is_known() ? dotted_version_from(value_text(*file.api_level.value)) : std::nullopt;
    if (version.empty()) continue;
    offered.push_back({&file, judge_forward(analysis, version, level)});
  }
  return offered;
}

std::vector<Found> forward_class(const Analysis& analysis) {
  return forward_in_state(analysis, ForwardState::refused_class, "");
}

std::vector<Found> forward_branch(const Analysis& analysis) {
  return forward_in_state(analysis, ForwardState::refused_branch, "");
}

std::vector<Found> forward_older(const Analysis& analysis) {
  return forward_in_state(analysis, ForwardState::older, "");
}

std::vector<Found> forward_in_use(const Analysis& analysis) {
  std::vector<Found> found =
      forward_in_state(analysis, ForwardState::eligible, "; the regime is forward compatibility");
  for (Found& more : forward_in_state(analysis, ForwardState::untold, "; whether it may is not known here")) {
    found.push_back(std::move(more));
  }
  return found;
}

std::vector<Found> forward_not_first(const Analysis& analysis) {
  const auto& consumers = analysis.consumers;
  const bool needed = std::any_of(consumers.begin(), consumers.end(), [&](const AnalysedConsumer& consumer) {
    return is_driver_too_old(analysis.driver, consumer.driver);
  });
  if (analysis.has_no_gpu || !needed) return {};
  for (const Stack* stack : {&analysis.machine, &analysis.subject}) {
    for (const OfferedCompat& offered : offered_compat(analysis, *stack)) {
      if (offered.verdict.state != ForwardState::eligible && offered.verdict.state != ForwardState::untold) continue;
      const std::string folder = offered.file->path.substr(0, offered.file->path.rfind('/'));
      return {{.evidence =
                   fmt::format("{} is there and is not found first ({})", offered.file->path, offered.verdict.detail),
               .fix = fmt::format("Put {} first on LD_LIBRARY_PATH of the programs that need it", folder)}};
    }
  }
  return {};
}

std::vector<Found> forward_of_image(const Analysis& analysis) {
  if (&analysis.machine == &analysis.subject || !analysis.subject.image) return {};
  for (const OfferedCompat& offered : offered_compat(analysis, analysis.subject)) {
    if (offered.verdict.state != ForwardState::refused_class && offered.verdict.state != ForwardState::refused_branch) {
      continue;
    }
    return {{.evidence = fmt::format("{} of the image: {}", offered.file->path, offered.verdict.detail)}};
  }
  return {};
}
}  // namespace

const std::vector<Rule>& forward_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-FORWARD-GPU-CLASS",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version", "driver.user_mode.version"},
       .statement = "A cuda-compat libcuda is taken only on GPUs that may use forward compatibility: data-centre ones, "
                    "some professional ones, Jetson.",
       .consequence = "Every program fails with error 804, \"forward compatibility was attempted on non supported "
                      "HW\", also those that the driver itself would serve",
       .fix = "Take the compat folder out of LD_LIBRARY_PATH and of ld.so.conf.d (in an image: remove or mask "
              "/usr/local/cuda/compat and run ldconfig), and install a newer driver if one is needed. "
              "NVIDIA_DISABLE_REQUIRE only skips the check at the start",
       .source = kCompatibility,
       .judge = forward_class},
      {.id = "VRV-FORWARD-BRANCH",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version", "driver.user_mode.version"},
       .statement = "A cuda-compat libcuda stands over a kernel driver of a branch that its package is made for.",
       .consequence =
           "Programs fail with error 803, \"system has unsupported display driver / cuda driver combination\"",
       .fix =
           "Install the compat package of a release that is made for this branch, or a driver of one of the branches",
       .source = "data/compat_packages.json, by the NVIDIA_REQUIRE_CUDA lists of NVIDIA's images, which can be "
                 "narrower than what works",
       .judge = forward_branch},
      {.id = "VRV-FORWARD-OLDER",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .needs = {"driver.kernel_mode.version", "driver.user_mode.version"},
       .statement = "A cuda-compat libcuda is not older than the kernel driver.",
       .consequence = "Programs fail with error 803, \"system has unsupported display driver / cuda driver "
                      "combination\", though the driver itself would serve them",
       .fix =
           "Take the compat folder out of LD_LIBRARY_PATH and of ld.so.conf.d: a newer driver needs no compat package",
       .source = kCompatibility,
       .judge = forward_older},
      {.id = "VRV-FORWARD-IN-USE",
       .layer = Layer::user_driver,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version", "driver.user_mode.version"},
       .statement = "The libcuda that is found first is the driver's own, or a compat one that may stand over it.",
       .consequence = "The newer runtime is served through the compat libcuda; OpenGL and Vulkan are not",
       .fix = "Nothing; keep the kernel driver within the branches of the package when you update",
       .source = kCompatibility,
       .judge = forward_in_use},
      {.id = "VRV-FORWARD-NOT-FIRST",
       .layer = Layer::user_driver,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version", "driver.user_mode.version"},
       .statement = "Where a compat libcuda is needed and may be used, it is found first.",
       .consequence = "The driver's own libcuda is taken, and it is too old for the runtime",
       .fix = "Put the compat folder first on LD_LIBRARY_PATH",
       .source = kCompatibility,
       .judge = forward_not_first},
      {.id = "VRV-FORWARD-IMAGE",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version"},
       .statement = "The compat libcuda that an image brings may stand over the host's driver.",
       .consequence = "A container runtime that puts the image's compat libraries first makes every program fail with "
                      "803 or 804, also where the host's driver would do",
       .fix = "Use an image for a CUDA release that the host's driver offers itself, or start it without its compat "
              "folder",
       .source = kCompatibility,
       .judge = forward_of_image},
  };
  return rules;
}

}  // namespace varve
