// GPU code, PTX and run-time compilers against the GPUs of the machine.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/consumer/consumer_rules.h"
#include "rules/consumer/consumer_words.h"

namespace varve {

namespace {
constexpr const char* kApplication =
    "NVIDIA, CUDA C++ Programming Guide, binary and PTX compatibility; the architecture compatibility guides";

// Consumers with one of the causes, by GPU: what stands in their verdicts.
struct CodeGroupFound {
  std::vector<std::string> lines;
  std::vector<FindingSubject> about;
  bool only_some_gpus = true;  // every consumer in it runs on another GPU of the machine
  bool framework = false;      // one of them is a framework
};

bool runs(CodeCause cause) { return state_of(cause) == CheckState::ok || state_of(cause) == CheckState::degraded; }

std::map<ComputeCapability, CodeGroupFound> groups_of(const Analysis& analysis,
                                                      std::initializer_list<CodeCause> causes) {
  std::map<ComputeCapability, CodeGroupFound> groups;
  for (const AnalysedConsumer& view : analysis.consumers) {
    const std::vector<CodeVerdict>& verdicts = view.code;
    const bool elsewhere = std::any_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return runs(v.cause); });
    for (const CodeVerdict& verdict : verdicts) {
      if (std::find(causes.begin(), causes.end(), verdict.cause) == causes.end()) continue;
      CodeGroupFound& group = groups[verdict.gpu];
      group.lines.push_back(fmt::format("{} ({})", consumer_words(view), verdict.detail));
      group.about.push_back({About::consumer, view.consumer.name});
      group.only_some_gpus = group.only_some_gpus && elsewhere;
      group.framework = group.framework || view.consumer.kind == ConsumerKind::framework;
    }
  }
  return groups;
}

std::vector<Found> found_for(const Analysis& analysis, std::initializer_list<CodeCause> causes) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(analysis, causes)) {
    Found one{.evidence = named(std::move(group.lines)), .about = std::move(group.about)};
    if (group.only_some_gpus) one.severity = Severity::warning;
    found.push_back(std::move(one));
  }
  return found;
}

bool is_set(const Analysis& analysis, const char* name) {
  const auto value = setting_of(analysis, name);
  return value && *value != "0" && !value->empty();
}

std::vector<Found> no_kernel_image(const Analysis& analysis) {
  return found_for(analysis, {CodeCause::none, CodeCause::hardly});
}

std::vector<Found> ptx_too_new(const Analysis& analysis) { return found_for(analysis, {CodeCause::ptx_too_new}); }

std::vector<Found> jit_at_start(const Analysis& analysis) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(analysis, {CodeCause::by_jit})) {
    const Severity severity = group.framework ? Severity::warning : Severity::note;
    found.push_back({.evidence = named(std::move(group.lines)), .severity = severity, .about = std::move(group.about)});
  }
  return found;
}

std::vector<Found> code_in_part(const Analysis& analysis) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(analysis, {CodeCause::partly, CodeCause::for_siblings, CodeCause::some_files})) {
    found.push_back({.evidence = named(std::move(group.lines))});
  }
  return found;
}

// One finding a library and GPU of an environment, with all who load it.
std::vector<Found> library_without_code(const Analysis& analysis) {
  struct Group {
    std::vector<std::string> names;
    std::string detail;
  };
  std::map<std::pair<std::string, ComputeCapability>, Group> groups;
  for (const AnalysedConsumer& view : analysis.consumers) {
    for (const LibraryCodeVerdict& verdict : view.library_code) {
      Group& group = groups[{verdict.path, verdict.gpu}];
      group.names.push_back(consumer_words(view));
      group.detail = verdict.detail;
    }
  }
  std::vector<Found> found;
  for (auto& [key, group] : groups) {
    const std::string name = file_name(key.first);
    found.push_back({.evidence = fmt::format("{} (loaded by {})", group.detail, named(std::move(group.names))),
                     .about = {{About::library, name}}});
  }
  return found;
}

std::vector<Found> jit_disabled(const Analysis& analysis) { return found_for(analysis, {CodeCause::ptx_disabled}); }

std::vector<Found> jit_forced(const Analysis& analysis) {
  if (!is_set(analysis, "CUDA_FORCE_PTX_JIT") || analysis.has_no_gpu) return {};
  std::vector<Found> found = found_for(analysis, {CodeCause::machine_code_only});
  for (Found& one : found) one.severity = one.severity.value_or(Severity::error);
  if (found.empty()) found.push_back({.evidence = "CUDA_FORCE_PTX_JIT is set"});
  return found;
}

std::vector<Found> compiler_without_gpu(const Analysis& analysis) {
  struct Group {
    std::vector<std::string> names;
    std::string detail;
    bool breaks = false;
  };
  std::map<std::string, Group> groups;  // by compiler and GPU
  for (const AnalysedConsumer& view : analysis.consumers) {
    const std::vector<CodeVerdict>& code = view.code;
    const bool own_code = std::any_of(code.begin(), code.end(), [](const auto& v) { return runs(v.cause); });
    for (const CompilerVerdict& verdict : view.compilers) {
      if (verdict.state != CheckState::broken) continue;
      Group& group = groups[verdict.detail];
      group.names.push_back(consumer_words(view));
      group.detail = verdict.detail;
      group.breaks = group.breaks || !own_code;
    }
  }
  std::vector<Found> found;
  for (auto& [key, group] : groups) {
    found.push_back({.evidence = fmt::format("{} (used by {})", group.detail, named(std::move(group.names))),
                     .severity = group.breaks ? Severity::error : Severity::warning});
  }
  return found;
}

std::vector<Found> compression(const Analysis& analysis) {
  const DottedVersion first{.parts = {550, 54, 14}};
  const ServingDriver& driver = analysis.driver;
  if (!driver.version || *driver.version >= first || analysis.has_no_gpu) return {};
  std::vector<std::string> names;
  for (const AnalysedConsumer& view : analysis.consumers) {
    if (view.driver.answer.state == CheckState::broken) continue;  // it has the greater trouble
    // A package with several builds of its code has one that loads.
    std::vector<std::string> compressed;
    bool another = false;
    for (const LibraryView& library : view.libraries) {
      if (!is_own(view, library) || !library.binary->coverage || library.binary->coverage->regions == 0) continue;
      const bool zstd = library.binary->coverage->codecs == std::vector<std::string>{"zstd"};
      another = another || !zstd;
      if (zstd) compressed.push_back(library.binary->path.substr(library.binary->path.rfind('/') + 1));
    }
    if (compressed.empty() || another) continue;
    names.push_back(fmt::format("{} ({})", consumer_words(view), named(std::move(compressed))));
  }
  if (names.empty()) return {};
  return {{.evidence = fmt::format("All GPU code of {} is compressed by zstd, and {} is older than 550.54.14",
                                   named(std::move(names)), driver_words(driver))}};
}
}  // namespace

const std::vector<Rule>& code_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-CODE-NO-KERNEL-IMAGE",
       .layer = Layer::framework,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models"},
       .statement = "A consumer's own GPU code holds machine code for the GPU, or PTX that the driver compiles for it.",
       .consequence = "The first kernel fails: error 209, \"no kernel image is available for execution on the device\"",
       .fix = "Install a build that was made for this GPU, or build it from source for it. Another host toolkit or "
              "nvcc does not help, though that is often advised: a wheel carries its own code",
       .source = kApplication,
       .judge = no_kernel_image},
      {.id = "VRV-CODE-PTX-TOO-NEW",
       .layer = Layer::framework,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models", "driver.api_level"},
       .statement = "Where only PTX serves the GPU, the driver's compiler takes its version: the limit of "
                    "minor-version compatibility.",
       .consequence = "Loading fails: error 222, \"the provided PTX was compiled with an unsupported toolchain\"",
       .fix = "Install a driver as new as the toolkit that made the PTX, or a build with machine code for this GPU. "
              "Another host toolkit does not help a wheel",
       .source = kApplication,
       .judge = ptx_too_new},
      {.id = "VRV-CODE-JIT-AT-START",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::silent_slowdown,
       .needs = {"gpu.models", "driver.api_level"},
       .statement = "A consumer's own GPU code is machine code for the GPU.",
       .consequence = "It runs; the driver compiles it at the first start, which can take minutes, and again when its "
                      "cache (CUDA_CACHE_PATH, CUDA_CACHE_MAXSIZE) is lost",
       .fix =
           "Install a build with machine code for this GPU, or keep the cache; --prove-jit measures how long it takes",
       .source = kApplication,
       .judge = jit_at_start},
      {.id = "VRV-CODE-IN-PART",
       .layer = Layer::framework,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models"},
       .statement = "All of a consumer's own GPU code serves the GPU.",
       .consequence =
           "It runs; parts of it take a general path where other GPUs have code of their own, or are not there at all",
       .fix = "Install a build that was made for this GPU, where those parts matter",
       .source = kApplication,
       .judge = code_in_part},
      {.id = "VRV-CODE-LIBRARY",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models"},
       .statement = "The kernel libraries that a consumer loads (cuBLAS, cuDNN, NCCL) have code for the GPU, too.",
       .consequence =
           "The program starts, and fails where it first uses that library (\"no kernel image is available\", "
           "CUDNN_STATUS_ARCH_MISMATCH)",
       .fix = "Install a release of that library that was made for this GPU, as the framework's own wheel brings it",
       .source = kApplication,
       .judge = library_without_code},
      {.id = "VRV-CODE-JIT-DISABLED",
       .layer = Layer::settings,
       .severity = Severity::error,
       .mender = Mender::application,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models"},
       .statement = "CUDA_DISABLE_PTX_JIT is not set where PTX is needed.",
       .consequence = "Kernels that are there as PTX only are not loaded",
       .fix = "Unset CUDA_DISABLE_PTX_JIT",
       .source = "NVIDIA, CUDA C++ Programming Guide, environment variables",
       .judge = jit_disabled},
      {.id = "VRV-CODE-JIT-FORCED",
       .layer = Layer::settings,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = FaultCategory::silent_slowdown,
       .statement = "CUDA_FORCE_PTX_JIT is not set.",
       .consequence =
           "Machine code is ignored: everything is compiled from PTX at the start, and what has no PTX fails",
       .fix = "Unset CUDA_FORCE_PTX_JIT",
       .source = "NVIDIA, CUDA C++ Programming Guide, environment variables",
       .judge = jit_forced},
      {.id = "VRV-CODE-COMPILER-GPU",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::kernel_coverage,
       .needs = {"gpu.models"},
       .statement = "The compilers that a consumer uses at run time (ptxas of Triton and XLA, NVRTC) know the GPU.",
       .consequence = "What is compiled at run time fails (\"invalid value for --gpu-architecture\", \"Value 'sm_…' is "
                      "not defined\"), while code that was made before runs",
       .fix = "Install the release of the framework whose compiler knows this GPU, or name a newer ptxas "
              "(TRITON_PTXAS_PATH)",
       .source = "data/gpu_architectures.json, with a source a row",
       .judge = compiler_without_gpu},
      {.id = "VRV-CODE-COMPRESSION",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .needs = {"driver.user_mode.version"},
       .statement = "The driver can decompress the GPU code.",
       .consequence = "The code is there and cannot be loaded: \"no kernel image\" or \"invalid image\"",
       .fix = "Install a driver of at least 550.54.14, or a build with the older compression",
       .source =
           "RAPIDS, rapids-cmake, rapids_cuda_enable_fatbin_compression: zstd needs driver 550.54.14, LZ4 525.60.13",
       .judge = compression},
  };
  return rules;
}

}  // namespace varve
