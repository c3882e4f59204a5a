#include "rules/advice/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/advice/advice_parts.h"
#include "rules/situation/consumer_runtimes.h"

namespace varve {

namespace {
using Lines = std::vector<std::string>;
constexpr std::size_t kMostFixes = 8;

void say_newer_than_data(const AdviceTarget& target, Lines& lines) {
  const Knowledge& knowledge = target.situation->knowledge;
  const auto& driver = target.driver.version ? target.driver.version : target.driver.kernel;
  if (driver && is_newer_driver(knowledge, *driver)) {
    lines.push_back(fmt::format("{} is newer than the data of {}: it may serve more than is said here.",
                                driver_words(target.driver), knowledge.date));
  }
  for (const ComputeCapability gpu : target.gpus) {
    if (!is_newer_gpu(knowledge, gpu)) continue;
    lines.push_back(fmt::format("{} is newer than the data of {}: what is built for it cannot be told.",
                                gpu_words(*target.situation, gpu), knowledge.date));
  }
}

// The first GPU that the driver does not serve, whatever is installed above it, and the branch that would.
struct UnservedGpu {
  bool found = false;
  const DriverBranch* branch = nullptr;  // nullptr: none is known
};

UnservedGpu say_unserved(const AdviceTarget& target, const std::vector<GpuSupportVerdict>& verdicts, Lines& lines) {
  const Knowledge& knowledge = target.situation->knowledge;
  for (const auto& [support, detail, gpu] : verdicts) {
    const GpuArchitecture* row = find_architecture(knowledge, gpu);
    if (row == nullptr || (support != GpuSupport::too_new && support != GpuSupport::dropped)) continue;
    const std::string name = gpu_words(*target.situation, gpu);
    if (support == GpuSupport::dropped) {
      const DriverBranch* last = find_branch(knowledge, row->last_branch);
      lines.push_back(fmt::format("{} needs an older driver: branch {} is the last that serves it.", name,
                                  last == nullptr ? std::to_string(row->last_branch) : branch_words(knowledge, *last)));
      return {true, last};
    }
    const DriverBranch* supported = supported_branch(target, row->first_branch);
    const std::string named =
        supported == nullptr ? "" : "; the lowest still supported is " + branch_words(knowledge, *supported);
    lines.push_back(fmt::format("{} needs another driver, and nothing above it mends that: the first branch is {}{}.",
                                name, row->first_branch, named));
    return {true, supported != nullptr ? supported : find_branch(knowledge, row->first_branch)};
  }
  return {};
}

// The CUDA that the consumer brings; empty: not known.
std::string cuda_of(const AnalysedConsumer& consumer) {
  const std::vector<ConsumerRuntime>& runtimes = consumer.runtimes;
  const auto main = std::find_if(runtimes.begin(), runtimes.end(), [](const ConsumerRuntime& r) { return r.main; });
  if (main != runtimes.end()) return to_string(main->version);
  return runtimes.empty() ? "" : to_string(runtimes.front().version);
}

// "2.12.1" of "2.12.1+cu130"; empty: no release, so that no index has it in another build.
std::string release_of(const std::string& version) {
  const std::string release = version.substr(0, version.find('+'));
  return release.find_first_not_of("0123456789.") == std::string::npos ? release : "";
}

// Another build of the same framework: of the same version where there is one.
std::string build_advice(AdviceTarget target, const ConsumerView& view) {
  const Knowledge& knowledge = target.situation->knowledge;
  const std::string framework = framework_of_package(knowledge, view.consumer.package);
  if (framework.empty()) return "";
  target.environment = view.environment;
  const std::string release = view.package == nullptr ? "" : release_of(view.package->version);
  if (const auto same = release.empty() ? std::nullopt : choose_build(target, framework, release)) {
    return fmt::format("the same version in another build, {}: {}", build_words(*same->build),
                       install_command(target, *same->build, release)) +
           host_cuda_words(*same->build) + slower_words(target, *same->build);
  }
  const auto other = choose_build(target, framework);
  if (!other) {
    return fmt::format("no published build of {} in the data of {} fits{}", framework, knowledge.date,
                       environment_words(target));
  }
  return fmt::format("{}: {}", build_words(*other->build), install_command(target, *other->build)) +
         host_cuda_words(*other->build) + slower_words(target, *other->build);
}

std::string compat_advice(const AdviceTarget& target, const std::string& cuda) {
  const CudaRelease* release = find_release(target.situation->knowledge, cuda);
  if (release == nullptr || !may_use_compat(target, *release)) return "";
  std::string package = "cuda-compat-" + release->cuda;
  std::replace(package.begin(), package.end(), '.', '-');
  return package + " over the present kernel driver, found before its libcuda";
}

// What would mend one consumer, the smallest change first: another build needs no rights on the machine and no reboot.
void mend_consumer(const AdviceTarget& target, const AnalysedConsumer& consumer, Lines& lines) {
  const bool by_driver = consumer.driver.answer.state == CheckState::broken;
  const bool by_code = consumer.answers.code.state == CheckState::broken;
  if (!by_driver && !by_code) return;
  Lines ways;
  const auto add = [&](std::string way) {
    if (!way.empty()) ways.push_back(std::move(way));
  };
  add(build_advice(target, consumer));
  const std::string cuda = cuda_of(consumer);
  // Code that is not there is not mended by a driver, whatever its version.
  if (by_driver && !by_code && !cuda.empty()) {
    add(driver_advice(target, cuda));
    add(compat_advice(target, cuda));
  }
  if (ways.empty()) return;
  std::string line = fmt::format("To mend {}: {}", consumer_words(consumer), ways[0]);
  for (std::size_t i = 1; i < ways.size(); ++i) line += "; or " + ways[i];
  lines.push_back(line + ".");
}

// Faults that no choice of versions mends: what their rules say.
void mend_findings(const std::vector<Finding>& findings, Lines& lines) {
  static const std::set<FaultCategory> by_version = {FaultCategory::driver_ceiling, FaultCategory::kernel_coverage};
  std::set<std::string> said;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error || by_version.contains(finding.category) || finding.fix.empty()) continue;
    if (said.size() < kMostFixes && said.insert(finding.fix).second) {
      lines.push_back(finding.id + ": " + finding.fix);
    }
  }
}

// Without a driver there is nothing to fit: the branch to install, or nullptr and a line on what to name.
const DriverBranch* say_without_driver(const AdviceTarget& target, Lines& lines) {
  const Knowledge& knowledge = target.situation->knowledge;
  const bool missing = target.driver.presence == DriverPresence::missing;
  const DriverBranch* branch = target.gpus.empty() ? nullptr : supported_branch(target, 0);
  if (missing && branch != nullptr) {
    lines.push_back(fmt::format("Install a driver: branch {} is the lowest still supported that serves {}.",
                                branch_words(knowledge, *branch), gpu_words(*target.situation, target.gpus.front())));
    return branch;
  }
  lines.push_back(
      fmt::format("What fits cannot be told without a driver ({}): name one and a GPU, as in --driver 580 "
                  "--gpu L40S.",
                  target.driver.detail));
  return nullptr;
}

void add_machine_lines(const AdviceTarget& target, const std::string& before, Lines& lines) {
  for (const std::string& line : advise_machine(target)) lines.push_back(before + line);
}

void add_lines_with(const AdviceTarget& target, const DriverBranch* branch, Lines& lines) {
  if (branch == nullptr) return;
  add_machine_lines(with_branch(target, *branch), fmt::format("With branch {}: ", branch->branch), lines);
}

// The kernel driver alone says which branch there is, where its libcuda could not be looked at.
const DriverBranch* branch_of_kernel(const AdviceTarget& target) {
  const Situation& situation = *target.situation;
  const bool told = situation.kernel_driver && !is_newer_driver(situation.knowledge, *situation.kernel_driver);
  return told ? branch_of(situation.knowledge, *situation.kernel_driver) : nullptr;
}
}  // namespace

std::vector<std::string> advise(const Analysis& analysis, const std::vector<ConsumerVerdict>& verdicts,
                                const std::vector<Finding>& findings) {
  const AdviceTarget target{.situation = &analysis, .driver = analysis.driver, .gpus = capabilities_of(analysis)};
  Lines lines;
  say_newer_than_data(target, lines);
  mend_findings(findings, lines);
  if (target.driver.presence != DriverPresence::there) {
    const DriverBranch* of_kernel = branch_of_kernel(target);
    add_lines_with(target, of_kernel != nullptr ? of_kernel : say_without_driver(target, lines), lines);
    return lines;
  }
  if (const UnservedGpu unserved = say_unserved(target, analysis.gpu_support, lines); unserved.found) {
    add_lines_with(target, unserved.branch, lines);
    return lines;
  }
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].state == CheckState::broken) mend_consumer(target, analysis.consumers[i], lines);
  }
  if (!target.driver.api_level) {
    lines.push_back(fmt::format("What fits cannot be told: {}.", target.driver.api_level_missing));
    return lines;
  }
  add_machine_lines(target, "", lines);
  return lines;
}

}  // namespace varve
