#include "rules/advice/advice_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version_specifier.h"

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

// Whether code that was made for these runs on the GPU: machine code serves later GPUs of its generation.
bool is_made_for(const std::vector<std::string>& targets, ComputeCapability gpu) {
  return std::any_of(targets.begin(), targets.end(), [&](const std::string& text) {
    const auto made_for = compute_capability_from(text);
    return made_for && made_for->major == gpu.major && made_for->minor <= gpu.minor;
  });
}

bool covers(const AdviceTarget& target, const FrameworkBuild& build) {
  const Knowledge& knowledge = target.situation->knowledge;
  const CudaRelease* release = find_release(knowledge, build.cuda);
  if (build.targets.empty()) {
    return target.gpus.empty() || (release != nullptr && compiles_for(knowledge, *release, target.gpus));
  }
  return std::all_of(target.gpus.begin(), target.gpus.end(),
                     [&](ComputeCapability gpu) { return is_made_for(build.targets, gpu); });
}

// One that brings its libraries before one that needs the host's; then the newest.
bool is_better(const BuildChoice& a, const BuildChoice& b) {
  if (a.build->host_cuda != b.build->host_cuda) return b.build->host_cuda;
  const DottedVersion version_a = start_of(a.build->version), version_b = start_of(b.build->version);
  if (version_a != version_b) return version_a > version_b;
  const bool full_a = a.regime != Regime::minor_version, full_b = b.regime != Regime::minor_version;
  if (full_a != full_b) return full_a;
  return dotted_version_from(a.build->cuda).value_or(DottedVersion{}) >
         dotted_version_from(b.build->cuda).value_or(DottedVersion{});
}

// As pip takes it: "==2.14.*", ">=0.7.2,<0.11".
std::string requirement_of_version(const std::string& version) {
  return version.find_first_of("<>=") == std::string::npos ? "==" + version + ".*" : version;
}

std::string requirement_of(const FrameworkBuild& build) { return requirement_of_version(build.version); }

bool are_all_served(const LibraryRelease& release, const std::vector<ComputeCapability>& gpus) {
  return std::all_of(gpus.begin(), gpus.end(),
                     [&](ComputeCapability gpu) { return is_made_for(release.targets, gpu); });
}

// The rows that say which GPUs a cuDNN of these CUDA releases serves, the newest first; of other CUDA releases where
// the tables have none of these.
std::vector<const LibraryRelease*> cudnn_rows(const Knowledge& knowledge, const std::string& cuda) {
  const auto wanted = dotted_version_from(cuda);
  std::vector<const LibraryRelease*> rows;
  for (const LibraryRelease& row : knowledge.library_releases) {
    const auto least = start_of(row.cuda);
    // A bare major version ("12") is any release of it.
    const bool fits = wanted && (is_within(*wanted, row.cuda) || (wanted->parts.size() == 1 && !least.parts.empty() &&
                                                                  least.major() == wanted->major()));
    if (row.library == "cudnn" && !row.targets.empty() && fits) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const LibraryRelease* a, const LibraryRelease* b) {
    return start_of(a->version) > start_of(b->version);
  });
  return rows;
}

// Whether a cuDNN of the version that the build asks for is known to have left one of the GPUs.
bool has_cudnn_left(const AdviceTarget& target, const FrameworkBuild& build) {
  const auto cudnn = dotted_version_from(build.cudnn);
  if (!cudnn || cudnn->parts.size() < 2 || !build.newest_cudnn.empty()) return false;
  bool known = false, served = false;
  for (const LibraryRelease& row : target.situation->knowledge.library_releases) {
    if (row.library != "cudnn" || row.targets.empty() || !is_within(*cudnn, row.version)) continue;
    known = true;
    served = served || are_all_served(row, target.gpus);
  }
  return known && !served;
}

// "nvidia-cudnn-cu12==9.10.2.*" where the installer would take a newer one that has left the GPUs. Nothing to pin where
// no release is known to serve them: then has_no_cudnn says so.
std::string cudnn_pin(const AdviceTarget& target, const FrameworkBuild& build) {
  if (build.newest_cudnn.empty() || target.gpus.empty()) return "";
  const std::vector<const LibraryRelease*> rows = cudnn_rows(target.situation->knowledge, build.cuda);
  if (rows.empty() || are_all_served(*rows.front(), target.gpus)) return "";
  const auto least = dotted_version_from(build.cudnn);
  for (const LibraryRelease* row : rows) {
    const bool taken = !least || start_of(row->version) >= *least;
    if (taken && are_all_served(*row, target.gpus)) return build.newest_cudnn + requirement_of_version(row->version);
  }
  return "";
}

// Whether none of the releases that the installer may choose from serves the GPUs.
bool has_no_cudnn(const AdviceTarget& target, const FrameworkBuild& build) {
  if (build.newest_cudnn.empty() || target.gpus.empty()) return false;
  const std::vector<const LibraryRelease*> rows = cudnn_rows(target.situation->knowledge, build.cuda);
  const auto least = dotted_version_from(build.cudnn);
  return !rows.empty() && std::none_of(rows.begin(), rows.end(), [&](const LibraryRelease* row) {
    return are_all_served(*row, target.gpus) && (!least || start_of(row->version) >= *least);
  });
}

// The distribution that pip is asked for; empty: none by a command that is known.
std::string package_of(const FrameworkBuild& build) {
  // docs.cupy.dev, installation: the variant is part of the name.
  if (build.framework == "cupy") return "cupy-" + build.variant;
  const bool by_index = build.framework == "torch",
             by_extra = build.framework == "jax" || build.framework == "tensorflow";
  // Of the others only what the package index has; their further builds have indexes that move.
  return by_index || by_extra || build.variant.empty() ? build.framework : "";
}

bool is_of_framework(const Package& package, const FrameworkBuild& build) {
  // "onnxruntime-gpu" and "onnxruntime" write the same folder, "cupy-cuda11x" and "cupy-cuda12x" too.
  std::string base = build.framework;
  if (base.ends_with("-gpu")) base.resize(base.size() - 4);
  return package.name == base || (package.name.starts_with(base + "-") && package.role == PackageRole::framework);
}

// What stands in the environment and would stand beside the build: other distributions of the same framework, and the
// plugins of another CUDA.
std::vector<std::string> replaced_by(const AdviceTarget& target, const FrameworkBuild& build) {
  std::vector<std::string> replaced;
  if (target.environment == nullptr) return replaced;
  const std::string own = package_of(build);
  for (const Package& package : target.environment->packages) {
    const bool other_plugin = package.name.starts_with(build.framework + "-cuda") && build.framework == "jax" &&
                              !package.name.starts_with("jax-" + build.variant);
    const bool other =
        is_of_framework(package, build) && package.name != own && package.name != build.framework + "lib";
    if (other || other_plugin) replaced.push_back(package.name);
  }
  return replaced;
}

// Compiled for one release of torch each: installed in one command they come in the version that fits.
std::vector<std::string> companions_of(const AdviceTarget& target, const FrameworkBuild& build) {
  std::vector<std::string> companions;
  if (target.environment == nullptr || build.framework != "torch") return companions;
  for (const char* name : {"torchvision", "torchaudio"}) {
    if (find_package(*target.environment, name) != nullptr) companions.emplace_back(name);
  }
  return companions;
}

// Whether what stays in the environment accepts the build: what asks for another version of the framework, or was
// compiled for another, would be refused or fail.
bool is_accepted(const AdviceTarget& target, const FrameworkBuild& build, const std::string& exact) {
  if (target.environment == nullptr) return true;
  const std::string package = package_of(build);
  const std::string version = exact.empty() ? to_string(start_of(build.version)) : exact;
  const std::vector<std::string> companions = companions_of(target, build), replaced = replaced_by(target, build);
  const auto moves = [&](const std::string& name) {
    return std::find(companions.begin(), companions.end(), name) != companions.end() ||
           std::find(replaced.begin(), replaced.end(), name) != replaced.end() || name == build.framework ||
           name == build.framework + "lib" || name.starts_with(build.framework + "-cuda");
  };
  return std::none_of(
      target.environment->packages.begin(), target.environment->packages.end(), [&](const Package& other) {
        if (moves(other.name)) return false;
        const auto built =
            other.built_for.starts_with(build.framework + " ")
                ? dotted_version_from(std::string_view(other.built_for).substr(build.framework.size() + 1))
                : std::nullopt;
        const auto advised = dotted_version_from(version);
        if (built && advised && (built->major() != advised->major() || built->minor() != advised->minor())) return true;
        return std::any_of(other.requirements.begin(), other.requirements.end(), [&](const Requirement& asked) {
          return asked.name == package && !meets_specifier(version, asked.specifier).value_or(true);
        });
      });
}

bool has_wheels(const AdviceTarget& target, const FrameworkBuild& build) {
  if (target.environment == nullptr || build.python.empty() || !target.environment->python.is_known()) return true;
  const auto python = dotted_version_from(value_text(*target.environment->python.value));
  return !python || is_within(*python, build.python);
}
}  // namespace

std::optional<BuildChoice> choose_build(const AdviceTarget& target, std::string_view framework,
                                        const std::string& version) {
  const std::string platform = platform_of(*target.situation);
  const auto exact = dotted_version_from(version);
  std::optional<BuildChoice> best;
  DottedVersion newest;
  for (const FrameworkBuild& build : target.situation->knowledge.framework_builds) {
    if (build.framework != framework || (!build.platform.empty() && build.platform != platform)) continue;
    newest = std::max(newest, start_of(build.version));
    if (!version.empty() && (!exact || !is_within(*exact, build.version))) continue;
    const auto cuda = dotted_version_from(build.cuda);
    if (!cuda || !covers(target, build) || install_command(target, build).empty() || !has_wheels(target, build))
      continue;
    if (has_cudnn_left(target, build) || has_no_cudnn(target, build) || !is_accepted(target, build, version)) continue;
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

std::string install_command(const AdviceTarget& target, const FrameworkBuild& build, const std::string& version) {
  const std::string package = package_of(build);
  if (package.empty() || !build.unavailable.empty()) return "";
  // docs.jax.dev and tensorflow.org/install: the variant is an extra.
  const bool by_extra = build.framework == "jax" || build.framework == "tensorflow";
  const std::string extras = by_extra && !build.variant.empty() ? build.variant : build.extras;
  std::string command = fmt::format("pip install \"{}{}{}\"", package, extras.empty() ? "" : "[" + extras + "]",
                                    version.empty() ? requirement_of(build) : "==" + version);
  for (const std::string& companion : companions_of(target, build)) command += " " + companion;
  if (const std::string pin = cudnn_pin(target, build); !pin.empty()) command += " \"" + pin + "\"";
  // pytorch.org/get-started: the variant is the last part of the index address; PyPI has one of them.
  if (build.framework == "torch" && !build.is_default) {
    command += " --index-url https://download.pytorch.org/whl/" + build.variant;
  }
  const std::vector<std::string> others = replaced_by(target, build);
  return (others.empty() ? "" : "pip uninstall -y " + join(others, " ") + "; ") + command;
}

std::string environment_words(const AdviceTarget& target) {
  if (target.environment == nullptr) return "";
  const Fact& python = target.environment->python;
  return fmt::format(", {}with what stays in {}",
                     python.is_known() ? "under Python " + value_text(*python.value) + " " : "",
                     target.environment->path);
}

std::string host_cuda_words(const FrameworkBuild& build) {
  return build.host_cuda ? fmt::format(" (it brings no CUDA: the libraries of {} must be there too)", build.cuda) : "";
}

std::string slower_words(const AdviceTarget& target, const FrameworkBuild& build) {
  const auto cudnn = dotted_version_from(build.cudnn);
  for (const DispatchChange& row : target.situation->knowledge.dispatch_changes) {
    const bool warned = (row.slower || row.inexact) && !row.narrow && row.control != "LD_LIBRARY_PATH";
    if (!warned || (!row.framework.empty() && row.framework != build.framework)) continue;
    // Of a framework's own releases the newest of the build is installed.
    const bool of_build = row.component == build.framework && is_within(start_of(build.version), row.version);
    const bool of_cudnn =
        row.component == "cudnn" && cudnn && build.newest_cudnn.empty() && is_within(*cudnn, row.version);
    const bool on_gpu =
        row.gpu.empty() || std::any_of(target.gpus.begin(), target.gpus.end(), [&](ComputeCapability gpu) {
          return is_within({.parts = {gpu.major, gpu.minor}}, row.gpu);
        });
    if ((of_build || of_cudnn) && on_gpu) return fmt::format(" (known to be slower: {})", row.change);
  }
  return "";
}

std::string framework_of_package(const Knowledge& knowledge, std::string_view package) {
  // torch-scatter, tensorflow-io and their like are other packages; variants of a name are named by the tables.
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    const std::string variant = build.framework + "-" + build.variant;
    const bool of_variant = package == variant || package == variant + "-plugin" || package == variant + "-pjrt";
    if (package == build.framework || package == build.framework + "lib" || (!build.variant.empty() && of_variant)) {
      return build.framework;
    }
  }
  return "";
}

std::vector<std::string> known_frameworks(const Knowledge& knowledge) {
  std::vector<std::string> names;
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    const bool is_known = std::find(names.begin(), names.end(), build.framework) != names.end();
    if (!is_known && !build.cuda.empty() && build.unavailable.empty()) names.push_back(build.framework);
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

}  // namespace varve
