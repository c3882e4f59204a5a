#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rules/analysis/analysis.h"
#include "rules/analysis/consumer_verdict.h"

// Machines, environments and tables made by hand, for the tests of rules about drivers, runtimes and GPU code.
namespace varve::test {

inline Knowledge small_knowledge() {
  Knowledge knowledge;
  knowledge.date = "2026-11-01";
  knowledge.driver_branches = {
      {470, "11.4", "7.4", "LTSB", "2024-09", "made"}, {525, "12.0", "8.0", "", "2023-12", "made"},
      {535, "12.2", "8.2", "LTSB", "2026-06", "made"}, {545, "12.3", "8.3", "", "", "made"},
      {550, "12.4", "8.4", "", "2025-06", "made"},     {570, "12.8", "8.7", "", "", "made"},
      {580, "13.0", "9.0", "LTSB", "", "made"}};
  const std::vector<std::pair<std::string, std::string>> releases = {
      {"11.0", "7.0"}, {"11.4", "7.4"}, {"11.8", "7.8"}, {"12.0", "8.0"}, {"12.1", "8.1"}, {"12.2", "8.2"},
      {"12.3", "8.3"}, {"12.4", "8.4"}, {"12.8", "8.7"}, {"12.9", "8.8"}, {"13.0", "9.0"}, {"13.2", "9.2"}};
  for (const auto& [cuda, ptx] : releases) knowledge.cuda_releases.push_back({cuda, "", ptx, {}, 0, "", "made"});
  knowledge.minor_version_floors = {
      {"11", "450.80.02", "made"}, {"12", "525.60.13", "made"}, {"13", "580.65.06", "made"}};
  knowledge.gpu_architectures = {{{3, 5}, "Kepler", "5.0", "11.8", 319, 470, "proprietary", "made"},
                                 {{6, 1}, "Pascal", "8.0", "12.9", 367, 580, "", "made"},
                                 {{7, 0}, "Volta", "9.0", "12.9", 384, 580, "", "made"},
                                 {{7, 5}, "Turing", "10.0", "", 410, 0, "", "made"},
                                 {{8, 0}, "Ampere", "11.0", "", 450, 0, "", "made"},
                                 {{8, 6}, "Ampere", "11.1", "", 455, 0, "", "made"},
                                 {{8, 9}, "Ada", "11.8", "", 520, 0, "", "made"},
                                 {{9, 0}, "Hopper", "11.8", "", 520, 0, "", "made"},
                                 {{10, 0}, "Blackwell", "12.8", "", 570, 0, "open", "made"},
                                 {{12, 0}, "Blackwell", "12.8", "", 570, 0, "open", "made"},
                                 {{12, 1}, "Blackwell", "12.9", "", 575, 0, "open", "made"}};
  knowledge.compat_packages = {{"12.4", {470, 535}, {"tesla"}, "made"}, {"13.0", {535, 550, 570}, {"tesla"}, "made"}};
  knowledge.library_names = {{"cublas", "libcublas.so.12", "12", "", "", "made"},
                             {"cublasLt", "libcublasLt.so.13", "13", "", "", "made"}};
  return knowledge;
}

// "sm_80", "sm_90a", "compute_90:8.4" (PTX of that version).
inline CodeTarget target_of(std::string text) {
  CodeTarget target;
  if (text.starts_with("compute_")) {
    target.kind = CodeKind::ptx;
    const std::size_t colon = text.find(':');
    const auto isa = dotted_version_from(text.substr(colon + 1));
    target.isa_major = isa->major();
    target.isa_minor = isa->minor();
    text = text.substr(8, colon - 8);
  } else {
    text = text.substr(3);
  }
  if (text.back() == 'a' || text.back() == 'f') {
    target.variant = text.back();
    text.pop_back();
  }
  target.architecture = *compute_capability_from(text);
  return target;
}

inline Coverage coverage_of(const std::vector<std::pair<std::vector<std::string>, int>>& groups) {
  Coverage coverage;
  for (const auto& [targets, regions] : groups) {
    CodeGroup group{.targets = {}, .regions = regions};
    for (const std::string& target : targets) group.targets.push_back(target_of(target));
    coverage.groups.push_back(std::move(group));
    coverage.regions += regions;
  }
  coverage.codecs = {"lz4"};
  return coverage;
}

// A stack that is filled step by step, and the analysis that it makes. One environment, /env.
class MadeStack {
 public:
  explicit MadeStack(Knowledge knowledge = small_knowledge()) : knowledge_(std::move(knowledge)) {
    stack_.captured_at = "2026-11-20T12:00:00Z";
    stack_.environments.push_back(
        {.kind = EnvironmentKind::venv, .path = "/env", .python = {}, .packages = {}, .compilers = {}, .runtimes = {}});
  }

  MadeStack& fact(const std::string& id, Value value, Standing standing = Standing::recorded) {
    stack_.facts[id] = known_fact(std::move(value), "made", standing);
    return *this;
  }
  MadeStack& missing(const std::string& id, Missing reason, const std::string& source = "made") {
    stack_.facts[id] = missing_fact(reason, source);
    return *this;
  }
  MadeStack& driver(const std::string& version, const std::string& api_level) {
    fact("driver.user_mode.role", std::string("driver"));
    return fact("driver.kernel_mode.version", version)
        .fact("driver.user_mode.version", version)
        .fact("driver.api_level", api_level);
  }
  // A libcuda of a compat package over another kernel driver.
  MadeStack& compat(const std::string& version, const std::string& api_level, const std::string& kernel) {
    driver(version, api_level).fact("driver.kernel_mode.version", kernel);
    return fact("driver.user_mode.role", std::string("compat"));
  }
  MadeStack& gpu(const std::string& model, const std::string& capability) {
    models_.push_back(model);
    capabilities_.push_back(capability);
    fact("gpu.count", static_cast<std::int64_t>(models_.size()));
    return fact("gpu.models", models_).fact("gpu.compute_capabilities", capabilities_);
  }
  MadeStack& no_gpu() {
    return missing("gpu.count", Missing::not_applicable).missing("driver.user_mode.version", Missing::not_applicable);
  }

  Environment& environment() { return stack_.environments.back(); }
  MadeStack& package(const std::string& name, const std::string& version, const std::string& cuda,
                     const std::string& role = "framework") {
    Package package{.name = name,
                    .version = version,
                    .role = *package_role_from(role),
                    .installer = "pip",
                    .cuda = {},
                    .requirements = {}};
    package.cuda = cuda.empty() ? missing_fact(Missing::absent, "made") : known_fact(cuda, "version.py");
    environment().packages.push_back(std::move(package));
    return *this;
  }
  // Begins a consumer of the last package; the libraries after it are its own.
  MadeStack& consumer() {
    const Package& package = environment().packages.back();
    stack_.consumers.push_back({.kind = consumer_kind_of(package),
                                .name = package.name + " " + package.version,
                                .package = package.name,
                                .environment = "/env",
                                .libraries = {},
                                .symbols_checked = true,
                                .remark = {}});
    return *this;
  }
  // A file that the last consumer loads; `of` is the package that holds it, `runtime` and coverage may be empty.
  MadeStack& library(const std::string& name, const std::string& of, const std::string& runtime = {},
                     std::optional<Coverage> coverage = {}, const std::string& asked_by = {},
                     DependencyKind kind = DependencyKind::needed) {
    const std::string path = "/env/" + of + "/" + name;
    stack_.consumers.back().libraries.push_back(
        {.name = name, .path = path, .why = "made", .asked_by = asked_by, .kind = kind, .unresolved = {}});
    Binary binary{.path = path,
                  .environment = "/env",
                  .package = of,
                  .soname = name,
                  .build_id = {},
                  .version = {},
                  .runtime = {},
                  .built_by = {},
                  .dependencies = {},
                  .coverage = std::move(coverage)};
    binary.runtime = runtime.empty() ? missing_fact(Missing::absent, "made") : known_fact(runtime, "made");
    stack_.binaries.push_back(std::move(binary));
    return *this;
  }
  MadeStack& not_found(const std::string& name, const std::string& asked_by) {
    stack_.consumers.back().libraries.push_back(
        {.name = name, .path = {}, .why = "not found", .asked_by = asked_by, .unresolved = {}});
    return *this;
  }
  ConsumedLibrary& last_library() { return stack_.consumers.back().libraries.back(); }
  Stack& stack() { return stack_; }
  const Knowledge& knowledge() const { return knowledge_; }

  // Valid until the stack is changed.
  Analysis analysis() const { return analyse(stack_, stack_, knowledge_); }

 private:
  Knowledge knowledge_;
  Stack stack_;
  std::vector<std::string> models_, capabilities_;
};

// A framework with its own code and libcudart of a runtime, as wheels lay them out.
inline MadeStack& add_framework(MadeStack& stack, const std::string& runtime, Coverage coverage,
                                const std::string& name = "torch", const std::string& version = "2.5.0") {
  const std::string soname = "libcudart.so." + runtime.substr(0, runtime.find('.'));
  stack.package(name, version, runtime).consumer();
  stack.library("libown.so", name, "", std::move(coverage));
  return stack.library(soname, "nvidia-cuda-runtime", runtime, {}, "/env/" + name + "/libown.so");
}

// Code for the usual GPUs, some of it for H100 alone.
inline Coverage usual_code() { return coverage_of({{{"sm_70", "sm_80", "sm_86", "sm_90"}, 100}, {{"sm_90a"}, 5}}); }

// Of the first consumer; one without a name where there is none.
inline ConsumerVerdict first_verdict(const MadeStack& stack) {
  std::vector<ConsumerVerdict> verdicts = judge_consumers(stack.analysis());
  return verdicts.empty() ? ConsumerVerdict{} : std::move(verdicts.front());
}

// The answer to a question by its word ("GPU code"); one that says so where it was not asked.
inline ConsumerAnswer answer(const ConsumerVerdict& verdict, const std::string& question) {
  for (const ConsumerAnswer& each : verdict.answers) {
    if (each.question == question_from(question)) return each;
  }
  return {.question = {}, .state = CheckState::cannot_tell, .detail = "nobody asked for " + question};
}

}  // namespace varve::test
