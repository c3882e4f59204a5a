// The driver against the runtimes that consumers load, and against the GPUs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/analysis/rule.h"
#include "rules/consumer/consumer_rules.h"
#include "rules/consumer/consumer_words.h"

namespace varve {

namespace {
// Consumers that a runtime of CUDA's decides about.
std::vector<const AnalysedConsumer*> driven_consumers(const Analysis& analysis) {
  std::vector<const AnalysedConsumer*> all;
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    if (consumer.driver.decides) all.push_back(&consumer);
  }
  return all;
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

std::string too_old_fix(const Analysis& analysis, const ServingDriver& driver, const DottedVersion& runtime) {
  std::string fix = fmt::format("Install {}", driver_for(analysis.knowledge, runtime));
  if (driver.api_level) {
    fix += fmt::format(", or builds for CUDA {}, which this driver serves", driver.api_level->major());
  }
  const bool some_eligible = std::any_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) {
    return gpu.brand.find("geforce") == std::string::npos && gpu.model.find("GeForce") == std::string::npos;
  });
  if (some_eligible || analysis.gpus.empty()) {
    fix += fmt::format(
        "; on data-centre GPUs the package cuda-compat for CUDA {} also does, where this driver branch "
        "is among those it is made for",
        to_string(runtime));
  }
  return fix;
}

std::vector<Found> no_driver(const Analysis& analysis) {
  const ServingDriver& driver = analysis.driver;
  // Of a machine that was looked at, the rules of the driver speak.
  const bool supposed = fact_of(analysis, "driver.user_mode.version").source.starts_with("--driver");
  if (driver.presence != DriverPresence::missing || !supposed) return {};
  std::vector<std::string> names;
  for (const AnalysedConsumer* one : driven_consumers(analysis)) names.push_back(consumer_words(*one));
  if (names.empty()) return {};
  return {{.evidence = fmt::format("There is {}; what needs it: {}", driver.detail, named(names))}};
}

std::vector<Found> driver_too_old(const Analysis& analysis) {
  const ServingDriver& driver = analysis.driver;
  if (analysis.has_no_gpu) return {};
  struct Group {
    DottedVersion runtime;
    std::vector<std::string> names;
    std::string why;
    std::vector<FindingSubject> about;
  };
  std::map<std::string, Group> groups;  // by what is asked of the driver
  for (const AnalysedConsumer* one : driven_consumers(analysis)) {
    if (!is_driver_too_old(driver, one->driver)) continue;
    const DottedVersion& runtime = one->driver.decides->version;
    Group& group = groups[std::to_string(runtime.major())];
    if (group.names.empty() || runtime > group.runtime) {
      group.runtime = runtime;
      group.why = one->driver.answer.detail;
    }
    group.names.push_back(fmt::format("{} with CUDA {}", consumer_words(*one), to_string(runtime)));
    group.about.push_back({About::consumer, one->consumer.name});
  }
  std::vector<Found> found;
  for (const auto& [major, group] : groups) {
    found.push_back(
        {.evidence = fmt::format("None of the three regimes (backward, minor-version, forward) holds for {}; {}",
                                 named(group.names), group.why),
         .fix = too_old_fix(analysis, driver, group.runtime),
         .about = group.about});
  }
  return found;
}

std::vector<Found> minor_version(const Analysis& analysis) {
  const ServingDriver& driver = analysis.driver;
  if (driver.presence != DriverPresence::there || analysis.has_no_gpu) return {};
  std::vector<std::string> names;
  for (const AnalysedConsumer* one : driven_consumers(analysis)) {
    if (one->driver.answer.state == CheckState::broken || one->driver.regime != Regime::minor_version) continue;
    names.push_back(fmt::format("{} with CUDA {}", consumer_words(*one), to_string(one->driver.decides->version)));
  }
  if (names.empty()) return {};
  const std::string ceiling =
      driver.ptx_ceiling ? ", whose compiler takes PTX up to " + to_string(*driver.ptx_ceiling) : "";
  return {{.evidence =
               fmt::format("By minor-version compatibility on {}{}: {}", driver_words(driver), ceiling, named(names))}};
}

std::vector<Found> second_runtime(const Analysis& analysis) {
  const ServingDriver& driver = analysis.driver;
  if (analysis.has_no_gpu) return {};
  std::map<std::string, std::vector<std::string>> by_runtime;
  for (const AnalysedConsumer* one : driven_consumers(analysis)) {
    for (const ConsumerRuntime& runtime : one->driver.refused) {
      if (runtime.main) continue;
      by_runtime[fmt::format("CUDA {} ({})", to_string(runtime.version), runtime.origin)].push_back(
          consumer_words(*one));
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

std::vector<Found> newer_than_data(const Analysis& analysis) {
  const ServingDriver& driver = analysis.driver;
  const Knowledge& knowledge = analysis.knowledge;
  std::set<std::string> newer;
  if (driver.version && is_newer_driver(knowledge, *driver.version)) newer.insert("driver " + driver.version_text);
  for (const GpuSupportVerdict& support : analysis.gpu_support) {
    if (is_newer_gpu(knowledge, support.gpu)) newer.insert(gpu_words(analysis, support.gpu));
  }
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    for (const ConsumerRuntime& runtime : consumer.runtimes) {
      if (is_newer_cuda(knowledge, {.parts = {runtime.version.major()}})) {
        newer.insert("CUDA " + to_string(runtime.version));
      }
    }
  }
  if (newer.empty()) return {};
  return {{.evidence =
               fmt::format("Newer than the tables of {}: {}", knowledge.date, named({newer.begin(), newer.end()}))}};
}

std::vector<Found> branch_end_of_life(const Analysis& analysis) {
  if (!analysis.kernel_driver || is_newer_driver(analysis.knowledge, *analysis.kernel_driver)) return {};
  const DriverBranch* branch = branch_of(analysis.knowledge, *analysis.kernel_driver);
  const std::string& now = analysis.machine.captured_at;
  // Both are years and months first, so they compare as texts.
  if (branch == nullptr || branch->end_of_life.empty() || now.size() < branch->end_of_life.size()) return {};
  if (now.substr(0, branch->end_of_life.size()) <= branch->end_of_life) return {};
  return {{.evidence = fmt::format("Driver {} is of branch {}, which got its last fixes in {}",
                                   text_of(analysis, "driver.kernel_mode.version").value_or(""), branch->branch,
                                   branch->end_of_life)}};
}

std::vector<Found> gpus_with(const Analysis& analysis, GpuSupport wanted) {
  const ServingDriver& driver = analysis.driver;
  std::vector<Found> found;
  if (driver.presence != DriverPresence::there && !driver.kernel) return found;
  for (const GpuSupportVerdict& verdict : analysis.gpu_support) {
    if (verdict.support != wanted) continue;
    Found one{.evidence = verdict.detail};
    const GpuArchitecture* row = find_architecture(analysis.knowledge, verdict.gpu);
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

std::vector<Found> gpu_unknown(const Analysis& analysis) { return gpus_with(analysis, GpuSupport::too_new); }
std::vector<Found> gpu_dropped(const Analysis& analysis) { return gpus_with(analysis, GpuSupport::dropped); }
}  // namespace

const std::vector<Rule>& runtime_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-RUNTIME-NO-DRIVER",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "The driver that was supposed has a libcuda.",
       .consequence =
           "Every program that uses CUDA says that there is no driver: error 35 with driver version 0, or 303",
       .fix = "Install a driver; another framework or toolkit does not help",
       .source = kCompatibility,
       .judge = no_driver},
      {.id = "VRV-RUNTIME-DRIVER-TOO-OLD",
       .layer = Layer::bundled_runtime,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.api_level"},
       .statement = "Each runtime is served in one of three ways: backward (the driver is as new or newer), "
                    "minor-version (a newer runtime of the same major version, from CUDA 11 on, over a driver at or "
                    "above the floor of that version), or forward (a newer libcuda of cuda-compat on data-centre "
                    "GPUs). A runtime newer than the driver is not always an error.",
       .consequence = "The first call to CUDA fails: error 35, \"CUDA driver version is insufficient for CUDA runtime "
                      "version\", or \"The NVIDIA driver on your system is too old\", whose number is the API level "
                      "and not the driver's version",
       .fix = "Install a newer driver, or builds for the CUDA that this driver serves",
       .source = kCompatibility,
       .judge = driver_too_old},
      {.id = "VRV-RUNTIME-MINOR-VERSION",
       .layer = Layer::bundled_runtime,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.api_level"},
       .statement = "The driver is as new as the runtime, or what minor-version compatibility leaves out is known.",
       .consequence = "Machine code runs. PTX newer than the driver's compiler takes is refused (error 222), and calls "
                      "that came with the newer release answer error 36",
       .fix = "Nothing, as long as all of it is machine code; else a driver of the runtime's own release",
       .source = kCompatibility,
       .judge = minor_version},
      {.id = "VRV-RUNTIME-SECOND-RUNTIME",
       .layer = Layer::bundled_runtime,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.api_level"},
       .statement = "The runtimes inside the libraries that a program loads are served by the driver too.",
       .consequence = "The program starts, and fails where it first uses that library",
       .fix = "Install the build of that library for the CUDA that the driver serves, or a newer driver",
       .source = kCompatibility,
       .judge = second_runtime},
      {.id = "VRV-RUNTIME-NEWER-THAN-DATA",
       .layer = Layer::user_driver,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::driver_ceiling,
       .statement = "Driver, GPU and runtimes are not newer than the tables.",
       .consequence = "What rests on the tables alone cannot be told for it",
       .fix = "Take a newer Varve, or newer tables by --data",
       .source = "the dates of the tables in data/",
       .judge = newer_than_data},
      {.id = "VRV-RUNTIME-BRANCH-END-OF-LIFE",
       .layer = Layer::kernel_driver,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.kernel_mode.version"},
       .statement = "The branch of the driver still gets fixes.",
       .consequence = "It gets no more security fixes and no support for newer runtimes",
       .fix = "Move to a branch that is still served when you can",
       .source = "data/driver_branches.json, with a source a row",
       .judge = branch_end_of_life},
      {.id = "VRV-RUNTIME-GPU-UNKNOWN",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"gpu.models", "driver.kernel_mode.version"},
       .statement = "The driver knows the GPU, whatever CUDA it offers.",
       .consequence =
           "The GPU is not listed, or nothing compiles for it; minor-version compatibility does not change that",
       .fix = "Install a driver branch that knows the GPU",
       .source = "data/gpu_architectures.json, with a source a row; the driver's compiler",
       .judge = gpu_unknown},
      {.id = "VRV-RUNTIME-GPU-DROPPED",
       .layer = Layer::user_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"gpu.models", "driver.kernel_mode.version"},
       .statement = "The driver still serves the GPU.",
       .consequence = "The GPU is not listed, and error 100, no device, follows",
       .fix = "Install the last branch that serves the GPU",
       .source = "data/gpu_architectures.json, with a source a row; the driver's compiler",
       .judge = gpu_dropped},
  };
  return rules;
}

}  // namespace varve
