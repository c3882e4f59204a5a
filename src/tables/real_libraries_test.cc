// What is read from real drivers, wheels and toolkits, held against what their packages and the system's loader say.
// Needs VARVE_REAL_DRIVERS, VARVE_REAL_VENVS and VARVE_REAL_TOOLKITS: folders that hold a folder a driver, an
// environment (venv-…) or a toolkit (toolkit-…).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/text.h"
#include "binary/elf/elf_testing.h"
#include "binary/loader/loader.h"
#include "binary/version/library_version.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime.h"
#include "tables/libraries.h"

namespace varve {
namespace {

namespace fs = std::filesystem;
using test::open_file;

std::vector<fs::path> folders_of(const char* variable, const std::string& start) {
  std::vector<fs::path> folders;
  const char* folder = getenv(variable);
  if (!folder) return folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && entry.path().filename().string().starts_with(start)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

fs::path site_packages(const fs::path& environment) {
  if (!fs::exists(environment / "lib")) return environment;  // a toolkit made of wheels
  for (const auto& entry : fs::directory_iterator(environment / "lib")) {
    if (fs::exists(entry.path() / "site-packages")) return entry.path() / "site-packages";
  }
  return environment;
}

std::vector<fs::path> real_environments() {
  auto folders = folders_of("VARVE_REAL_VENVS", "venv-");
  for (auto& folder : folders_of("VARVE_REAL_TOOLKITS", "toolkit-")) folders.push_back(folder);
  return folders;
}

// Every file of the nvidia wheels in a folder with the version of its wheel.
std::map<fs::path, std::string> nvidia_files(const fs::path& packages) {
  std::map<fs::path, std::string> files;
  for (const auto& entry : fs::directory_iterator(packages)) {
    std::string name = entry.path().filename();
    if (!name.starts_with("nvidia_") || !name.ends_with(".dist-info")) continue;
    std::string version = name.substr(name.find('-') + 1);
    version.resize(version.size() - std::string(".dist-info").size());
    std::ifstream record(entry.path() / "RECORD");
    for (std::string line; std::getline(record, line);) {
      fs::path path = packages / line.substr(0, line.find(','));
      if (fs::is_regular_file(path)) files[path] = version;
    }
  }
  return files;
}

TEST(RealLibraries, TellTheVersionsThatTheirWheelsState) {
  auto environments = real_environments();
  if (environments.empty()) GTEST_SKIP() << "neither VARVE_REAL_VENVS nor VARVE_REAL_TOOLKITS is set";
  int right = 0, wrong = 0, silent = 0;
  for (const fs::path& environment : environments) {
    for (const auto& [path, stated] : nvidia_files(site_packages(environment))) {
      const std::string name = path.filename();
      if (name.find(".so") == name.npos && path.parent_path().filename() != "bin") continue;
      auto version = library_version(open_file(path), name, version_rows(name));
      if (!version) {
        silent += name.find(".so") != name.npos;
        continue;
      }
      const bool agrees = (stated + ".").starts_with(version->value + ".");
      (agrees ? right : wrong) += 1;
      EXPECT_TRUE(agrees) << path << ": read " << version->value << " by " << version->how << ", stated " << stated;
    }
  }
  std::printf("versions read: %d right, %d wrong; %d shared libraries tell none\n", right, wrong, silent);
  EXPECT_GT(right, 0);
}

TEST(RealLibraries, CarryTheRuntimesThatAreKnown) {
  const std::map<std::string, std::map<std::string, std::string>> expected = {
      {"venv-torch215",
       {{"libcudart.so.13", "13.2"},
        {"libcusparse.so.12", "13.2"},
        {"libcublas.so.13", "13.0"},
        {"libcublasLt.so.13", "13.0"},
        {"libnccl.so.2", "13.3"},
        {"libcudnn_graph.so.9", "13.4"},
        {"libcudnn_engines_runtime_compiled.so.9", "13.4"}}},
      {"venv-torch212",
       {{"libcudart.so.12", "12.1"},
        {"libcusparse.so.12", "12.1"},
        {"libcublas.so.12", "12.0"},
        {"libnccl.so.2", "12.1"},
        {"libcudnn_cnn_infer.so.8", "12.1"},
        {"libcufft.so.11", "12.1"}}},
      {"venv-jax12",
       {{"libcudart.so.12", "12.9"},
        {"libcublas.so.12", "12.8"},
        {"libnccl.so.2", "12.9"},
        {"libcudnn_engines_runtime_compiled.so.9", "12.9"}}}};
  int looked = 0;
  for (const fs::path& environment : folders_of("VARVE_REAL_VENVS", "venv-")) {
    auto wanted = expected.find(environment.filename());
    if (wanted == expected.end()) continue;
    for (const auto& [path, stated] : nvidia_files(site_packages(environment))) {
      auto row = wanted->second.find(path.filename());
      if (row == wanted->second.end()) continue;
      auto version = static_runtime_version(open_file(path));
      EXPECT_EQ(version ? version->version : "", row->second) << path;
      ++looked;
    }
  }
  if (looked == 0) GTEST_SKIP() << "VARVE_REAL_VENVS is not set or holds none of the environments that are known";
}

TEST(RealDrivers, TellTheirApiLevel) {
  const std::map<std::string, std::string> expected = {
      {"470", "11.4"}, {"525", "12.0"}, {"535", "12.2"}, {"550", "12.4"}};
  int looked = 0;
  for (const fs::path& driver : folders_of("VARVE_REAL_DRIVERS", "")) {
    if (!expected.contains(driver.filename())) continue;
    for (const auto& entry : fs::recursive_directory_iterator(driver)) {
      const std::string name = entry.path().filename();
      if (!entry.is_regular_file() || entry.is_symlink() || !name.starts_with("libcuda.so")) continue;
      auto level = api_level(open_file(entry.path()));
      EXPECT_EQ(level ? level->version : "", expected.at(driver.filename()));
      auto version = library_version(open_file(entry.path()), name, version_rows(name));
      EXPECT_TRUE(version && version->value.starts_with(driver.filename().string() + ".")) << name;
      ++looked;
    }
  }
  if (looked == 0) GTEST_SKIP() << "VARVE_REAL_DRIVERS is not set or holds no driver that is known";
}

// What ldd prints, by the same means: the path of each name, "" for what is not found.
std::map<std::string, std::string> listed(const std::string& interpreter, const fs::path& file) {
  std::map<std::string, std::string> found;
  FILE* pipe =
      popen(("LD_TRACE_LOADED_OBJECTS=1 " + interpreter + " '" + file.string() + "' 2>/dev/null").c_str(), "r");
  char piece[8192];
  while (pipe && fgets(piece, sizeof piece, pipe)) {
    std::string line(trim(piece));
    std::size_t arrow = line.find(" => ");
    if (arrow == line.npos || line.find("ld-linux") != line.npos) continue;
    std::string path = line.substr(arrow + 4);
    found[line.substr(0, arrow)] = path == "not found" ? "" : path.substr(0, path.find(" (0x"));
  }
  if (pipe) pclose(pipe);
  return found;
}

TEST(RealLibraries, LoadWhatTheLoaderLists) {
  const std::string interpreter = "/lib64/ld-linux-x86-64.so.2";
  auto environments = real_environments();
  if (environments.empty() || !fs::exists(interpreter)) GTEST_SKIP() << "no VARVE_REAL_VENVS or no x86-64 loader here";
  auto files = open_root("/");
  ASSERT_TRUE(files);
  auto reader = (*files)->open("/etc/ld.so.cache");
  auto cache = reader ? read_loader_cache(*reader, "/etc/ld.so.cache") : Result<LoaderCache>(LoaderCache{});
  ASSERT_TRUE(cache);
  LoaderContext context = loader_context(**files, &*cache, EM_X86_64);
  int compared = 0, names = 0;
  for (const fs::path& environment : environments) {
    for (const auto& entry : fs::recursive_directory_iterator(site_packages(environment))) {
      const std::string name = entry.path().filename();
      const std::string folder = entry.path().parent_path().filename();
      if (!entry.is_regular_file() || name.find(".so") == name.npos || (folder != "lib" && folder != "capi")) continue;
      auto set = start_loaded_set(context, entry.path());
      if (!set || set->objects[0].dynamic.machine != EM_X86_64) continue;
      load_needed(context, *set);
      auto real = listed(interpreter, entry.path());
      std::map<std::string, std::string> found;
      for (const LoadedObject& object : set->objects) {
        if (object.loader && object.path.find("ld-linux") == std::string::npos) found[object.names[0]] = object.path;
      }
      for (const Dependency& row : set->missing) found[row.name] = row.path;
      EXPECT_EQ(found, real) << entry.path();
      ++compared;
      names += static_cast<int>(real.size());
    }
  }
  std::printf("%d libraries, %d resolved names compared\n", compared, names);
  EXPECT_GT(compared, 0);
}

TEST(RealLibraries, NameWhatTheyOpenLate) {
  const std::map<std::string, std::vector<std::string>> expected = {
      {"libcublasLt.so.13", {"libcuda.so.1", "libnvrtc.so.13"}},
      {"libcufft.so.12", {"libcuda.so.1", "libnvJitLink.so.13", "libnvrtc.so.13"}},
      {"libnccl.so.2", {"libcuda.so.1", "libibverbs.so.1", "libnvidia-ml.so.1"}},
      {"libnvrtc.so.13", {"libnvrtc-builtins.so.13.2"}}};
  int looked = 0;
  for (const fs::path& environment : folders_of("VARVE_REAL_VENVS", "venv-torch215")) {
    for (const auto& [path, stated] : nvidia_files(site_packages(environment))) {
      auto row = expected.find(path.filename());
      if (row == expected.end()) continue;
      auto names = opened_names(open_file(path));
      for (const std::string& name : row->second) {
        EXPECT_TRUE(std::binary_search(names.begin(), names.end(), name)) << path << " " << name;
      }
      ++looked;
    }
  }
  if (looked == 0) GTEST_SKIP() << "VARVE_REAL_VENVS is not set or holds no venv-torch215";
}

}  // namespace
}  // namespace varve
