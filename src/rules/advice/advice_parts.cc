#include "rules/advice/advice_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
// The number at which a row's range of versions begins: of ">=0.7.2,<0.11" 0.7.2.
DottedVersion start_of(const std::string& range) {
  const std::size_t digit = range.find_first_of("0123456789");
  if (digit == std::string::npos || range.starts_with("<")) return {};
  return dotted_version_from(range.substr(digit)).value_or(DottedVersion{});
}

std::string platform_of(const Situation& situation) {
  const std::string architecture = text_of(situation, "os.architecture").value_or("x86_64");
  return "linux-" + (architecture == "arm64" ? "aarch64" : architecture);
}

bool covers(const AdviceTarget& target, const FrameworkBuild& build) {
  const Knowledge& knowledge = target.situation->knowledge;
  const CudaRelease* release = find_release(knowledge, build.cuda);
  if (build.targets.empty()) {
    return target.gpus.empty() || (release != nullptr && compiles_for(knowledge, *release, target.gpus));
  }
  return std::all_of(target.gpus.begin(), target.gpus.end(), [&](ComputeCapability gpu) {
    return std::any_of(build.targets.begin(), build.targets.end(), [&](const std::string& text) {
      const auto made_for = compute_capability_from(text);
      return made_for && made_for->major == gpu.major && made_for->minor <= gpu.minor;
    });
  });
}

bool is_better(const BuildChoice& a, const BuildChoice& b) {
  const DottedVersion version_a = start_of(a.build->version), version_b = start_of(b.build->version);
  if (version_a != version_b) return version_a > version_b;
  const bool full_a = a.regime != Regime::minor_version, full_b = b.regime != Regime::minor_version;
  if (full_a != full_b) return full_a;
  return dotted_version_from(a.build->cuda).value_or(DottedVersion{}) >
         dotted_version_from(b.build->cuda).value_or(DottedVersion{});
}

// As pip takes it: "==2.14.*", ">=0.7.2,<0.11".
std::string requirement_of(const FrameworkBuild& build) {
  if (build.version.find_first_of("<>=") != std::string::npos) return build.version;
  const bool exact = std::count(build.version.begin(), build.version.end(), '.') > 1;
  return "==" + build.version + (exact ? "" : ".*");
}

bool serves(const GpuArchitecture& gpu, int branch) {
  return gpu.first_branch <= branch && (gpu.last_branch == 0 || branch <= gpu.last_branch);
}

// Whether the branch serves all GPUs that the tables know.
bool serves_all(const AdviceTarget& target, int branch) {
  return std::all_of(target.gpus.begin(), target.gpus.end(), [&](ComputeCapability gpu) {
    const GpuArchitecture* row = find_architecture(target.situation->knowledge, gpu);
    return row != nullptr && serves(*row, branch);
  });
}

// The first branch that knows every GPU; 0: not known.
int first_branch_of(const AdviceTarget& target) {
  int first = 0;
  for (const ComputeCapability gpu : target.gpus) {
    const GpuArchitecture* row = find_architecture(target.situation->knowledge, gpu);
    if (row != nullptr) first = std::max(first, row->first_branch);
  }
  return first;
}
}  // namespace

AdviceTarget with_branch(AdviceTarget target, const DriverBranch& branch) {
  // Floors name a driver inside a branch: the one that came with the branch's release of CUDA is at or above them.
  const CudaRelease* release = find_release(target.situation->knowledge, branch.cuda);
  const auto first = release == nullptr ? std::nullopt : dotted_version_from(release->driver);
  const bool of_branch = first && first->major() == branch.branch;
  ServingDriver driver;
  driver.presence = DriverPresence::there;
  driver.version_text = of_branch ? release->driver : std::to_string(branch.branch);
  driver.version = dotted_version_from(driver.version_text);
  driver.kernel = driver.version;
  driver.api_level = dotted_version_from(branch.cuda);
  driver.api_level_source = "branch " + std::to_string(branch.branch);
  driver.ptx_ceiling = dotted_version_from(branch.ptx_isa);
  target.driver = std::move(driver);
  target.is_supposed = true;
  return target;
}

std::optional<BuildChoice> choose_build(const AdviceTarget& target, std::string_view framework,
                                        const std::optional<DottedVersion>& version) {
  const std::string platform = platform_of(*target.situation);
  std::optional<BuildChoice> best;
  DottedVersion newest;
  for (const FrameworkBuild& build : target.situation->knowledge.framework_builds) {
    if (build.framework != framework || (!build.platform.empty() && build.platform != platform)) continue;
    newest = std::max(newest, start_of(build.version));
    if (version && !is_within(*version, build.version)) continue;
    const auto cuda = dotted_version_from(build.cuda);
    if (!cuda || !covers(target, build) || install_command(build).empty()) continue;
    const RegimeVerdict verdict = judge_regime(*target.situation, target.driver, *cuda);
    if (verdict.state != CheckState::ok) continue;
    const BuildChoice choice{.build = &build, .regime = verdict.regime};
    if (!best || is_better(choice, *best)) best = choice;
  }
  if (best) best->newest_version = start_of(best->build->version) == newest;
  return best;
}

std::string build_words(const FrameworkBuild& build) {
  const std::string variant = build.variant.empty() ? "" : " (" + build.variant + ")";
  return fmt::format("{} {} for CUDA {}{}", build.framework, build.version, build.cuda, variant);
}

std::string install_command(const FrameworkBuild& build) {
  const std::string version = requirement_of(build);
  if (build.framework == "torch") {
    // pytorch.org/get-started: the variant is the last part of the index address; PyPI has one of them.
    const std::string index = build.is_default ? "" : " --index-url https://download.pytorch.org/whl/" + build.variant;
    return fmt::format("pip install \"torch{}\"{}", version, index);
  }
  // docs.cupy.dev, installation: the variant is part of the name.
  if (build.framework == "cupy") return fmt::format("pip install \"cupy-{}{}\"", build.variant, version);
  // docs.jax.dev and tensorflow.org/install: the variant is an extra.
  const bool by_extra = build.framework == "jax" || build.framework == "tensorflow";
  if (by_extra && !build.variant.empty()) {
    return fmt::format("pip install \"{}[{}]{}\"", build.framework, build.variant, version);
  }
  // Of the others only what the package index has; their further builds have indexes that move.
  return build.variant.empty() ? fmt::format("pip install \"{}{}\"", build.framework, version) : "";
}

std::string framework_of_package(const Knowledge& knowledge, std::string_view package) {
  for (const std::string& name : known_frameworks(knowledge)) {
    if (package == name || package.starts_with(name + "-") || package == name + "lib") return name;
  }
  return "";
}

std::vector<std::string> known_frameworks(const Knowledge& knowledge) {
  std::vector<std::string> names;
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    if (std::find(names.begin(), names.end(), build.framework) == names.end()) names.push_back(build.framework);
  }
  return names;
}

bool compiles_for(const Knowledge& knowledge, const CudaRelease& release, const std::vector<ComputeCapability>& gpus) {
  const auto cuda = dotted_version_from(release.cuda);
  return std::all_of(gpus.begin(), gpus.end(), [&](ComputeCapability gpu) {
    const GpuArchitecture* row = find_architecture(knowledge, gpu);
    if (row == nullptr || !cuda) return false;
    const auto first = dotted_version_from(row->first_cuda), last = dotted_version_from(row->last_cuda);
    return first && *cuda >= *first && (!last || *cuda <= *last);
  });
}

bool is_past_end(const Knowledge& knowledge, const DriverBranch& branch) {
  return !branch.end_of_life.empty() && branch.end_of_life < knowledge.date.substr(0, branch.end_of_life.size());
}

std::string branch_words(const Knowledge& knowledge, const DriverBranch& branch) {
  std::vector<std::string> parts;
  if (!branch.kind.empty()) parts.push_back(branch.kind);
  if (!branch.end_of_life.empty()) {
    parts.push_back((is_past_end(knowledge, branch) ? "ended " : "until ") + branch.end_of_life);
  }
  return std::to_string(branch.branch) + (parts.empty() ? "" : " (" + join(parts, ", ") + ")");
}

const DriverBranch* supported_branch(const AdviceTarget& target, int least) {
  const Knowledge& knowledge = target.situation->knowledge;
  for (const DriverBranch& row : knowledge.driver_branches) {
    const bool lasting = (row.kind == "LTSB" || row.kind == "production") && !row.end_of_life.empty();
    if (row.branch >= least && lasting && !is_past_end(knowledge, row) && serves_all(target, row.branch)) return &row;
  }
  return nullptr;
}

std::string driver_advice(const AdviceTarget& target, const std::string& cuda) {
  const Knowledge& knowledge = target.situation->knowledge;
  const auto wanted = dotted_version_from(cuda);
  const MinorVersionFloor* floor = wanted ? floor_of(knowledge, *wanted) : nullptr;
  const auto least = floor == nullptr ? std::nullopt : dotted_version_from(floor->driver);
  const DriverBranch* of_floor = least ? branch_of(knowledge, *least) : nullptr;
  if (of_floor == nullptr) return "";
  const DriverBranch* of_gpu = find_branch(knowledge, first_branch_of(target));
  const bool gpu_decides = of_gpu != nullptr && of_gpu->branch > of_floor->branch;
  const DriverBranch& lowest = gpu_decides ? *of_gpu : *of_floor;
  if (!serves_all(target, lowest.branch)) {
    return fmt::format("no driver mends it: none serves both CUDA {} and these GPUs", cuda);
  }
  std::string line =
      gpu_decides
          ? fmt::format("driver branch {} at least, the first that knows these GPUs", branch_words(knowledge, lowest))
          : fmt::format("driver {} at least, of branch {}", floor->driver, branch_words(knowledge, lowest));
  const DriverBranch* supported = supported_branch(target, lowest.branch);
  if (supported != nullptr && supported->branch != lowest.branch) {
    line += fmt::format("; the lowest branch still supported is {}", branch_words(knowledge, *supported));
  }
  return line;
}

bool may_use_compat(const AdviceTarget& target, const CudaRelease& release) {
  const auto level = dotted_version_from(release.cuda), driver = dotted_version_from(release.driver);
  if (!driver || !level || target.is_supposed) return false;
  // The compat libcuda is that of its own branch, and knows the GPUs that its branch knows.
  const DriverBranch* branch = branch_of(target.situation->knowledge, *driver);
  return branch != nullptr && serves_all(target, branch->branch) &&
         judge_forward(*target.situation, release.driver, level).state == ForwardState::eligible;
}

}  // namespace varve
