// What the name of a container's image tells (a text names it), against the driver and the GPUs.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
struct NamedImage {
  std::string name;
  DottedVersion cuda;
};

std::optional<NamedImage> image_of(const Analysis& analysis) {
  const auto cuda = dotted_version_from(text_of(analysis, "container.image.cuda").value_or(""));
  if (!cuda || analysis.has_no_gpu || is_jetson(analysis)) return std::nullopt;
  return NamedImage{text_of(analysis, "container.image.name").value_or("the image"), *cuda};
}

// Whether the image's notes say that data-centre GPUs may have this driver; also where they say nothing at all.
bool may_have_branch(const Analysis& analysis) {
  const auto branches = text_of(analysis, "container.image.branches");
  if (!branches || !analysis.kernel_driver) return true;
  const DriverBranch* row = branch_of(analysis.knowledge, *analysis.kernel_driver);
  const std::string branch = std::to_string(row == nullptr ? analysis.kernel_driver->major() : row->branch);
  const std::vector<std::string_view> stated = split(*branches, ',');
  return std::any_of(stated.begin(), stated.end(), [&](std::string_view one) { return trim(one) == branch; });
}

// Why the cuda-compat that the image may carry is refused. Nothing where it serves, or may. It is of the release that
// came with the image's CUDA, of which the first of the major version is known where that one is not.
std::optional<std::string> refusal_of_compat(const Analysis& analysis, const NamedImage& image) {
  const CudaRelease* release = find_release(analysis.knowledge, to_string(image.cuda));
  if (release == nullptr || release->driver.empty()) {
    release = find_release(analysis.knowledge, std::to_string(image.cuda.major()) + ".0");
  }
  if (release == nullptr || release->driver.empty()) return std::nullopt;
  const ForwardVerdict verdict = judge_forward(analysis, release->driver, image.cuda);
  const bool is_refused = verdict.state == ForwardState::refused_class ||
                          (verdict.state == ForwardState::refused_branch && !may_have_branch(analysis));
  return is_refused ? std::optional(verdict.detail) : std::nullopt;
}

std::vector<Found> find_image_driver(const Analysis& analysis) {
  const auto image = image_of(analysis);
  if (!image || analysis.driver.presence != DriverPresence::there) return {};
  const RegimeVerdict regime = judge_regime(analysis, analysis.driver, image->cuda);
  constexpr int kTooOld = 35;
  if (regime.state != CheckState::broken || regime.error != kTooOld) return {};
  const auto refusal = refusal_of_compat(analysis, *image);
  if (!refusal) return {};
  return {{.evidence =
               fmt::format("{} holds CUDA {}: {}; {}", image->name, to_string(image->cuda), regime.detail, *refusal)}};
}

std::vector<Found> find_image_gpu(const Analysis& analysis) {
  const auto image = image_of(analysis);
  if (!image) return {};
  std::vector<Found> found;
  for (const ComputeCapability gpu : capabilities_of(analysis)) {
    const MadeFor made = made_for(analysis.knowledge, image->cuda, gpu);
    if (made.first.empty() || (!made.before && !made.since)) continue;
    const std::string what = fmt::format("{} holds CUDA {}, which makes no code for {}", image->name,
                                         to_string(image->cuda), gpu_words(analysis, gpu));
    if (made.since) {
      found.push_back(
          {.evidence = fmt::format("{}: the last was CUDA {}", what, made.last),
           .consequence = "Programs in it fail: \"no kernel image is available for execution on the device\"",
           .fix = "Take an image of an older release, whose CUDA still serves this GPU"});
    } else {
      found.push_back(
          {.evidence = fmt::format("{}: the first was CUDA {}", what, made.first), .severity = Severity::warning});
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& container_image_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-CONTAINER-IMAGE-DRIVER",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .yields_to = {"VRV-CONTAINER-REQUIREMENT", "VRV-RUNTIME-DRIVER-TOO-OLD"},
       .statement = "The driver serves the CUDA of the image that a container is made from, by itself or through the "
                    "image's cuda-compat.",
       .consequence = "The container starts and says that compatibility mode is unavailable; CUDA programs in it fail "
                      "(error 35, 803 or 804) or run on the CPU.",
       .fix = "Update the host's driver, or take an image of an older release, whose CUDA is of a major version that "
              "the driver serves",
       .source = "data/framework_images.json; NVIDIA Optimized Frameworks release notes, driver requirements; CUDA "
                 "Compatibility",
       .judge = find_image_driver},
      {.id = "VRV-CONTAINER-IMAGE-GPU",
       .layer = Layer::container,
       .severity = Severity::error,
       .mender = Mender::application,
       .category = FaultCategory::kernel_coverage,
       .yields_to = {"VRV-CODE-NO-KERNEL-IMAGE"},
       .statement = "The CUDA of the image that a container is made from makes code for the machine's GPUs.",
       .consequence = "NVIDIA's containers say that the GPU is not yet supported; only what holds PTX runs, after long "
                      "compiling, the rest fails: \"no kernel image is available\".",
       .fix = "Take an image of a newer release, whose CUDA knows this GPU",
       .source = "data/framework_images.json; data/gpu_architectures.json",
       .judge = find_image_gpu},
  };
  return rules;
}

}  // namespace varve
