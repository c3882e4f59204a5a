#include "tables/knowledge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"

namespace varve {
namespace {

const Knowledge& tables() {
  static const Knowledge knowledge = [] {
    Result<Knowledge> loaded = load_knowledge();
    if (!loaded) ADD_FAILURE() << to_text(loaded.error());
    return loaded ? *loaded : Knowledge{};
  }();
  return knowledge;
}

DottedVersion version(std::string_view text) { return dotted_version_from(text).value_or(DottedVersion{}); }

// A folder for tables that stand in the place of the embedded ones.
class Folder {
 public:
  Folder() {
    path_ = std::filesystem::temp_directory_path() / ("varve_tables_" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string branch_table(const std::string& row) {
  return R"({"title": "t", "description": "d", "date": "2027-01-01", "rows": [)" + row + "]}";
}

TEST(Knowledge, BranchesOfferWhatThePublishedTableSays) {
  const std::pair<const char*, const char*> ceilings[] = {
      {"450.80.02", "11.0"},  {"470.256.02", "11.4"}, {"510.47.03", "11.6"},  {"520.61.05", "11.8"},
      {"525.147.05", "12.0"}, {"530.30.02", "12.1"},  {"535.261.03", "12.2"}, {"545.29.06", "12.3"},
      {"550.54.15", "12.4"},  {"555.42.02", "12.5"},  {"560.35.03", "12.6"},  {"565.57.01", "12.7"},
      {"570.26", "12.8"},     {"575.57.08", "12.9"},  {"580.65.06", "13.0"},  {"590.44.01", "13.1"},
      {"595.45.04", "13.2"},  {"610.43.02", "13.3"},  {"551.78", "12.4"},     {"616.56", "13.4"}};
  for (const auto& [driver, cuda] : ceilings) {
    const DriverBranch* branch = branch_of(tables(), version(driver));
    ASSERT_NE(branch, nullptr) << driver;
    EXPECT_EQ(branch->cuda, cuda) << driver;
  }
}

// As the JIT compilers of these drivers answered when they were asked.
TEST(Knowledge, PtxCeilingsAreThoseOfTheRealCompilers) {
  EXPECT_EQ(find_branch(tables(), 470)->ptx_isa, "7.4");
  EXPECT_EQ(find_branch(tables(), 525)->ptx_isa, "8.0");
  EXPECT_EQ(find_branch(tables(), 535)->ptx_isa, "8.2");
  EXPECT_EQ(find_branch(tables(), 550)->ptx_isa, "8.4");
}

TEST(Knowledge, ABranchCompilesThePtxOfItsOwnRelease) {
  for (const DriverBranch& branch : tables().driver_branches) {
    const CudaRelease* release = find_release(tables(), branch.cuda);
    ASSERT_NE(release, nullptr) << branch.cuda;
    EXPECT_EQ(branch.ptx_isa, release->ptx_isa) << branch.branch;
  }
}

TEST(Knowledge, FloorsHoldForEveryReleaseOfAMajorVersion) {
  EXPECT_EQ(floor_of(tables(), version("12.9"))->driver, "525.60.13");
  EXPECT_EQ(floor_of(tables(), version("12"))->driver, "525.60.13");
  EXPECT_EQ(floor_of(tables(), version("11.8"))->driver, "450.80.02");
  EXPECT_EQ(floor_of(tables(), version("13.5"))->driver, "580.65.06");
}

TEST(Knowledge, AReleaseMayHaveAFloorOfItsOwn) {
  EXPECT_EQ(floor_of(tables(), version("11.0.3"))->driver, "450.36.06");
  EXPECT_EQ(floor_of(tables(), version("10.2"))->driver, "440.33");
  EXPECT_EQ(floor_of(tables(), version("14.0")), nullptr);
}

TEST(Knowledge, ReleasesAreFoundByTheVersionOfATool) {
  ASSERT_NE(find_release(tables(), "12.4.131"), nullptr);
  EXPECT_EQ(find_release(tables(), "12.4.131")->driver, "550.54.14");
  EXPECT_EQ(find_release(tables(), "13.2 (V13.2.78)")->cuda, "13.2");
  EXPECT_EQ(find_release(tables(), "14.0"), nullptr);
  EXPECT_EQ(find_release(tables(), ""), nullptr);
}

TEST(Knowledge, ArchitecturesEndAndBegin) {
  EXPECT_EQ(find_architecture(tables(), {3, 7})->last_branch, 470);
  EXPECT_EQ(find_architecture(tables(), {7, 0})->last_branch, 580);
  EXPECT_EQ(find_architecture(tables(), {7, 0})->last_cuda, "12.9");
  EXPECT_EQ(find_architecture(tables(), {9, 0})->first_cuda, "11.8");
  EXPECT_EQ(find_architecture(tables(), {12, 0})->first_branch, 570);
  EXPECT_EQ(find_architecture(tables(), {12, 0})->kernel_module, "open");
  EXPECT_EQ(find_architecture(tables(), {6, 1})->kernel_module, "proprietary");
  EXPECT_EQ(find_architecture(tables(), {8, 0})->kernel_module, "");
  EXPECT_EQ(find_architecture(tables(), {4, 0}), nullptr);
}

TEST(Knowledge, WhatIsNewerThanTheTablesIsSaidToBe) {
  EXPECT_FALSE(is_newer_driver(tables(), version("616.56")));
  EXPECT_TRUE(is_newer_driver(tables(), version("700.10")));
  EXPECT_FALSE(is_newer_cuda(tables(), version("12.4.1")));
  EXPECT_TRUE(is_newer_cuda(tables(), version("14.0")));
  EXPECT_FALSE(is_newer_gpu(tables(), {9, 0}));
  EXPECT_TRUE(is_newer_gpu(tables(), {13, 0}));
  EXPECT_TRUE(is_newer_gpu(tables(), {11, 5})) << "a number between known ones that no row has";
  EXPECT_FALSE(is_newer_gpu(tables(), {1, 3})) << "older than all";
}

TEST(Knowledge, EmptyTablesKnowNothing) {
  const Knowledge none;
  EXPECT_TRUE(is_newer_driver(none, version("550.54")));
  EXPECT_TRUE(is_newer_cuda(none, version("12.4")));
  EXPECT_TRUE(is_newer_gpu(none, {9, 0}));
  EXPECT_EQ(branch_of(none, version("550.54")), nullptr);
}

TEST(Knowledge, FirstCudaOfAnArchitectureIsTheFirstReleaseThatListsIt) {
  const DottedVersion oldest = [] {
    for (const CudaRelease& release : tables().cuda_releases) {
      if (!release.targets.empty()) return version(release.cuda);
    }
    return DottedVersion{};
  }();
  for (const GpuArchitecture& row : tables().gpu_architectures) {
    if (version(row.first_cuda) <= oldest) continue;
    const std::string target = std::to_string(row.capability.major * 10 + row.capability.minor);
    for (const CudaRelease& release : tables().cuda_releases) {
      if (release.targets.empty()) continue;
      const bool listed = std::count(release.targets.begin(), release.targets.end(), target) > 0;
      const bool expected = version(release.cuda) >= version(row.first_cuda) &&
                            (row.last_cuda.empty() || version(release.cuda) <= version(row.last_cuda));
      EXPECT_EQ(listed, expected) << "sm_" << target << " and CUDA " << release.cuda;
    }
  }
}

TEST(Knowledge, NewerReleasesHaveNewerPtxAndDrivers) {
  const CudaRelease* before = nullptr;
  for (const CudaRelease& release : tables().cuda_releases) {
    if (before != nullptr) {
      EXPECT_LT(version(before->cuda), version(release.cuda));
      EXPECT_LE(version(before->ptx_isa), version(release.ptx_isa)) << release.cuda;
      if (!release.driver.empty() && !before->driver.empty()) {
        EXPECT_LT(version(before->driver), version(release.driver)) << release.cuda;
      }
    }
    before = &release;
  }
  EXPECT_GE(tables().cuda_releases.size(), 30U);
}

TEST(Knowledge, DriversThatReleasesCameWithOfferTheirLevel) {
  for (const CudaRelease& release : tables().cuda_releases) {
    if (release.driver.empty() || version(release.cuda) < version("9.0")) continue;
    const DriverBranch* branch = branch_of(tables(), version(release.driver));
    ASSERT_NE(branch, nullptr) << release.cuda;
    EXPECT_EQ(branch->cuda, release.cuda) << release.driver;
  }
}

template <class T>
void expect_sources(const std::vector<T>& rows, const char* table) {
  EXPECT_FALSE(rows.empty()) << table;
  for (const T& row : rows) EXPECT_GE(row.source.size(), 8U) << table;
}

TEST(Knowledge, EveryRowNamesItsSource) {
  expect_sources(tables().driver_branches, "driver_branches");
  expect_sources(tables().cuda_releases, "cuda_releases");
  expect_sources(tables().minor_version_floors, "minor_version_floors");
  expect_sources(tables().gpu_architectures, "gpu_architectures");
  expect_sources(tables().compat_packages, "compat_packages");
  expect_sources(tables().framework_builds, "framework_builds");
  expect_sources(tables().library_releases, "library_releases");
  expect_sources(tables().library_names, "library_names");
  expect_sources(tables().dispatch_changes, "dispatch_changes");
  expect_sources(tables().error_codes, "error_codes");
  EXPECT_GE(tables().date, "2026-11");
}

TEST(Knowledge, KeysAreNotDouble) {
  std::set<int> branches, codes;
  for (const DriverBranch& row : tables().driver_branches) EXPECT_TRUE(branches.insert(row.branch).second);
  for (const ErrorCode& row : tables().error_codes) EXPECT_TRUE(codes.insert(row.code).second) << row.code;
  std::set<std::string> changes, names;
  for (const DispatchChange& row : tables().dispatch_changes) EXPECT_TRUE(changes.insert(row.id).second) << row.id;
  for (const LibraryName& row : tables().library_names) {
    EXPECT_TRUE(names.insert(row.soname + " " + row.package + " " + row.folder).second) << row.soname;
  }
}

TEST(Knowledge, ASonameBelongsToOneMajorVersionOrToNone) {
  std::map<std::string, std::set<std::string>> majors;
  for (const LibraryName& row : tables().library_names) majors[row.soname].insert(row.cuda);
  for (const auto& [soname, found] : majors) EXPECT_EQ(found.size(), 1U) << soname;
  EXPECT_EQ(*majors["libcublas.so.12"].begin(), "12");
  EXPECT_EQ(*majors["libcudnn.so.9"].begin(), "");
  EXPECT_EQ(*majors["libcusparse.so.12"].begin(), "") << "CUDA 12 and 13 share it";
}

TEST(Knowledge, BuildsTargetWhatTheirCudaCompilesFor) {
  for (const FrameworkBuild& build : tables().framework_builds) {
    const CudaRelease* release = find_release(tables(), build.cuda);
    for (const std::string& target : build.targets) {
      const auto capability = compute_capability_from(target);
      ASSERT_TRUE(capability) << build.framework << " " << build.version << " " << target;
      // "12" stands for several releases; of the oldest toolkits the table has no targets.
      if (release == nullptr || release->targets.empty() || version(build.cuda).parts.size() < 2) continue;
      const std::string number = std::to_string(capability->major * 10 + capability->minor);
      EXPECT_EQ(std::count(release->targets.begin(), release->targets.end(), number), 1)
          << build.framework << " " << build.version << " " << build.variant << " " << target;
    }
  }
}

TEST(Knowledge, ErrorCodesKnowTheThreeOfTheDriver) {
  EXPECT_EQ(find_error_code(tables(), 35)->runtime_name, "cudaErrorInsufficientDriver");
  EXPECT_EQ(find_error_code(tables(), 803)->category, FaultCategory::user_kernel_mismatch);
  EXPECT_EQ(find_error_code(tables(), 804)->message, "forward compatibility was attempted on non supported HW");
  EXPECT_EQ(find_error_code(tables(), 222)->category, FaultCategory::driver_ceiling);
  EXPECT_EQ(find_error_code(tables(), 12345), nullptr);
}

TEST(Knowledge, AFolderReplacesTheTablesThatItHas) {
  const Folder folder;
  folder.write("driver_branches.json", branch_table(R"({"branch": 800, "cuda": "15.0", "source": "a test"},
                                                       {"branch": 700, "cuda": "14.0", "source": "a test"})"));
  const Result<Knowledge> loaded = load_knowledge(folder.path());
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  ASSERT_EQ(loaded->driver_branches.size(), 2U);
  EXPECT_EQ(branch_of(*loaded, version("720.1"))->cuda, "14.0") << "rows are put in order";
  EXPECT_EQ(loaded->cuda_releases.size(), tables().cuda_releases.size());
  EXPECT_EQ(loaded->date, "2027-01-01");
}

TEST(Knowledge, AWrongTableIsAnErrorWithItsPlace) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"branch": "x", "cuda": "12.0", "source": "s"})", "rows[0].branch"},
      {R"({"branch": -1, "cuda": "12.0", "source": "s"})", "rows[0].branch"},
      {R"({"branch": 1, "cuda": "twelve", "source": "s"})", "rows[0].cuda"},
      {R"({"branch": 1, "cuda": "12.0"})", "rows[0].source"},
      {R"({"branch": 1, "cuda": "12.0", "kind": "old", "source": "s"})", "rows[0].kind"},
      {R"({"branch": 1, "cuda": "12.0", "source": "s", "knd": "LTSB"})", "rows[0].knd"},
      {R"([])", "rows[0]"},
  };
  for (const auto& [row, place] : wrong) {
    const Folder folder;
    folder.write("driver_branches.json", branch_table(row));
    const Result<Knowledge> loaded = load_knowledge(folder.path());
    ASSERT_FALSE(loaded) << row;
    EXPECT_NE(loaded.error().where.find("driver_branches.json: " + std::string(place)), std::string::npos)
        << loaded.error().where;
  }
}

TEST(Knowledge, AWrongFieldSaysWhatWasFoundAndWhatIsAllowed) {
  const Folder folder;
  folder.write("driver_branches.json", branch_table(R"({"branch": 1, "cuda": "12.0", "kind": "old", "source": "s"})"));
  const Result<Knowledge> loaded = load_knowledge(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().found, "\"old\" is not one of LTSB, production, new feature");
}

TEST(Knowledge, ALibraryWithoutAWayThatIsKnownIsAnError) {
  const Folder folder;
  folder.write("libraries.json", branch_table(R"({"library": "x", "stem": "libx", "source": "s",
                                                  "version": [{"way": "file_name"}, {"way": "guess"}]})"));
  const Result<Knowledge> loaded = load_knowledge(folder.path());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().where.find("libraries.json: rows[0].version[1].way"), std::string::npos)
      << loaded.error().where;
}

TEST(Knowledge, ATableThatIsNoJsonOrMissesItsRowsIsAnError) {
  for (const char* text : {"{", "[]", R"({"title": "t", "date": "d"})", "\xff"}) {
    const Folder folder;
    folder.write("error_codes.json", text);
    EXPECT_FALSE(load_knowledge(folder.path())) << text;
  }
  EXPECT_FALSE(load_knowledge("/nonexistent/folder"));
}

}  // namespace
}  // namespace varve
