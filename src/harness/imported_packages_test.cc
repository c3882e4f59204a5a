#include "harness/imported_packages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/unit/temporary_directory.h"

namespace varve {
namespace {

// A venv with two packages, one of which lists a library.
class Venv {
 public:
  Venv() : directory_(TemporaryDirectory::make()), path(directory_->path() + "/venv") {
    write("pyvenv.cfg", "home = /usr/bin\nversion = 3.11.7\n");
    write("bin/python", "");
    add("torch", "2.15.0+cu132", "torch/lib/libtorch_cpu.so,sha256=x,7\ntorch/__init__.py,,\n");
    add("numpy", "2.4.6", "../../../bin/f2py,,\n");
    write(site + "/torch/lib/libtorch_cpu.so", "");
  }
  void add(const std::string& name, const std::string& version, const std::string& record) {
    const std::string folder = site + "/" + name + "-" + version + ".dist-info/";
    write(folder + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n\n");
    write(folder + "RECORD", record);
  }
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path + "/" + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

 private:
  Result<TemporaryDirectory> directory_;

 public:
  std::string path;
  std::string site = "lib/python3.11/site-packages";
};

std::optional<ImportedPackages> imported(const std::string& program, const std::vector<std::string>& mapped) {
  World world = host_world();
  world.environment["HOME"] = "/home/me";
  PreparedVariant variant;
  variant.program = program;
  RecordingGround ground{.world = world, .environment = {}, .libraries = {}, .fastest_seconds = 1};
  for (const std::string& path : mapped) ground.libraries.push_back({path, "", "", false});
  return imported_packages(variant, ground);
}

TEST(ImportedPackages, OfTheEnvironmentThatLibrariesCameFrom) {
  const Venv venv;
  const std::string library = venv.path + "/" + venv.site + "/torch/lib/libtorch_cpu.so";
  const auto packages = imported("/usr/bin/env", {"/usr/lib/libpython3.11.so.1.0", library});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->environment, std::filesystem::canonical(venv.path));
  EXPECT_EQ(packages->python, "3.11.7");
  EXPECT_EQ(packages->versions, (std::map<std::string, std::string>{{"numpy", "2.4.6"}, {"torch", "2.15.0+cu132"}}));
  EXPECT_EQ(packages->libraries, (std::map<std::string, std::string>{{library, "torch"}}));
}

// Who says "current/bin/python" is told of "current", wherever the libraries were mapped from.
TEST(ImportedPackages, AnEnvironmentBehindALinkKeepsTheNameItWasCalledBy) {
  const Venv venv;
  const std::string link = std::filesystem::path(venv.path).parent_path().string() + "/current";
  std::filesystem::create_directory_symlink(venv.path, link);
  const auto packages = imported(link + "/bin/python", {venv.path + "/" + venv.site + "/torch/lib/libtorch_cpu.so"});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->environment, link);
  EXPECT_EQ(packages->versions.size(), 2u);
}

// PyTorch's wheels ask for CUDA's by way of another package's extras.
TEST(ImportedPackages, WhoAsksForWhom) {
  Venv venv;
  venv.add("triton", "3.9.0", "");
  venv.add("nvidia-cublas", "13.4", "");
  const std::string metadata = "Metadata-Version: 2.1\nVersion: 1\nName: ";
  venv.write(venv.site + "/torch-2.15.0+cu132.dist-info/METADATA",
             metadata +
                 "torch\nRequires-Dist: triton==3.9.0; platform_system == \"Linux\"\n"
                 "Requires-Dist: cuda-toolkit[cublas]==13.2.2\nRequires-Dist: absent\n"
                 "Requires-Dist: numpy; extra == \"test\"\n\n");
  venv.add("cuda-toolkit", "13.2.2", "");
  venv.write(venv.site + "/cuda-toolkit-13.2.2.dist-info/METADATA",
             metadata + "cuda-toolkit\nRequires-Dist: nvidia-cublas==13.4; extra == \"cublas\"\n\n");
  const auto packages = imported(venv.path + "/bin/python", {});
  ASSERT_TRUE(packages);
  const std::map<std::string, std::vector<std::string>> expected{
      {"torch", {"triton", "cuda-toolkit", "nvidia-cublas"}}};
  EXPECT_EQ(packages->requirements, expected);
}

TEST(ImportedPackages, OfTheProgramsOwnWhereNothingWasMappedFromOne) {
  const Venv venv;
  const auto packages = imported(venv.path + "/bin/python", {"/usr/lib/libc.so.6"});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->versions.size(), 2u);
  EXPECT_TRUE(packages->libraries.empty());
}

TEST(ImportedPackages, OfTheInterpreterThatAnotherProgramStarted) {
  const Venv venv;
  const auto packages = imported("/usr/bin/env", {"/usr/lib/libc.so.6", venv.path + "/bin/python3.11"});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->environment, std::filesystem::canonical(venv.path));
}

TEST(ImportedPackages, OfAScriptInAnEnvironment) {
  const Venv venv;
  const auto packages = imported(venv.path + "/bin/torchrun", {"/opt/python/lib/libpython3.11.so.1.0"});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->environment, std::filesystem::canonical(venv.path));
}

TEST(ImportedPackages, AProgramWithoutPythonHasNone) {
  EXPECT_FALSE(imported("/usr/bin/true", {"/usr/lib/libc.so.6"}));
}

TEST(ImportedPackages, APythonWithoutAnEnvironmentSaysSo) {
  const auto packages = imported("/no/such/bin/python3", {});
  ASSERT_TRUE(packages);
  EXPECT_EQ(packages->environment, "");
  EXPECT_NE(packages->missing, "");
}

}  // namespace
}  // namespace varve
