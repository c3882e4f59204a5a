#include "rules/speed/releases_seen.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "base/text.h"
#include "package/python_metadata.h"
#include "rules/analysis/cpu_builds.h"
#include "rules/situation/package_row.h"

namespace varve {

namespace {
std::vector<std::string> components_of(const Package& package) {
  const std::string name = normal_package_name(package.name);
  const PackageRow* row = row_of(package);  // conda's "pytorch" is torch
  const bool alias =
      row != nullptr && package.role == PackageRole::framework && row->name.find('*') == std::string::npos;
  std::vector<std::string> names = {alias ? row->name : name};
  std::string library = name;
  if (library.starts_with("nvidia-")) library = library.substr(7);
  if (library.starts_with("lib")) library = library.substr(3);
  const std::size_t suffix = library.rfind("-cu1");
  if (suffix != std::string::npos) library.resize(suffix);
  if (library != name && package.role == PackageRole::runtime) names.push_back(library);
  return names;
}

// Whether a package has one of the names, or one of them with a CUDA suffix ("nvidia-cuda-nvcc-cu12").
bool is_any_of(const std::string& package, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return package == name || (package.starts_with(name) && package.compare(name.size(), 3, "-cu") == 0);
  });
}

void add_packages(const Analysis& analysis, ReleasesSeen& seen) {
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      const std::optional<DottedVersion> version = dotted_version_from(package.version);
      if (!cpu_build_reason(analysis, environment, package).empty()) continue;
      const std::string text = package.name + " " + package.version;
      if (!version && package.version == kUnstatedVersion) {
        for (const std::string& component : components_of(package)) {
          seen[component].push_back({DottedVersion{.parts = {0}}, text, environment.path, false, true});
        }
      }
      if (!version) continue;
      for (const std::string& component : components_of(package)) {
        seen[component].push_back({*version, text, environment.path, package.is_of_conda()});
      }
      const std::string name = normal_package_name(package.name);
      const auto built_for =
          package.cuda.is_known() ? dotted_version_from(value_text(*package.cuda.value)) : std::nullopt;
      if (name == "torch" && built_for) seen["torch-cuda"].push_back({*built_for, text, environment.path});
      if (is_any_of(name, {"nvidia-cuda-runtime", "cuda-cudart", "cudatoolkit"}) && version->parts.size() > 1) {
        seen["cuda"].push_back({{.parts = {version->major(), version->minor()}}, text, environment.path});
      }
      if (is_any_of(name, {"nvidia-cuda-nvcc", "cuda-nvcc"}))
        seen["nvcc"].push_back({*version, text, environment.path});
    }
  }
}

// What no package of libraries stands for: copies inside frameworks, and what is loaded from outside of environments.
void add_libraries(const Analysis& analysis, ReleasesSeen& seen) {
  const LibraryIndex& index = analysis.libraries;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    for (const LibraryView& library : view.libraries) {
      const Package* package = library.binary == nullptr ? nullptr : index.package_of(*library.binary);
      if (library.binary == nullptr || (package != nullptr && package->role == PackageRole::runtime))
        continue;                                             // counted already
      if (is_driver_library(library.binary->path)) continue;  // libcuda 550 is no CUDA 550: the driver is told below
      const std::string stem = library_words(library.binary->path).stem;
      const std::string family = family_of(stem);
      const std::string& component = family.empty() ? stem : family;
      // Libraries of torch tell torch's own release, which its package has told.
      if (package != nullptr && is_component(*package, component)) continue;
      const std::optional<KnownVersion> version = index.version(*library.binary);
      if (!version || version->version.parts.size() < 2) continue;
      if (!told.insert(view.consumer.environment + "\n" + component + version->text).second) continue;
      seen[to_lower(component)].push_back({version->version,
                                           component + " " + version->text + " (" + library.binary->path + ")",
                                           view.consumer.environment});
    }
  }
}

// "dpkg nvidia-container-toolkit 1.17.4-1": the tool, the name, the version.
void add_system(const Analysis& analysis, ReleasesSeen& seen) {
  for (const std::string& row : list_of(analysis, "os.gpu_packages")) {
    const std::vector<std::string_view> words = split_words(row);
    const auto version = words.size() < 3 ? std::nullopt : dotted_version_from(words[2]);
    if (!version) continue;
    const std::string name(words[1]);
    const bool is_untold = row.ends_with(" (release not told)");
    const std::string text = name + " " + (is_untold ? "(release not told)" : std::string(words[2]));
    seen[name].push_back({*version, text, "", false, is_untold});
  }
  for (const std::string& name : list_of(analysis, "asks.packages")) {
    seen[name].push_back({DottedVersion{.parts = {0}}, name + " (release not told)", "", false, true});
  }
  if (analysis.kernel_driver) {
    seen["driver"].push_back({*analysis.kernel_driver, "driver " + to_string(*analysis.kernel_driver), ""});
  }
  const auto nvcc = dotted_version_from(text_of(analysis, "toolkit.nvcc.version").value_or(""));
  if (nvcc) seen["nvcc"].push_back({*nvcc, "nvcc " + to_string(*nvcc), ""});
}
}  // namespace

bool is_component(const Package& package, const std::string& component) {
  const std::vector<std::string> names = components_of(package);
  return std::find(names.begin(), names.end(), component) != names.end();
}

ReleasesSeen releases_seen(const Analysis& analysis) {
  ReleasesSeen seen;
  add_packages(analysis, seen);
  add_libraries(analysis, seen);
  add_system(analysis, seen);
  return seen;
}

const Gpu* gpu_within(const Analysis& analysis, const std::string& range) {
  for (const Gpu& gpu : analysis.gpus) {
    if (!gpu.capability) continue;
    const DottedVersion capability{.parts = {gpu.capability->major, gpu.capability->minor}};
    if (is_within(capability, range)) return &gpu;
  }
  return nullptr;
}

std::string gpu_text(const Gpu& gpu) {
  return (gpu.model.empty() ? std::string("a GPU") : gpu.model) + " (" + to_string(*gpu.capability) + ")";
}

}  // namespace varve
