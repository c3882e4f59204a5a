#include "rules/consumer/runtime_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/consumer/consumer_verdict.h"
#include "rules/consumer/gpu_code.h"

namespace varve::runtime_findings {

namespace {
constexpr std::size_t kMostNamed = 5;

struct DrivenConsumer {
  const ConsumerView* view;
  DriverAnswer driver;
};

std::vector<DrivenConsumer> driven_consumers(const Situation& situation, const ServingDriver& driver) {
  std::vector<DrivenConsumer> all;
  for (const ConsumerView& view : situation.consumers) {
    DriverAnswer answer = answer_driver(situation, driver, view);
    if (answer.decides) all.push_back({&view, std::move(answer)});
  }
  return all;
}

std::string named(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMostNamed)));
  const std::size_t left_out = names.size() - shown.size();
  return join(shown, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

// The oldest driver that runs every release of a major version, else the one that the release came with.
std::string driver_for(const Knowledge& knowledge, const DottedVersion& runtime) {
  if (const MinorVersionFloor* floor = floor_of(knowledge, runtime)) {
    return fmt::format("a driver of at least {}, the floor of CUDA {}", floor->driver, runtime.major());
  }
  const CudaRelease* release = find_release(knowledge, to_string(runtime));
  if (release != nullptr && !release->driver.empty()) {
    return fmt::format("a driver of at least {}, which CUDA {} came with", release->driver, release->cuda);
  }
  return fmt::format("a driver that offers CUDA {} or newer", to_string(runtime));
}

std::string too_old_fix(const Situation& situation, const ServingDriver& driver, const DottedVersion& runtime) {
  std::string fix = fmt::format("Install {}", driver_for(situation.knowledge, runtime));
  if (driver.api_level) {
    fix += fmt::format(", or builds for CUDA {}, which this driver serves", driver.api_level->major());
  }
  const bool some_eligible = std::any_of(situation.gpus.begin(), situation.gpus.end(), [](const GpuView& gpu) {
    return gpu.brand.find("geforce") == std::string::npos && gpu.model.find("GeForce") == std::string::npos;
  });
  if (some_eligible || situation.gpus.empty()) {
    fix += fmt::format(
        "; on data-centre GPUs the package cuda-compat for CUDA {} also does, where this driver branch "
        "is among those it is made for",
        to_string(runtime));
  }
  return fix;
}
}  // namespace

std::vector<Found> no_driver(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  // Of a machine that was looked at, the rules of the driver speak.
  const bool supposed = fact_of(situation, "driver.user_mode.version").source.starts_with("--driver");
  if (driver.presence != DriverPresence::missing || !supposed) return {};
  std::vector<std::string> names;
  for (const DrivenConsumer& one : driven_consumers(situation, driver)) names.push_back(consumer_words(*one.view));
  if (names.empty()) return {};
  return {{.evidence = fmt::format("There is {}; what needs it: {}", driver.detail, named(names))}};
}

std::vector<Found> driver_too_old(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  if (driver.presence != DriverPresence::there || situation.has_no_gpu) return {};
  struct Group {
    DottedVersion runtime;
    std::vector<std::string> names;
    std::string why;
  };
  std::map<std::string, Group> groups;  // by what is asked of the driver
  for (const DrivenConsumer& one : driven_consumers(situation, driver)) {
    if (one.driver.answer.state != CheckState::broken || one.driver.error != 35) continue;
    const DottedVersion& runtime = one.driver.decides->version;
    Group& group = groups[std::to_string(runtime.major())];
    if (group.names.empty() || runtime > group.runtime) {
      group.runtime = runtime;
      group.why = one.driver.answer.detail;
    }
    group.names.push_back(fmt::format("{} with CUDA {}", consumer_words(*one.view), to_string(runtime)));
  }
  std::vector<Found> found;
  for (const auto& [major, group] : groups) {
    found.push_back(
        {.evidence = fmt::format("None of the three regimes (backward, minor-version, forward) holds for {}; {}",
                                 named(group.names), group.why),
         .fix = too_old_fix(situation, driver, group.runtime)});
  }
  return found;
}

std::vector<Found> minor_version(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  if (driver.presence != DriverPresence::there || situation.has_no_gpu) return {};
  std::vector<std::string> names;
  for (const DrivenConsumer& one : driven_consumers(situation, driver)) {
    if (one.driver.answer.state == CheckState::broken || one.driver.regime != Regime::minor_version) continue;
    names.push_back(fmt::format("{} with CUDA {}", consumer_words(*one.view), to_string(one.driver.decides->version)));
  }
  if (names.empty()) return {};
  const std::string ceiling =
      driver.ptx_ceiling ? ", whose compiler takes PTX up to " + to_string(*driver.ptx_ceiling) : "";
  return {{.evidence =
               fmt::format("By minor-version compatibility on {}{}: {}", driver_words(driver), ceiling, named(names))}};
}

std::vector<Found> second_runtime(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  if (situation.has_no_gpu) return {};
  std::map<std::string, std::vector<std::string>> by_runtime;
  for (const DrivenConsumer& one : driven_consumers(situation, driver)) {
    for (const ConsumerRuntime& runtime : one.driver.refused) {
      if (runtime.main) continue;
      by_runtime[fmt::format("CUDA {} ({})", to_string(runtime.version), runtime.origin)].push_back(
          consumer_words(*one.view));
    }
  }
  std::vector<Found> found;
  for (const auto& [runtime, names] : by_runtime) {
    found.push_back(
        {.evidence = fmt::format("{} loads a library with the runtime of {}, which {} does not serve, though "
                                 "its own runtime is served",
                                 named(names), runtime, driver_words(driver))});
  }
  return found;
}

std::vector<Found> newer_than_data(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  const Knowledge& knowledge = situation.knowledge;
  std::set<std::string> newer;
  if (driver.version && is_newer_driver(knowledge, *driver.version)) newer.insert("driver " + driver.version_text);
  for (const ComputeCapability gpu : capabilities_of(situation)) {
    if (is_newer_gpu(knowledge, gpu)) newer.insert(gpu_words(situation, gpu));
  }
  for (const ConsumerView& view : situation.consumers) {
    for (const ConsumerRuntime& runtime : runtimes_of(view, knowledge)) {
      if (is_newer_cuda(knowledge, {.parts = {runtime.version.major()}})) {
        newer.insert("CUDA " + to_string(runtime.version));
      }
    }
  }
  if (newer.empty()) return {};
  return {{.evidence =
               fmt::format("Newer than the tables of {}: {}", knowledge.date, named({newer.begin(), newer.end()}))}};
}

std::vector<Found> branch_end_of_life(const Situation& situation) {
  if (!situation.kernel_driver || is_newer_driver(situation.knowledge, *situation.kernel_driver)) return {};
  const DriverBranch* branch = branch_of(situation.knowledge, *situation.kernel_driver);
  const std::string& now = situation.machine.captured_at;
  // Both are years and months first, so they compare as texts.
  if (branch == nullptr || branch->end_of_life.empty() || now.size() < branch->end_of_life.size()) return {};
  if (now.substr(0, branch->end_of_life.size()) <= branch->end_of_life) return {};
  return {{.evidence = fmt::format("Driver {} is of branch {}, which got its last fixes in {}",
                                   text_of(situation, "driver.kernel_mode.version").value_or(""), branch->branch,
                                   branch->end_of_life)}};
}

namespace {
std::vector<Found> gpus_with(const Situation& situation, GpuSupport wanted) {
  const ServingDriver driver = serving_driver(situation);
  std::vector<Found> found;
  if (driver.presence != DriverPresence::there && !driver.kernel) return found;
  for (const ComputeCapability gpu : capabilities_of(situation)) {
    const GpuSupportVerdict verdict = judge_gpu_support(situation, driver, gpu);
    if (verdict.support != wanted) continue;
    Found one{.evidence = verdict.detail};
    const GpuArchitecture* row = find_architecture(situation.knowledge, gpu);
    const int branch = row == nullptr ? 0 : wanted == GpuSupport::too_new ? row->first_branch : row->last_branch;
    if (branch != 0) {
      one.fix = wanted == GpuSupport::too_new
                    ? fmt::format("Install a driver of branch {} or newer", branch)
                    : fmt::format("Install a driver of branch {}, the last that serves this GPU", branch);
    }
    found.push_back(std::move(one));
  }
  return found;
}
}  // namespace

std::vector<Found> gpu_unknown(const Situation& situation) { return gpus_with(situation, GpuSupport::too_new); }
std::vector<Found> gpu_dropped(const Situation& situation) { return gpus_with(situation, GpuSupport::dropped); }

namespace {
std::vector<Found> forward_in_state(const Situation& situation, ForwardState state, std::string_view more) {
  if (situation.has_no_gpu) return {};
  const ServingDriver driver = serving_driver(situation);
  const ForwardVerdict forward = judge_forward(situation, driver);
  if (forward.state != state) return {};
  return {{.evidence = forward.detail + std::string(more)}};
}

struct OfferedCompat {
  const DriverFile* file;
  ForwardVerdict verdict;
};

// Compat libraries that lie there and are not taken.
std::vector<OfferedCompat> offered_compat(const Situation& situation, const Stack& stack) {
  std::vector<OfferedCompat> offered;
  for (const DriverFile& file : stack.driver_files) {
    if (file.library != "libcuda" || file.role != DriverFileRole::compat || file.loaded_first) continue;
    const std::string version = file.version.is_known() ? value_text(*file.version.value) : "";
    const auto level =
        file.api_level.is_known() ? dotted_version_from(value_text(*file.api_level.value)) : std::nullopt;
    if (version.empty()) continue;
    offered.push_back({&file, judge_forward(situation, version, level)});
  }
  return offered;
}
}  // namespace

std::vector<Found> forward_class(const Situation& situation) {
  return forward_in_state(situation, ForwardState::refused_class, "");
}
std::vector<Found> forward_branch(const Situation& situation) {
  return forward_in_state(situation, ForwardState::refused_branch, "");
}
std::vector<Found> forward_older(const Situation& situation) {
  return forward_in_state(situation, ForwardState::older, "");
}
std::vector<Found> forward_in_use(const Situation& situation) {
  std::vector<Found> found =
      forward_in_state(situation, ForwardState::eligible, "; the regime is forward compatibility");
  for (Found& more : forward_in_state(situation, ForwardState::untold, "; whether it may is not known here")) {
    found.push_back(std::move(more));
  }
  return found;
}

std::vector<Found> forward_not_first(const Situation& situation) {
  const std::vector<Found> too_old = driver_too_old(situation);
  if (too_old.empty()) return {};
  for (const Stack* stack : {&situation.machine, &situation.subject}) {
    for (const OfferedCompat& offered : offered_compat(situation, *stack)) {
      if (offered.verdict.state != ForwardState::eligible && offered.verdict.state != ForwardState::untold) continue;
      const std::string folder = offered.file->path.substr(0, offered.file->path.rfind('/'));
      return {{.evidence =
                   fmt::format("{} is there and is not found first ({})", offered.file->path, offered.verdict.detail),
               .fix = fmt::format("Put {} first on LD_LIBRARY_PATH of the programs that need it", folder)}};
    }
  }
  return {};
}

std::vector<Found> forward_of_image(const Situation& situation) {
  if (&situation.machine == &situation.subject || !situation.subject.image) return {};
  for (const OfferedCompat& offered : offered_compat(situation, situation.subject)) {
    if (offered.verdict.state != ForwardState::refused_class && offered.verdict.state != ForwardState::refused_branch) {
      continue;
    }
    return {{.evidence = fmt::format("{} of the image: {}", offered.file->path, offered.verdict.detail)}};
  }
  return {};
}

}  // namespace varve::runtime_findings
