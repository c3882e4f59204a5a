#include "toolkit/toolkit_selection.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/dotted_version.h"
#include "base/text.h"
#include "binary/version/library_version.h"
#include "tables/libraries.h"
#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_reader.h"
#include "toolkit/toolkit_search.h"
#include "world/reading.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::size_t kMostSelectable = 256;
constexpr std::size_t kMostConfigurations = 256;
constexpr const char* kPath = "nvcc on PATH";
constexpr const char* kLink = "/usr/local/cuda";
constexpr const char* kLibraryPath = "LD_LIBRARY_PATH";
constexpr const char* kLoaderFolder = "/etc/ld.so.conf.d";
constexpr const char* kLoaderOwn = "the loader's own folders";
constexpr const char* kVariables[] = {
    "CUDA_HOME", "CUDA_PATH", "CUDA_ROOT", "CUDAToolkit_ROOT", "CUDA_TOOLKIT_ROOT_DIR", "CUDACXX"};

// Claims in the order in which builds look; what stands not here comes last, in its own order.
std::size_t rank_of(const std::string& source) {
  static const std::vector<std::string> kOrder = {
      "CUDA_HOME", "CUDA_PATH",    "CUDA_ROOT",     "CUDAToolkit_ROOT", "CUDA_TOOLKIT_ROOT_DIR", "CUDACXX", kPath,
      kLink,       "CONDA_PREFIX", "LOADEDMODULES", kLibraryPath};
  return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), source) - kOrder.begin());
}

// Debian's two directories are one toolkit (toolkit_search.cc).
bool has_path(const InstalledToolkit& installed, std::string_view path) {
  if (installed.toolkit.path == path) return true;
  if (!is_debians_toolkit(installed.toolkit.path)) return false;
  return is_debians_toolkit(path) || path == toolkit_home(installed);
}

class Surveyor {
 public:
  Surveyor(const Files& files, const EnvironmentHints& hints) : files_(files), hints_(hints) {}

  ToolkitSurvey run() {
    ToolkitSearch search = find_toolkits(files_, hints_.environment);
    survey_.claims = std::move(search.claims);
    for (Toolkit& toolkit : search.toolkits) add(std::move(toolkit), ToolkitKind::host, "");
    for (const EnvironmentPlace& place : find_environments(files_, hints_)) add_environment(place);
    std::sort(survey_.toolkits.begin(), survey_.toolkits.end(), [](const auto& a, const auto& b) {
      return std::tuple(a.kind != ToolkitKind::host, a.toolkit.path) <
             std::tuple(b.kind != ToolkitKind::host, b.toolkit.path);
    });
    for (const char* name : kVariables) claim_variable(name);
    claim_link();
    claim_library_path();
    claim_loader_configuration();
    std::stable_sort(survey_.claims.begin(), survey_.claims.end(), [](const ToolkitClaim& a, const ToolkitClaim& b) {
      return rank_of(a.source) < rank_of(b.source);
    });
    return std::move(survey_);
  }

  void add_environment(const EnvironmentPlace& place) {
    for (Toolkit& toolkit : toolkits_in_environment(files_, place)) {
      const ToolkitKind kind = toolkit.path == place.path ? ToolkitKind::conda : ToolkitKind::wheels;
      add(std::move(toolkit), kind, place.path);
    }
  }

  void add(Toolkit toolkit, ToolkitKind kind, const std::string& environment) {
    if (survey_.toolkits.size() >= kMostSelectable) return;
    InstalledToolkit added;
    added.toolkit = std::move(toolkit);
    added.kind = kind;
    added.environment = environment;
    const std::string& path = added.toolkit.path;
    added.layout = read_toolkit_layout(files_, path, kind);
    added.own_prefix = is_prefix_of_its_own(files_, path, kind);
    read_compiler(added);
    for (InstalledToolkit& known : survey_.toolkits) {
      if (known.toolkit.path != path) continue;
      if (kind == ToolkitKind::host) return;
      // A variable has led there before; its environment knows more of it.
      added.toolkit.named_by = std::move(known.toolkit.named_by);
      known = std::move(added);
      return;
    }
    survey_.toolkits.push_back(std::move(added));
  }

  ToolkitSurvey survey_;

 private:
  // "Cuda compilation tools, release 12.4, V12.4.131" stands in nvcc itself.
  void read_compiler(InstalledToolkit& installed) const {
    Toolkit& toolkit = installed.toolkit;
    if (toolkit.nvcc.is_known() || !installed.layout.has_nvcc) return;
    for (const std::string& folder : {installed.layout.programs, std::string(kDebianCompilers)}) {
      if (toolkit.nvcc.is_known() || (folder == kDebianCompilers && !is_debians_toolkit(toolkit.path))) return;
      const std::string path = folder + "/nvcc";
      const Looked<FileReader> file = files_.open(path);
      const auto version = file ? library_version(*file, "nvcc", version_rows("nvcc")) : std::nullopt;
      if (version) toolkit.nvcc = known_fact(clean_utf8(version->value, 64), path + ": " + version->how);
    }
  }

  bool is_claimed(const std::string& source) const {
    return std::any_of(survey_.claims.begin(), survey_.claims.end(),
                       [&](const ToolkitClaim& claim) { return claim.source == source; });
  }

  // The toolkit that the folder lies in.
  InstalledToolkit* owner(const std::string& folder) {
    const Looked<std::string> resolved = files_.resolve(folder);
    if (!resolved) return nullptr;
    for (InstalledToolkit& installed : survey_.toolkits) {
      const auto& libraries = installed.layout.libraries;
      if (std::find(libraries.begin(), libraries.end(), *resolved) != libraries.end()) return &installed;
      if (installed.own_prefix && is_inside(*resolved, installed.toolkit.path)) return &installed;
    }
    return nullptr;
  }

  void claim(const std::string& source, InstalledToolkit* installed, const std::string& said) {
    if (installed == nullptr) {
      survey_.claims.push_back({source, "", clean_utf8(said, 256)});
      return;
    }
    survey_.claims.push_back({source, installed->toolkit.path, ""});
    installed->toolkit.named_by.push_back(source);
  }

  // Those that the search did not follow: of other tools, to wheels, and those that lead nowhere.
  void claim_variable(const std::string& name) {
    std::string value = environment_value(hints_.environment, name);
    if (value.empty() || is_claimed(name)) return;
    const std::string said = value;
    if (name == "CUDACXX") {
      value = files_.resolve(value).value.value_or("");
      const std::size_t bin = value.rfind("/bin/");
      value = bin == std::string::npos ? "" : value.substr(0, bin);
    }
    const std::string path = value.starts_with('/') ? files_.resolve(value).value.value_or("") : "";
    InstalledToolkit* found = nullptr;
    for (InstalledToolkit& installed : survey_.toolkits) {
      if (!path.empty() && has_path(installed, path)) found = &installed;
    }
    claim(name, found, said);
  }

  void claim_link() {
    const Looked<std::string> text = files_.read_link(kLink);
    if (text && !is_claimed(kLink)) claim(kLink, nullptr, "a link to " + *text);
  }

  void claim_library_path() {
    const std::string value = environment_value(hints_.environment, kLibraryPath);
    if (is_claimed(kLibraryPath)) return;
    for (const std::string_view folder : split(value, ':')) {
      if (!folder.starts_with('/')) continue;
      InstalledToolkit* installed = owner(std::string(folder));
      if (installed == nullptr) continue;
      claim(kLibraryPath, installed, "");
      return;
    }
  }

  // Folders that ldconfig puts into the loader's cache (ldconfig(8)): a toolkit's packages leave a file there.
  void claim_loader_configuration() {
    std::vector<std::string> names = files_.list(kLoaderFolder).value.value_or(std::vector<std::string>{});
    if (names.size() > kMostConfigurations) names.resize(kMostConfigurations);
    for (const std::string& name : names) {
      if (!name.ends_with(".conf")) continue;
      const std::string path = std::string(kLoaderFolder) + "/" + name;
      const Looked<std::string> text = files_.read(path, std::size_t{64} << 10);
      if (!text) continue;
      for (const std::string_view line : split(*text, '\n')) {
        const std::string_view place = trim(line);
        InstalledToolkit* installed = place.starts_with('/') ? owner(std::string(place)) : nullptr;
        if (installed == nullptr || is_claimed(path)) continue;
        claim(path, installed, "");
      }
    }
  }

  const Files& files_;
  const EnvironmentHints& hints_;
};

bool starts_with_parts(const std::vector<int>& parts, const std::vector<int>& start) {
  return start.size() <= parts.size() && std::equal(start.begin(), start.end(), parts.begin());
}

// The numbers of a text that is a version and nothing else.
std::vector<int> wanted_parts(std::string_view wanted) {
  const bool plain = !wanted.empty() && wanted.find_first_not_of("0123456789.") == std::string_view::npos;
  const std::optional<DottedVersion> version = plain ? dotted_version_from(wanted) : std::nullopt;
  return version ? version->parts : std::vector<int>{};
}

std::vector<int> fact_parts(const Fact& fact) {
  const std::optional<DottedVersion> version =
      fact.is_known() ? dotted_version_from(value_text(*fact.value)) : std::nullopt;
  return version ? version->parts : std::vector<int>{};
}

bool fits_version(const InstalledToolkit& installed, const std::vector<int>& wanted) {
  return starts_with_parts(fact_parts(installed.toolkit.version), wanted) ||
         starts_with_parts(fact_parts(installed.toolkit.nvcc), wanted);
}

bool fits_path(const InstalledToolkit& installed, const std::string& path) {
  return has_path(installed, path) || installed.environment == path;
}

// A toolkit at a path that nothing has led to yet.
void add_at(const Files& files, ToolkitSurvey& survey, const std::string& path) {
  const EnvironmentHints none;
  Surveyor surveyor(files, none);
  if (const Result<EnvironmentPlace> place = environment_at(files, path)) surveyor.add_environment(*place);
  // Wheels keep their toolkit three levels below the folder they stand in: …/site-packages/nvidia/cu13.
  const std::size_t nvidia = path.rfind("/nvidia/");
  if (nvidia != std::string::npos && surveyor.survey_.toolkits.empty()) {
    if (const Result<EnvironmentPlace> place = environment_at(files, path.substr(0, nvidia))) {
      surveyor.add_environment(*place);
    }
  }
  if (surveyor.survey_.toolkits.empty()) {
    std::optional<Toolkit> toolkit = read_toolkit(files, path);
    if (!toolkit) return;
    toolkit->installer = toolkit_installer(files, toolkit->path);
    surveyor.add(std::move(*toolkit), ToolkitKind::host, "");
  }
  for (InstalledToolkit& installed : surveyor.survey_.toolkits) survey.toolkits.push_back(std::move(installed));
}

// The system's folders, which the loader searches last, where a toolkit has its runtime there: Debian's.
std::optional<ToolkitClaim> claim_of_loader(const Files& files, const ToolkitSurvey& survey) {
  for (const InstalledToolkit& installed : survey.toolkits) {
    if (!is_debians_toolkit(installed.toolkit.path) || !installed.layout.libraries.empty()) continue;
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"}) {
      const std::vector<std::string> names = files.list(folder).value.value_or(std::vector<std::string>{});
      const auto runtime = std::find_if(names.begin(), names.end(),
                                        [](const std::string& name) { return name.starts_with("libcudart.so"); });
      if (runtime != names.end()) return ToolkitClaim{folder, installed.toolkit.path, {}};
    }
  }
  return std::nullopt;
}

std::vector<ToolkitUser> toolkit_users(const Files& files, const ToolkitSurvey& survey) {
  const std::vector<ToolkitClaim>& claims = survey.claims;
  struct Order {
    const char* who;
    std::vector<const char*> sources;
  };
  // PyTorch: _find_cuda_home in torch/utils/cpp_extension.py. CMake: "Search Behavior" in the documentation of
  // FindCUDAToolkit 3.30; with the language enabled its compiler comes first. The loader: ld.so(8).
  static const std::vector<Order> kOrders = {
      {"nvcc, typed in a shell", {kPath}},
      {"PyTorch extensions", {"CUDA_HOME", "CUDA_PATH", kPath, kLink}},
      {"CMake", {"CUDACXX", "CUDAToolkit_ROOT", "CUDA_PATH", kPath, kLink}},
      {"programs without RPATH", {kLibraryPath, kLoaderFolder, kLoaderOwn}},
  };
  std::vector<ToolkitUser> users;
  for (const Order& each : kOrders) {
    ToolkitUser user{each.who, join({each.sources.begin(), each.sources.end()}, ", "), {}};
    for (const char* source : each.sources) {
      for (const ToolkitClaim& claim : claims) {
        // Of the loader's configuration any file.
        const bool is_it = claim.source == source || (source == kLoaderFolder && claim.source.starts_with(source));
        if (!user.claim && is_it) user.claim = claim;
      }
    }
    if (!user.claim && each.sources.back() == std::string_view(kLoaderOwn)) user.claim = claim_of_loader(files, survey);
    users.push_back(std::move(user));
  }
  return users;
}
// A build takes a relative CUDA_HOME from where it stands; CUDACXX without a slash is looked up on PATH.
EnvironmentHints with_absolute_variables(EnvironmentHints hints) {
  if (hints.working_directory.empty()) return hints;
  for (const char* name : kVariables) {
    const auto found = hints.environment.find(name);
    if (found == hints.environment.end() || found->second.empty() || found->second.starts_with('/')) continue;
    if (name == std::string_view("CUDACXX") && found->second.find('/') == std::string::npos) continue;
    found->second = hints.working_directory + "/" + found->second;
  }
  return hints;
}
}  // namespace

bool is_inside(std::string_view folder, std::string_view parent) {
  return folder.starts_with(parent) && (folder.size() == parent.size() || folder[parent.size()] == '/');
}

ToolkitSurvey survey_toolkits(const Files& files, const EnvironmentHints& hints) {
  const EnvironmentHints absolute = with_absolute_variables(hints);
  ToolkitSurvey survey = Surveyor(files, absolute).run();
  survey.variables_known = hints.variables_known;
  survey.users = toolkit_users(files, survey);
  return survey;
}

std::vector<std::size_t> matching_toolkits(const Files& files, ToolkitSurvey& survey, const std::string& wanted) {
  const bool is_path = wanted.find('/') != std::string::npos;
  const std::vector<int> parts = wanted_parts(wanted);
  std::string path;
  if (is_path) {
    path = files.resolve(wanted).value.value_or("");
    const auto known = [&](const InstalledToolkit& installed) { return fits_path(installed, path); };
    if (!path.empty() && std::none_of(survey.toolkits.begin(), survey.toolkits.end(), known)) {
      add_at(files, survey, path);
    }
  }
  std::vector<std::size_t> matches;
  for (std::size_t i = 0; i < survey.toolkits.size(); ++i) {
    const InstalledToolkit& installed = survey.toolkits[i];
    const bool fits =
        is_path ? !path.empty() && fits_path(installed, path) : !parts.empty() && fits_version(installed, parts);
    if (fits) matches.push_back(i);
  }
  const auto has_nvcc = [&](std::size_t i) { return survey.toolkits[i].layout.has_nvcc; };
  if (std::any_of(matches.begin(), matches.end(), has_nvcc)) {
    std::erase_if(matches, [&](std::size_t i) { return !has_nvcc(i); });
  }
  return matches;
}

std::vector<std::string> nearest_versions(const ToolkitSurvey& survey, std::string_view wanted) {
  const DottedVersion target = dotted_version_from(wanted).value_or(DottedVersion{{0}});
  std::vector<std::tuple<int, int, std::string>> ranked;
  for (const InstalledToolkit& installed : survey.toolkits) {
    const std::vector<int> parts = fact_parts(installed.toolkit.version);
    if (parts.empty()) continue;
    const DottedVersion version{parts};
    ranked.emplace_back(std::abs(version.major() - target.major()), std::abs(version.minor() - target.minor()),
                        to_string(version));
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> versions;
  for (const auto& [major, minor, text] : ranked) {
    const bool told = std::find(versions.begin(), versions.end(), text) != versions.end();
    if (!told && versions.size() < 5) versions.push_back(text);
  }
  return versions;
}

}  // namespace varve
