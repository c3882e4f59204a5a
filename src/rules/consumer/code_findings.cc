// GPU code, PTX and run-time compilers against the GPUs of the machine.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/consumer/consumer_verdict.h"
#include "rules/consumer/gpu_code.h"
#include "rules/consumer/runtime_findings.h"

namespace varve::runtime_findings {

namespace {
constexpr std::size_t kMostCodeLines = 5;

// Consumers with one of the causes, by GPU: what stands in their verdicts.
struct CodeGroupFound {
  std::vector<std::string> lines;
  bool only_some_gpus = true;  // every consumer in it runs on another GPU of the machine
  bool framework = false;      // one of them is a framework
};

bool runs(CodeCause cause) { return state_of(cause) == CheckState::ok || state_of(cause) == CheckState::degraded; }

std::map<ComputeCapability, CodeGroupFound> groups_of(const Situation& situation,
                                                      std::initializer_list<CodeCause> causes) {
  std::map<ComputeCapability, CodeGroupFound> groups;
  const ServingDriver driver = serving_driver(situation);
  for (const ConsumerView& view : situation.consumers) {
    const std::vector<CodeVerdict> verdicts = judge_code(situation, driver, view);
    const bool elsewhere = std::any_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return runs(v.cause); });
    for (const CodeVerdict& verdict : verdicts) {
      if (std::find(causes.begin(), causes.end(), verdict.cause) == causes.end()) continue;
      CodeGroupFound& group = groups[verdict.gpu];
      group.lines.push_back(fmt::format("{} ({})", consumer_words(view), verdict.detail));
      group.only_some_gpus = group.only_some_gpus && elsewhere;
      group.framework = group.framework || view.consumer.kind == ConsumerKind::framework;
    }
  }
  return groups;
}

std::string named_lines(std::vector<std::string> lines) {
  const std::size_t left_out = lines.size() > kMostCodeLines ? lines.size() - kMostCodeLines : 0;
  lines.resize(lines.size() - left_out);
  return join(lines, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

std::vector<Found> found_for(const Situation& situation, std::initializer_list<CodeCause> causes) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(situation, causes)) {
    Found one{.evidence = named_lines(std::move(group.lines))};
    if (group.only_some_gpus) one.severity = Severity::warning;
    found.push_back(std::move(one));
  }
  return found;
}

bool is_variable_set(const Situation& situation, const char* name) {
  const auto value = setting_of(situation, name);
  return value && *value != "0" && !value->empty();
}
}  // namespace

std::vector<Found> no_kernel_image(const Situation& situation) { return found_for(situation, {CodeCause::none}); }

std::vector<Found> ptx_too_new(const Situation& situation) { return found_for(situation, {CodeCause::ptx_too_new}); }

std::vector<Found> jit_at_start(const Situation& situation) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(situation, {CodeCause::by_jit})) {
    const Severity severity = group.framework ? Severity::warning : Severity::note;
    found.push_back({.evidence = named_lines(std::move(group.lines)), .severity = severity});
  }
  return found;
}

std::vector<Found> code_in_part(const Situation& situation) {
  std::vector<Found> found;
  for (auto& [gpu, group] : groups_of(situation, {CodeCause::partly, CodeCause::for_siblings, CodeCause::some_files})) {
    found.push_back({.evidence = named_lines(std::move(group.lines))});
  }
  return found;
}

std::vector<Found> jit_disabled(const Situation& situation) { return found_for(situation, {CodeCause::ptx_disabled}); }

std::vector<Found> jit_forced(const Situation& situation) {
  if (!is_variable_set(situation, "CUDA_FORCE_PTX_JIT") || situation.has_no_gpu) return {};
  std::vector<Found> found = found_for(situation, {CodeCause::machine_code_only});
  for (Found& one : found) one.severity = one.severity.value_or(Severity::error);
  if (found.empty()) found.push_back({.evidence = "CUDA_FORCE_PTX_JIT is set"});
  return found;
}

std::vector<Found> compiler_without_gpu(const Situation& situation) {
  const ServingDriver driver = serving_driver(situation);
  struct Group {
    std::vector<std::string> names;
    std::string detail;
    bool breaks = false;
  };
  std::map<std::string, Group> groups;  // by compiler and GPU
  for (const ConsumerView& view : situation.consumers) {
    const std::vector<CodeVerdict> code = judge_code(situation, driver, view);
    const bool own_code = std::any_of(code.begin(), code.end(), [](const auto& v) { return runs(v.cause); });
    for (const CompilerVerdict& verdict : judge_compilers(situation, driver, view)) {
      if (verdict.state != CheckState::broken) continue;
      Group& group = groups[verdict.detail];
      group.names.push_back(consumer_words(view));
      group.detail = verdict.detail;
      group.breaks = group.breaks || !own_code;
    }
  }
  std::vector<Found> found;
  for (auto& [key, group] : groups) {
    found.push_back({.evidence = fmt::format("{} (used by {})", group.detail, named_lines(std::move(group.names))),
                     .severity = group.breaks ? Severity::error : Severity::warning});
  }
  return found;
}

std::vector<Found> compression(const Situation& situation) {
  const DottedVersion first{.parts = {550, 54, 14}};
  const ServingDriver driver = serving_driver(situation);
  if (!driver.version || *driver.version >= first || situation.has_no_gpu) return {};
  std::vector<std::string> names;
  for (const ConsumerView& view : situation.consumers) {
    const DriverAnswer answer = answer_driver(situation, driver, view);
    if (answer.answer.state == CheckState::broken) continue;  // it has the greater trouble
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
    names.push_back(fmt::format("{} ({})", consumer_words(view), named_lines(std::move(compressed))));
  }
  if (names.empty()) return {};
  return {{.evidence = fmt::format("All GPU code of {} is compressed by zstd, and {} is older than 550.54.14",
                                   named_lines(std::move(names)), driver_words(driver))}};
}

}  // namespace varve::runtime_findings
