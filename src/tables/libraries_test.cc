#include "tables/libraries.h"

#include <gtest/gtest.h>

#include <set>

#include "base/library_file_name.h"
#include "tables/package_table.h"
#include "tables/table.h"

namespace varve {
namespace {

TEST(Libraries, EveryRowIsSoundAndReachable) {
  ASSERT_TRUE(load_libraries()) << to_text(load_libraries().error());
  ASSERT_GT(libraries().size(), 80u);
  std::set<std::string> stems;
  for (const LibraryRow& row : libraries()) {
    EXPECT_TRUE(stems.insert(row.stem).second) << row.stem << " stands twice";
    const std::string name = row.stem.ends_with('*') ? row.stem.substr(0, row.stem.size() - 1) + "_any" : row.stem;
    ASSERT_NE(library_of(name), nullptr) << row.stem;
    EXPECT_EQ(library_of(name)->stem, row.stem) << "another row takes its names";
    for (const LibraryName& soname : row.sonames) {
      EXPECT_EQ(library_of(soname.soname), &row) << soname.soname;
      EXPECT_NE(split_library_file_name(soname.soname).version, "") << soname.soname;
      EXPECT_EQ(soname.package.empty(), soname.folder.empty()) << soname.soname;
    }
  }
}

TEST(Libraries, AWheelOfALibraryIsAPackageOfLibraries) {
  for (const LibraryRow& row : libraries()) {
    for (const LibraryName& soname : row.sonames) {
      if (soname.package.empty()) continue;
      const PackageRow* package = find_package_row(soname.package);
      ASSERT_NE(package, nullptr) << soname.package;
      EXPECT_TRUE(package->has_gpu_code()) << soname.package;
    }
  }
  EXPECT_EQ(find_package_row("cutensor-cu12")->folders, std::vector<std::string>{"cutensor"});
}

TEST(Libraries, TheExactRowCountsElseTheLongest) {
  EXPECT_EQ(library_of("/x/libcudnn_ops-74a4c495.so.9.1.0")->stem, "libcudnn_ops");
  EXPECT_EQ(library_of("libcudnn_engines_precompiled.so.9")->stem, "libcudnn*");
  EXPECT_EQ(library_of("libnvidia-nvvm70.so.4")->stem, "libnvidia-nvvm*");
  EXPECT_EQ(library_of("libc.so.6"), nullptr);
  EXPECT_EQ(library_of(""), nullptr);
}

TEST(Libraries, RolesSayWhoseTheyAre) {
  EXPECT_TRUE(is_driver_library("/usr/lib/libcuda.so.550.54.15"));
  EXPECT_TRUE(is_driver_library("libnvidia-glcore.so.550.54.15"));
  EXPECT_FALSE(has_role("libnvidia-glcore.so.550.54.15", LibraryRole::cuda)) << "a desktop maps it";
  EXPECT_FALSE(is_driver_library("libcudart.so.12"));
  EXPECT_TRUE(is_cuda_library("libtorch_cuda.so"));
  EXPECT_FALSE(is_cuda_library("libtorch_cpu.so"));
  EXPECT_FALSE(is_cuda_library("libopenblas.so.0"));
  EXPECT_TRUE(has_role("libamdhip64.so.6", LibraryRole::opens_gpu));
}

TEST(Libraries, AModuleOfBindingsOpensWhatItIsNamedAfter) {
  using Names = std::vector<std::string>;
  const std::string module = ".cpython-311-x86_64-linux-gnu.so";
  EXPECT_EQ(bound_names("/env/nvmath/bindings/_internal/cublas" + module),
            (Names{"libcublas.so.13", "libcublas.so.12"}));
  EXPECT_EQ(bound_names("/env/nvmath/bindings/_internal/cusolverDn" + module),
            (Names{"libcusolver.so.12", "libcusolver.so.11"}));
  EXPECT_EQ(bound_names("/env/nvmath/bindings/_internal/cutensor" + module), Names{"libcutensor.so.2"});
  EXPECT_EQ(bound_names("/env/nvshmem/bindings/_internal/nvshmem" + module), Names{"libnvshmem_host.so.3"});
  EXPECT_EQ(bound_names("/env/nvmath/bindings/cublas" + module), Names{}) << "it calls the other";
  EXPECT_EQ(bound_names("/env/cuda/bindings/_internal/nvml" + module), Names{}) << "of the driver";
  EXPECT_EQ(bound_names("/env/cuda/bindings/_internal/utils" + module), Names{});
  EXPECT_EQ(bound_names("cublas.so"), Names{});
  EXPECT_EQ(bound_names(""), Names{});
}

TEST(Libraries, OneRowTellsAllOfALibrary) {
  struct Wanted {
    const char *file, *family, *getter, *runtime_getter;
    VersionWay way;
  };
  const Wanted wanted[] = {
      {"libcutensor.so.2", "cutensor", "cutensorGetVersion", "cutensorGetCudartVersion", VersionWay::stored},
      {"libcudss.so.0.5.0", "cudss", "", "", VersionWay::file_name},
      {"libnvcomp.so.6", "nvcomp", "nvcompGetProperties", "", VersionWay::copied}};
  for (const Wanted& one : wanted) {
    const LibraryRow* row = library_of(one.file);
    ASSERT_NE(row, nullptr) << one.file;
    EXPECT_EQ(row->family, one.family);
    EXPECT_EQ(row->layer, Layer::kernel_library);
    EXPECT_TRUE(has_role(one.file, LibraryRole::cuda));
    ASSERT_FALSE(row->version.empty());
    EXPECT_EQ(row->version.front().way, one.way);
    EXPECT_EQ(row->version.front().name, one.getter);
    EXPECT_EQ(row->version.front().runtime_getter, one.runtime_getter);
    EXPECT_FALSE(row->sonames.empty());
  }
}

}  // namespace
}  // namespace varve
