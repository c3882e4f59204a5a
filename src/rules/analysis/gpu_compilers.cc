// Whether the compilers that a consumer uses at run time know the GPU.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/analysis/gpu_code.h"
#include "rules/situation/consumer_runtimes.h"
#include "rules/situation/package_row.h"

namespace varve {

namespace {
// The folder that a package's files stand in: "triton" of triton, "cuda_nvcc" of nvidia-cuda-nvcc-cu12.
std::string folder_of_package(std::string name) {
  name = to_lower(name);
  if (name.starts_with("nvidia-")) name = name.substr(7);
  const std::size_t dash = name.rfind("-cu");
  if (dash != std::string::npos && parse_integer(std::string_view(name).substr(dash + 3))) name = name.substr(0, dash);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

bool is_loaded(const ConsumerView& view, const CarriedCompiler& compiler) {
  const auto& libraries = view.consumer.libraries;
  return std::any_of(libraries.begin(), libraries.end(),
                     [&](const ConsumedLibrary& l) { return l.path == compiler.path; });
}

bool is_asked_for(const ConsumerView& view, const CarriedCompiler& compiler) {
  if (view.package == nullptr) return false;
  std::vector<std::string> names = {view.package->name};
  for (const Requirement& requirement : view.package->requirements) names.push_back(requirement.name);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return compiler.path.find("/" + folder_of_package(name) + "/") != std::string::npos;
  });
}

CompilerVerdict judge_one(const Situation& situation, const CarriedCompiler& compiler, const DottedVersion& version,
                          ComputeCapability gpu) {
  CompilerVerdict verdict{.name = compiler.name, .version = to_string(version), .gpu = gpu, .detail = {}};
  const std::string words = std::string(to_string(compiler.name)) + " " + verdict.version,
                    name = gpu_words(situation, gpu);
  const GpuArchitecture* row = find_architecture(situation.knowledge, gpu);
  if (row == nullptr) {
    verdict.state = CheckState::cannot_tell;
    verdict.detail = fmt::format("{} is newer than the data of {}", name, situation.knowledge.date);
    return verdict;
  }
  const DottedVersion release{.parts = {version.major(), version.minor()}};
  const auto first = dotted_version_from(row->first_cuda), last = dotted_version_from(row->last_cuda);
  if (!first) {
    verdict.state = CheckState::cannot_tell;
    verdict.detail = fmt::format("which compilers know {} is not in the tables", name);
  } else if (release < *first) {
    verdict.state = CheckState::broken;
    verdict.detail = fmt::format("{} does not know {}: that came with CUDA {}", words, name, row->first_cuda);
  } else if (last && release > *last) {
    verdict.state = CheckState::broken;
    verdict.detail = fmt::format("{} no longer compiles for {}: the last was CUDA {}", words, name, row->last_cuda);
  } else {
    // Only a new major version ever dropped an architecture, so a newer release of a known one still has it.
    const bool unknown = is_newer_cuda(situation.knowledge, {.parts = {release.major()}});
    verdict.state = unknown ? CheckState::cannot_tell : CheckState::ok;
    verdict.detail = unknown ? fmt::format("{} is newer than the data of {}", words, situation.knowledge.date)
                             : fmt::format("{} knows {}", words, name);
  }
  return verdict;
}

// What NVRTC hands over as PTX is of its own release; ptxas makes machine code, for which no version matters.
void compare_ptx(const Situation& situation, const ServingDriver& driver, CompilerVerdict& verdict) {
  if (verdict.name != GpuCompiler::nvrtc || verdict.state != CheckState::ok || !driver.ptx_ceiling) return;
  const CudaRelease* release = find_release(situation.knowledge, verdict.version);
  const auto isa = release == nullptr ? std::nullopt : dotted_version_from(release->ptx_isa);
  if (!isa || *isa <= *driver.ptx_ceiling) return;
  verdict.ptx_above_ceiling = true;
  verdict.detail += fmt::format(
      "; what it hands over as PTX is of version {}, and this driver compiles up to {}: only "
      "machine code from it runs",
      release->ptx_isa, to_string(*driver.ptx_ceiling));
}

// A framework that asks an old NVRTC for a target that it knows, and lets the driver compile the PTX for the GPU.
bool caps_target(const ConsumerView& view, const CarriedCompiler& compiler, const DottedVersion& version) {
  const DottedVersion first_without{.parts = {11, 8}};
  const PackageRow* row = view.package == nullptr ? nullptr : row_of(*view.package);
  const auto release = view.package == nullptr ? std::nullopt : dotted_version_from(view.package->version);
  return compiler.name == GpuCompiler::nvrtc && row != nullptr && release && !row->caps_nvrtc.empty() &&
         version < first_without && is_within(*release, row->caps_nvrtc);
}

int goodness(CheckState state) { return state == CheckState::ok ? 2 : state == CheckState::cannot_tell ? 1 : 0; }
}  // namespace

std::vector<CompilerVerdict> judge_compilers(const Situation& situation, const ServingDriver& driver,
                                             const ConsumerView& view) {
  std::vector<CompilerVerdict> verdicts;
  if (view.environment == nullptr) return verdicts;
  for (const ComputeCapability gpu : capabilities_of(situation)) {
    std::map<GpuCompiler, CompilerVerdict> best;
    for (const CarriedCompiler& compiler : view.environment->compilers) {
      if (!compiler.version.is_known() || !(is_loaded(view, compiler) || is_asked_for(view, compiler))) continue;
      const auto version = dotted_version_from(value_text(*compiler.version.value));
      if (!version) continue;
      CompilerVerdict verdict = judge_one(situation, compiler, *version, gpu);
      if (verdict.state == CheckState::broken && caps_target(view, compiler, *version)) {
        verdict.state = CheckState::ok;
        verdict.detail += ", and is asked for an older target, whose PTX the driver compiles";
      }
      const auto known = best.find(compiler.name);
      if (known == best.end() || goodness(verdict.state) > goodness(known->second.state)) {
        best.insert_or_assign(compiler.name, std::move(verdict));
      }
    }
    for (auto& [name, verdict] : best) {
      compare_ptx(situation, driver, verdict);
      verdicts.push_back(std::move(verdict));
    }
  }
  return verdicts;
}

}  // namespace varve
