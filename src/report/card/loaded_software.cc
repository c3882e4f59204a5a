#include "report/card/loaded_software.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/text.h"
#include "report/run_summary.h"

namespace varve {

namespace {
constexpr double kAtWork = 0.01;  // of what ran, for a package that is no framework
constexpr std::size_t kMostAtWork = 4;

// What runs a model or a kernel; other packages would drown it.
const char* const kFrameworkPackages[] = {"torch",  "jax",      "jaxlib",       "tensorflow", "onnxruntime",
                                          "vllm",   "sglang",   "transformers", "flash-attn", "flash_attn",
                                          "triton", "tensorrt", "deepspeed",    "numpy",      "cupy"};

// "/venv/lib/python3.11/site-packages/torch/lib/libtorch.so" lies in the folder of "torch": also packages whose list of
// files is not there (conda's) are told so.
bool lies_in_folder_of(std::string_view path, std::string package) {
  std::replace(package.begin(), package.end(), '-', '_');
  for (const std::string_view folder : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.find(folder);
    if (at != std::string_view::npos && path.substr(at + folder.size()).starts_with(package + "/")) return true;
  }
  return false;
}

bool was_loaded(const Run& run, const Variant& variant, const std::string& package) {
  const auto& owners = variant.packages->libraries;
  if (std::any_of(owners.begin(), owners.end(), [&](const auto& each) { return each.second == package; })) return true;
  const auto told = variant.framework.find(package + ".version");
  if (told != variant.framework.end() && told->second.is_known()) return true;
  for (const Unit* unit : timing_units(run, variant.name)) {
    const auto is_its_own = [&](const Library& library) { return lies_in_folder_of(library.path, package); };
    if (std::any_of(unit->libraries.begin(), unit->libraries.end(), is_its_own)) return true;
  }
  return false;
}

bool tells_libraries(const Run& run, const Variant& variant) {
  const std::vector<const Unit*> units = timing_units(run, variant.name);
  return std::any_of(units.begin(), units.end(), [](const Unit* unit) { return !unit->libraries.empty(); });
}

// Packages from whose libraries a fair part came of what ran, the busiest first.
std::vector<std::string> packages_at_work(const Run& run, const Variant& variant) {
  std::map<std::string, std::int64_t> busy;
  std::int64_t all = 0;
  for (const SideProfile& side : side_profiles(timing_units(run, variant.name))) {
    for (const ProfileRow& row : side.rows) {
      all = add_ns(all, row.time.total_ns);
      const auto owner = variant.packages->libraries.find(run.kernels[row.key.kernel].key.library);
      if (owner != variant.packages->libraries.end())
        busy[owner->second] = add_ns(busy[owner->second], row.time.total_ns);
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> sorted(busy.begin(), busy.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> packages;
  for (const auto& [package, ns] : sorted) {
    if (static_cast<double>(ns) >= kAtWork * static_cast<double>(all) && packages.size() < kMostAtWork)
      packages.push_back(package);
  }
  return packages;
}

std::vector<std::string> frameworks(const Run& run, const Variant& variant, bool loaded) {
  std::vector<std::string> found;
  for (const char* name : kFrameworkPackages) {
    if (!variant.packages->versions.contains(name)) continue;
    if (was_loaded(run, variant, name) == loaded) found.emplace_back(name);
  }
  return found;
}

std::string with_versions(const Variant& variant, const std::vector<std::string>& packages) {
  std::vector<std::string> parts;
  parts.reserve(packages.size());
  for (const std::string& package : packages) {
    const auto version = variant.packages->versions.find(package);
    parts.push_back(version == variant.packages->versions.end() ? package : package + " " + version->second);
  }
  return join(parts, ", ");
}
}  // namespace

std::string loaded_software(const Run& run, const Variant& variant) {
  if (!variant.packages) return kNoPython;
  const std::string python =
      "Python " + (variant.packages->python.empty() ? "of a version that is not known" : variant.packages->python);
  std::vector<std::string> packages = frameworks(run, variant, true);
  for (const std::string& package : packages_at_work(run, variant)) {
    if (std::find(packages.begin(), packages.end(), package) == packages.end()) packages.push_back(package);
  }
  if (!packages.empty()) return python + ", " + with_versions(variant, packages);
  return python + (tells_libraries(run, variant) ? ", no framework that is known" : ", what it loaded was not seen");
}

std::string installed_software(const Run& run, const Variant& variant) {
  if (!variant.packages) return "";
  return with_versions(variant, frameworks(run, variant, false));
}

}  // namespace varve
