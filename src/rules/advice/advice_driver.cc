// The driver's part of the advice.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/advice/advice_parts.h"

namespace varve {

namespace {
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
