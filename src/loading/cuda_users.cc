#include "loading/cuda_users.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/library_file_name.h"
#include "base/text.h"
#include "binary/elf/build_id.h"
#include "binary/gpu_code/fatbin_coverage.h"
#include "binary/gpu_code/plain_ptx.h"
#include "binary/version/read_only_strings.h"
#include "loading/binary_cache.h"
#include "tables/libraries.h"

namespace varve {

namespace {
// Of the driver's libraries only libcuda: others count or watch GPUs (libnvidia-ml), or decode videos.
bool is_of_cuda(const std::string& name) {
  if (has_role(name, LibraryRole::driver)) return split_library_file_name(name).stem == "libcuda";
  return has_role(name, LibraryRole::cuda);
}

bool any_of_cuda(const std::vector<std::string>& names) { return std::any_of(names.begin(), names.end(), is_of_cuda); }

bool opens_cuda(const FileReader& file, const std::string& path, const BinaryCache& cache) {
  constexpr const char* kQuestion = "opens-cuda-4";
  const Result<std::string> read = read_build_id(file, path);
  const std::string build_id = read ? *read : std::string();
  const Json known = cache.find(build_id, file.size(), kQuestion);
  if (known.is_boolean()) return known.get<bool>();
  // What holds PTX as text hands it to the driver, or to what has it open (Mojo's modules).
  const bool opens = any_of_cuda(opened_names(file)) || !plain_ptx_regions(file).empty();
  cache.keep(build_id, file.size(), kQuestion, opens);
  return opens;
}
}  // namespace

bool links_cuda(const FileReader& whole, const std::string& path) {
  const FileReader file = whole.buffered();  // headers and names stand close together
  const Result<DynamicSection> dynamic = read_dynamic_section(file, path);
  if (!dynamic) return false;
  if (any_of_cuda(dynamic->needed)) return true;
  const Result<std::optional<Coverage>> coverage = read_coverage(whole, path);
  return coverage && *coverage;
}

bool uses_cuda(const FileReader& file, const std::string& path, const BinaryCache& cache) {
  if (links_cuda(file, path)) return true;
  return read_dynamic_section(file, path) && (!bound_names(path).empty() || opens_cuda(file, path, cache));
}

bool links_cuda(const LoadingGround& ground, const std::string& path) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) {
    return before->second.binary.coverage || any_of_cuda(before->second.dynamic.needed);
  }
  const Looked<FileReader> file = ground.files.open(path);
  return file && links_cuda(*file, path);
}

bool uses_cuda(const LoadingGround& ground, const std::string& path) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) {
    return links_cuda(ground, path) || !bound_names(path).empty() || any_of_cuda(before->second.opened);
  }
  const Looked<FileReader> file = ground.files.open(path);
  return file && uses_cuda(*file, path, BinaryCache(ground.cache_folder));
}

void drop_candidates_without_cuda(const LoadingGround& ground, EnvironmentReading& reading) {
  std::set<std::string> others = reading.candidates;
  for (const auto& [path, package] : reading.packages) {
    if (!others.contains(package)) continue;
    if (uses_cuda(ground, ground.files.resolve(path).value.value_or(path))) others.erase(package);
  }
  if (others.empty()) return;
  std::erase_if(reading.environment.packages, [&](const Package& package) { return others.contains(package.name); });
  std::erase_if(reading.libraries, [&](const std::string& path) {
    const auto owner = reading.packages.find(path);
    return owner != reading.packages.end() && others.contains(owner->second);
  });
  for (const auto& [path, package] : reading.packages) {
    if (others.contains(package) && file_name(path).starts_with("lib")) reading.others.emplace(path, package);
  }
  std::erase_if(reading.packages, [&](const auto& row) { return others.contains(row.second); });
}

}  // namespace varve
