#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/open_environment.h"
#include "disclosure/stack_of_text.h"
#include "package/package_cuda.h"
#include "package/package_framework.h"
#include "package/python_metadata.h"
#include "world/files.h"

namespace varve {

OpenPackage open_package(const DeclaredPackage& declared, const std::string& installer) {
  OpenPackage open{.package = {.name = declared.name, .version = declared.version, .installer = installer},
                   .build = {},
                   .line = declared.line};
  const std::string name = normal_package_name(declared.name);
  if (installer == "conda") {
    const std::size_t blank = open.package.version.find(' ');
    if (blank != std::string::npos) {
      open.build = open.package.version.substr(blank + 1);
      open.package.version.resize(blank);
    }
    open.row = find_conda_row(name);
  }
  if (open.row == nullptr) open.row = find_package_row(name);
  if (open.row != nullptr && open.row->name.find('*') == std::string::npos && installer == "conda") {
    open.package.name = open.row->name;
  }
  if (open.row != nullptr) open.package.role = open.row->role;
  return open;
}

namespace {

// "2.4.0" and "2.4.0+cu121" may be one; two local parts that differ are not.
bool may_be_same_version(std::string_view a, std::string_view b) {
  const bool one_is_short = a.find('+') == std::string_view::npos || b.find('+') == std::string_view::npos;
  return a == b || (one_is_short && public_version(a) == public_version(b)) || a == kUnstatedVersion ||
         b == kUnstatedVersion;
}

bool fits(const OpenEnvironment& environment, const std::vector<OpenPackage>& packages, const std::string& python) {
  if (!python.empty() && !environment.python.empty() && !python.starts_with(environment.python) &&
      !environment.python.starts_with(python)) {
    return false;
  }
  return std::all_of(packages.begin(), packages.end(), [&](const OpenPackage& open) {
    const auto at = environment.packages.find(normal_package_name(open.package.name));
    return at == environment.packages.end() || may_be_same_version(at->second.package.version, open.package.version);
  });
}

void add(OpenEnvironment& environment, std::vector<OpenPackage> packages, const std::string& python) {
  if (environment.python.size() < python.size()) environment.python = python;
  for (OpenPackage& open : packages) {
    const auto [at, is_new] = environment.packages.emplace(normal_package_name(open.package.name), open);
    if (is_new) continue;
    Package& known = at->second.package;
    if (known.version.size() < open.package.version.size()) known.version = open.package.version;
    if (known.installer.empty()) known.installer = open.package.installer;
    at->second.is_listed = at->second.is_listed || open.is_listed;
    at->second.is_written = at->second.is_written && open.is_written;
    if (at->second.build.empty()) at->second.build = std::move(open.build);
    if (open.row != nullptr && open.package.installer == "conda") at->second.row = open.row;
  }
}

// The CUDA runtimes that are listed: "12.9", "13.3".
std::vector<std::string> runtimes_beside(const OpenEnvironment& environment) {
  std::vector<std::string> runtimes;
  for (const auto& [name, open] : environment.packages) {
    if (!name.starts_with("nvidia-cuda-runtime") && name != "cuda-cudart" && name != "cudatoolkit") continue;
    const auto version = dotted_version_from(open.package.version);
    if (version && version->parts.size() > 1)
      runtimes.push_back(fmt::format("{}.{}", version->major(), version->minor()));
  }
  std::sort(runtimes.begin(), runtimes.end());
  runtimes.erase(std::unique(runtimes.begin(), runtimes.end()), runtimes.end());
  return runtimes;
}

// A bare version of torch, vLLM, TensorFlow or Paddle is that of the package index, which has one build of each:
// TensorFlow's extra brings libraries, not another build. Of ONNX Runtime another index has builds of the same
// versions.
std::optional<Fact> build_of_index(const OpenPackage& open, bool is_x86, const Knowledge& knowledge) {
  const Package& package = open.package;
  const auto version = dotted_version_from(package.version);
  const bool is_tensorflow = package.name == "tensorflow" || package.name == "tensorflow-gpu";
  const bool is_vllm = package.name == "vllm";
  // A post-release is built as its release; Paddle's names a CUDA.
  const std::string_view release = std::string_view(package.version).substr(0, package.version.find(".post"));
  const bool is_plain = (is_vllm ? release : package.version).find_first_not_of("0123456789.") == std::string::npos;
  const bool is_one = ((package.name == "torch" || is_vllm || is_tensorflow) && is_x86) ||
                      (package.name == "onnxruntime-gpu" && is_x86 && open.is_of_index) ||
                      package.name == "paddlepaddle-gpu";
  if (!version || !is_plain || !is_one || package.is_of_conda()) return std::nullopt;
  for (const FrameworkBuild& build : knowledge.framework_builds) {
    if (build.framework != package.name || build.cuda.empty() || !(build.is_default || is_tensorflow)) continue;
    if (!is_within(*version, build.version)) continue;
    return known_fact(build.cuda, "the build that the package index gives (data/framework_builds.json)",
                      Standing::inferred);
  }
  return std::nullopt;
}

// What the text's signs say of the system and the processor, where all of them say one thing.
struct Platform {
  bool is_windows = false, is_arm = false, is_jetson = false;
  bool has_build_options = false;  // something tells a build of CMake's what it should be
};
Platform platform_of(const Declared& declared) {
  const auto system = declared.facts.find("os.name");
  const bool is_named = system == declared.facts.end() || has(to_lower(value_text(*system->second.value)), "indows");
  return {.is_windows = declared.windows_line != 0 && declared.unix_line == 0 && declared.wsl_line == 0 && is_named &&
                        !declared.facts.contains("os.kernel.release") && !declared.facts.contains("os.libc"),
          .is_arm = declared.arm_line != 0 && declared.x86_line == 0,
          .is_jetson = declared.facts.contains("os.jetson_linux") || declared.jetson_line != 0,
          .has_build_options = declared.build_options_line != 0};
}

// Builds that the package index has for a platform without CUDA, whatever the name says; empty: there is none such.
std::string without_cuda_for(const OpenPackage& open, const Platform& platform, bool is_refused) {
  const Package& package = open.package;
  const auto version = dotted_version_from(package.version);
  const std::string name = normal_package_name(package.name);
  if (name == "llama-cpp-python" && open.is_of_index && !platform.has_build_options) {
    return "a build without CUDA: the package index has its source alone, which is built so unless CMAKE_ARGS asks for "
           "CUDA";
  }
  if (package.is_of_conda()) return {};
  const bool is_plain = version && package.version.find_first_not_of("0123456789.") == std::string::npos;
  const bool is_without = !open.row->index_without_cuda.empty() &&
                          (!version || (is_plain && is_within(*version, open.row->index_without_cuda)));
  if (is_without && (open.is_of_index || (open.is_listed && is_plain))) {
    return "a build without CUDA: the package index has no other";
  }
  if (!platform.is_windows && !platform.is_arm) return {};
  if ((name == "tensorflow" || name == "tensorflow-gpu") && platform.is_windows && version &&
      !(*version < DottedVersion{.parts = {2, 11}})) {
    return "a build without CUDA: from 2.11 on TensorFlow has no other for Windows; under WSL it has";
  }
  if (name != "torch" || !(open.is_of_index || (open.is_listed && is_plain))) return {};
  const DottedVersion first = platform.is_windows ? DottedVersion{.parts = {1, 7, 1}} : DottedVersion{.parts = {2, 0}};
  if (version && *version < first) return {};
  if (platform.is_windows) return "a build without CUDA: the package index has no other for Windows";
  // Those with CUDA that the index has since 2.11 are for servers, not for a Jetson; others' indexes have plain
  // versions for a Jetson too.
  if (platform.is_jetson ? !open.is_of_index && !is_refused
                         : !version || !(*version < DottedVersion{.parts = {2, 11}})) {
    return {};
  }
  return "a build without CUDA: the package index has no other for this processor";
}

// "PyTorch: 1.10.0" beside "CUDA: 11.3" may be a build for 11.3, where the release has one: whoever wrote it by hand
// leaves the local version out. A CUDA of another major version than the index's build has is near enough to one of
// its own ("11.4"); one that no build of the release is near says nothing of it ("PyTorch: 2.5.1" beside "CUDA: 12.8").
bool names_other_cuda(const Declared& declared, const OpenPackage& open, const Fact& index,
                      const Knowledge& knowledge) {
  if (open.is_listed || open.is_asked || declared.written_cudas.empty() || !index.is_known()) return false;
  const std::string own = value_text(*index.value);
  const auto version = dotted_version_from(open.package.version);
  const auto major_of = [](std::string_view cuda) { return cuda.substr(0, cuda.find('.')); };
  if (!version || declared.written_cudas.contains(own)) return false;
  return std::any_of(knowledge.framework_builds.begin(), knowledge.framework_builds.end(), [&](const auto& build) {
    if (build.framework != open.package.name || build.cuda.empty() || !is_within(*version, build.version)) return false;
    return std::any_of(declared.written_cudas.begin(), declared.written_cudas.end(), [&](const auto& written) {
      const std::string_view named = written.first;
      return named == build.cuda || (major_of(named) == major_of(build.cuda) && major_of(named) != major_of(own));
    });
  });
}

void set_cuda(const Declared& declared, OpenEnvironment& environment, const Knowledge& knowledge) {
  const std::unique_ptr<Files> nothing = no_files(LookFailure::absent, "a text was read, no files");
  const auto machine = declared.facts.find("os.architecture");
  const Platform platform = platform_of(declared);
  const bool is_x86 =
      (machine == declared.facts.end() && !platform.is_arm && !platform.is_windows) ||
      (machine != declared.facts.end() && value_text(*machine->second.value) == "x86_64" && !platform.is_windows);
  for (auto& [name, open] : environment.packages) {
    Package& package = open.package;
    if (package.cuda.is_known()) continue;  // told by the index that it was asked from
    if (open.row == nullptr) {
      package.cuda = missing_fact(Missing::not_applicable, fmt::format("line {}", open.line));
      continue;
    }
    const std::string line = fmt::format("line {}", open.line);
    package.cuda =
        cuda_of_package(*nothing, *open.row, package, {.folder = {}, .build = open.build, .build_source = line});
    // Its files would tell: nobody looked at them.
    const bool is_silent = package.cuda.missing == Missing::absent && !package.cuda.is_known() &&
                           (package.cuda.source == "version, name, pins" || package.cuda.source == open.row->cuda_file);
    if (!is_silent) continue;
    package.cuda = missing_fact(Missing::not_asked, line, "the text does not say");
    if (const std::string without = without_cuda_for(open, platform, declared.asked_gpu_line != 0); !without.empty()) {
      package.cuda = missing_fact(Missing::absent, line, without);
      continue;
    }
    if (package.role != PackageRole::framework) continue;
    const std::vector<std::string> beside = runtimes_beside(environment);
    if (package.name == "torch" && beside.size() == 1) {
      package.cuda = known_fact(beside.front(), "the CUDA runtime that is listed beside it", Standing::inferred);
    } else if (auto build = build_of_index(open, is_x86, knowledge);
               build && beside.empty() && !names_other_cuda(declared, open, *build, knowledge)) {
      package.cuda = std::move(*build);
    }
  }
}

// What a package says that it was built for, by a report of its own or by its version.
void set_built_for(const Declared& declared, OpenEnvironment& environment) {
  for (auto& [name, open] : environment.packages) {
    Package& package = open.package;
    const auto stated = declared.built_for.find(name);
    package.built_for = stated != declared.built_for.end() ? value_text(*stated->second.value)
                                                           : framework_in_local_version(package.version);
    if (package.built_for.empty() && !open.glibc.empty()) {
      package.built_for = "glibc " + open.glibc;
      package.built_for_source = "the tag of its wheel";
      continue;
    }
    if (package.built_for.empty()) continue;
    package.built_for_source = stated != declared.built_for.end() ? stated->second.source : "its version";
  }
}

Fact carried_runtimes(const OpenEnvironment& environment) {
  std::vector<std::string> runtimes = runtimes_beside(environment);
  if (runtimes.empty()) return missing_fact(Missing::not_asked, "text", "a text was read, no files");
  return known_fact(std::move(runtimes), "the packages listed", Standing::inferred);
}

Environment finish(OpenEnvironment open, const std::string& path) {
  Environment environment{.kind = open.is_conda ? EnvironmentKind::conda : EnvironmentKind::folder,
                          .path = path,
                          .python = {},
                          .packages = {},
                          .compilers = {},
                          .runtimes = carried_runtimes(open)};
  environment.python =
      open.python.empty()
          ? missing_fact(Missing::not_asked, "text", "the text does not say")
          : known_fact(open.python, fmt::format("line {}", open.python_line != 0 ? open.python_line : open.line),
                       Standing::declared);
  environment.without_wheel = std::move(open.without_wheel);
  for (auto& [name, package] : open.packages) environment.packages.push_back(std::move(package.package));
  return environment;
}

// A build without CUDA is a fault where a program asked for the GPU, also where the text names none.
void note_asked_gpu(const Declared& declared, OpenEnvironment& environment) {
  if (declared.asked_gpu_line == 0) return;
  for (auto& [name, open] : environment.packages) {
    Fact& cuda = open.package.cuda;
    const bool is_without = !cuda.is_known() && cuda.detail.starts_with("a build without CUDA");
    if (!is_without && (open.row == nullptr || !open.row->selects_cpu)) continue;
    cuda.detail += fmt::format("{}a program asked for the GPU in line {}", cuda.detail.empty() ? "" : "; ",
                               declared.asked_gpu_line);
  }
}

// What was stated of a framework's CUDA apart from its version: of the first environment that holds it.
void apply_stated_cuda(const Declared& declared, std::vector<OpenEnvironment>& environments) {
  for (const auto& stated : declared.package_cuda) {
    const auto& name = stated.first;
    const auto& cuda = stated.second;
    for (OpenEnvironment& environment : environments) {
      const auto at = std::find_if(environment.packages.begin(), environment.packages.end(), [&](const auto& entry) {
        return entry.first == name || (name == "cupy" && entry.first.starts_with("cupy")) ||
               (name == "tensorflow" && entry.first.starts_with("tensorflow"));
      });
      if (at == environment.packages.end()) continue;
      const bool is_named = at->second.package.version.find("+cu") != std::string::npos;
      if (is_named && !cuda.is_known()) continue;  // said of another one
      at->second.package.cuda = cuda;
      break;
    }
  }
}

// A torch whose version tells no CUDA is of the index that a requirements file beside it names.
void apply_index_cuda(const Declared& declared, std::vector<OpenEnvironment>& environments) {
  if (declared.torch_index_line <= 0 || declared.package_cuda.contains("torch") || environments.size() != 1) return;
  const auto torch = environments.front().packages.find("torch");
  if (torch == environments.front().packages.end()) return;
  Package& package = torch->second.package;
  const bool is_told = package.version.find('+') != std::string::npos || package.version == kUnstatedVersion;
  if (is_told || package.is_of_conda() || package.cuda.is_known() || !runtimes_beside(environments.front()).empty()) {
    return;
  }
  package.cuda = known_fact(declared.torch_index_cuda,
                            fmt::format("the index that line {} names", declared.torch_index_line), Standing::inferred);
  torch->second.is_of_index = false;
}

// A build's CUDA that stands there without the framework's version.
void add_unversioned(const Declared& declared, std::vector<DeclaredPackages>& lists) {
  for (const auto& stated : declared.package_cuda) {
    const auto& name = stated.first;
    const auto& cuda = stated.second;
    const bool is_listed = std::any_of(lists.begin(), lists.end(), [&](const DeclaredPackages& list) {
      return std::any_of(list.packages.begin(), list.packages.end(), [&](const DeclaredPackage& package) {
        return normal_package_name(package.name).starts_with(name) || (name == "torch" && package.name == "pytorch");
      });
    });
    if (is_listed || !cuda.is_known()) continue;
    lists.push_back({.place = {}, .installer = {}, .python = {}, .packages = {{name, kUnstatedVersion, 0}}});
  }
}
// "TensorFlow version: 2.4" that somebody wrote is what Python imports; which distribution of it is there a list says.
void drop_modules_that_lists_name(std::vector<DeclaredPackages>& lists) {
  const auto is_written = [](const DeclaredPackages& list) {
    const std::string_view reader = list.place.reader;
    return reader == "written by hand" || reader == "transformers env";
  };
  const auto folder_of = [](const DeclaredPackage& package) {
    const PackageRow* row = find_package_row(normal_package_name(package.name));
    return row == nullptr || row->folders.empty() ? std::string() : row->folders.front();
  };
  std::map<std::string, std::string> listed;  // folder: name
  for (const DeclaredPackages& list : lists) {
    for (const DeclaredPackage& package : list.packages) {
      if (!is_written(list)) listed.emplace(folder_of(package), normal_package_name(package.name));
    }
  }
  for (DeclaredPackages& list : lists) {
    if (!is_written(list)) continue;
    std::erase_if(list.packages, [&](const DeclaredPackage& package) {
      const auto at = listed.find(folder_of(package));
      return at != listed.end() && !at->first.empty() && at->second != normal_package_name(package.name);
    });
  }
}
}  // namespace

std::vector<Environment> environments_of_text(Declared& declared, const Knowledge& knowledge) {
  std::vector<OpenEnvironment> open;
  std::vector<DeclaredPackages> lists = declared.packages;
  add_unversioned(declared, lists);
  drop_modules_that_lists_name(lists);
  for (const DeclaredPackages& list : lists) {
    if (list.packages.empty() && list.python.empty()) continue;
    std::vector<OpenPackage> packages;
    for (const DeclaredPackage& package : list.packages) {
      // Without a version it was taken away again.
      if (package.version.empty()) continue;
      packages.push_back(open_package(package, list.installer));
      const std::string_view reader = list.place.reader;
      packages.back().is_written = reader == "written by hand";
      packages.back().is_listed = list.installer == "pip" || reader.starts_with("pip ") || reader == "what pip did";
    }
    auto place = std::find_if(open.begin(), open.end(), [&](const OpenEnvironment& environment) {
      return fits(environment, packages, list.python);
    });
    if (place == open.end()) {
      open.push_back(
          {.packages = {}, .python = {}, .line = packages.empty() ? list.place.line : packages.front().line});
      place = open.end() - 1;
    }
    place->is_conda = place->is_conda || list.installer == "conda";
    add(*place, std::move(packages), list.python);
  }
  add_asked(declared, knowledge, open);
  apply_index_cuda(declared, open);
  for (OpenEnvironment& environment : open) {
    set_cuda(declared, environment, knowledge);
    set_built_for(declared, environment);
  }
  apply_stated_cuda(declared, open);
  std::vector<Environment> environments;
  for (OpenEnvironment& environment : open) {
    const std::string path = open.size() == 1 ? "text" : fmt::format("text, from line {}", environment.line);
    const bool tells_python = environment.python.find('.') != std::string::npos;
    if (environment.packages.empty() && environment.without_wheel.empty() && !tells_python) continue;
    note_asked_gpu(declared, environment);
    environments.push_back(finish(std::move(environment), path));
  }
  return environments;
}

}  // namespace varve
