// What is known of the code of a build that nobody looked into.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/analysis/gpu_code.h"

namespace varve {

namespace {
// Whether machine code that was made for one GPU runs on another.
bool runs_on(ComputeCapability made_for, ComputeCapability gpu) {
  CodeGroup group{.targets = {}, .regions = 1};
  group.targets.push_back({.architecture = made_for, .variant = '\0'});
  return count_coverage({.regions = 1, .groups = {group}, .codecs = {}, .remark = {}}, gpu).native > 0;
}

// Whether the framework's builds that the table has, of this major version of CUDA and up to this release, hold machine
// code alone: then one that it does not have (a nightly build) holds no PTX either.
bool is_without_ptx(const Knowledge& knowledge, const std::string& framework, const DottedVersion& cuda) {
  bool any = false;
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    const auto made = dotted_version_from(build.cuda);
    if (build.framework != framework || build.targets.empty() || !made || cuda < *made ||
        made->major() != cuda.major()) {
      continue;
    }
    if (build.ptx) return false;
    any = true;
  }
  return any;
}

// Wheels for processors of ARM's have code for other GPUs than those for x86-64. Tegra's GPUs stand beside ARM's alone.
bool is_of_platform(const Situation& situation, const FrameworkBuild& build) {
  if (build.platform.empty()) return true;
  constexpr std::array<ComputeCapability, 6> kTegra = {{{5, 3}, {6, 2}, {7, 2}, {8, 7}, {10, 1}, {11, 0}}};
  const auto is_tegra = [&](const Gpu& gpu) {
    return gpu.capability && std::find(kTegra.begin(), kTegra.end(), *gpu.capability) != kTegra.end();
  };
  const std::string machine = text_of(situation, "os.architecture").value_or("");
  const bool is_arm =
      machine == "aarch64" || (machine.empty() && std::any_of(situation.gpus.begin(), situation.gpus.end(), is_tegra));
  return build.platform.ends_with("aarch64") == is_arm;
}
}  // namespace

MadeFor made_for(const Knowledge& knowledge, const DottedVersion& cuda, ComputeCapability gpu) {
  MadeFor made{.before = true, .since = true};
  for (const GpuArchitecture& row : knowledge.gpu_architectures) {
    if (!runs_on(row.capability, gpu)) continue;
    const auto first = dotted_version_from(row.first_cuda), last = dotted_version_from(row.last_cuda);
    // "12" alone tells of no release of 12.x.
    const bool is_whole = cuda.parts.size() > 1;
    made.before = made.before && first && (is_whole ? cuda < *first : cuda.major() < first->major());
    made.since = made.since && last && (is_whole ? *last < cuda : last->major() < cuda.major());
    if (made.first.empty()) made.first = row.first_cuda;
    made.last = row.last_cuda;
  }
  return made;
}

std::optional<PublishedCode> published_code(const Situation& situation, const ConsumerView& view) {
  if (view.package == nullptr || !view.package->cuda.is_known()) return std::nullopt;
  const auto version = dotted_version_from(view.package->version);
  const auto cuda = dotted_version_from(value_text(*view.package->cuda.value));
  if (!version || !cuda) return std::nullopt;
  for (const FrameworkBuild& build : situation.knowledge.framework_builds) {
    const auto built_with = dotted_version_from(build.cuda);
    const bool same_cuda = built_with && built_with->major() == cuda->major() && built_with->minor() == cuda->minor();
    if (build.framework != view.package->name || build.targets.empty() || !same_cuda ||
        !is_within(*version, build.version) || !is_of_platform(situation, build)) {
      continue;
    }
    Coverage coverage;
    CodeGroup group{.targets = {}, .regions = 1};
    std::optional<ComputeCapability> newest;
    for (std::string target : build.targets) {
      char variant = '\0';
      if (target.ends_with('a') || target.ends_with('f')) {
        variant = target.back();
        target.pop_back();
      }
      const auto architecture = compute_capability_from(target);
      if (!architecture) continue;
      group.targets.push_back({.architecture = *architecture, .variant = variant});
      if (!newest || *newest < *architecture) newest = architecture;
    }
    if (build.ptx && newest) {
      const CudaRelease* release = find_release(situation.knowledge, build.cuda);
      const auto isa = release == nullptr ? std::nullopt : dotted_version_from(release->ptx_isa);
      group.targets.push_back({CodeKind::ptx, *newest, '\0', isa ? isa->major() : 0, isa ? isa->minor() : 0});
    }
    coverage.groups.push_back(std::move(group));
    coverage.regions = 1;
    return PublishedCode{fmt::format("the table of published builds ({})", build.source), std::move(coverage)};
  }
  return std::nullopt;
}

bool decide_by_release(const Situation& situation, const ConsumerView& view, CodeVerdict& verdict) {
  if (view.package == nullptr || !view.package->cuda.is_known()) return false;
  const auto cuda = dotted_version_from(value_text(*view.package->cuda.value));
  if (!cuda || find_architecture(situation.knowledge, verdict.gpu) == nullptr) return false;
  const MadeFor made = made_for(situation.knowledge, *cuda, verdict.gpu);
  if (made.before == made.since) return false;
  verdict.by_table = true;
  const std::string gpu = gpu_words(situation, verdict.gpu), built = "it is built with CUDA " + to_string(*cuda);
  if (made.since) {
    verdict.cause = CodeCause::none;
    verdict.detail = fmt::format("{}: neither machine code nor PTX: {}, and {} was the last that makes code for it",
                                 gpu, built, made.last);
  } else if (is_without_ptx(situation.knowledge, view.package->name, *cuda)) {
    verdict.cause = CodeCause::none;
    verdict.detail = fmt::format(
        "{}: no machine code: {}, and {} is the first that makes code for it; builds of {} with "
        "that CUDA hold no PTX",
        gpu, built, made.first, view.package->name);
  } else {
    verdict.cause = CodeCause::by_jit;
    verdict.detail = fmt::format(
        "{}: no machine code: {}, and {} is the first that makes code for it; at best its PTX "
        "is compiled at the first start",
        gpu, built, made.first);
  }
  return true;
}

}  // namespace varve
