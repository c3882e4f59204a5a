#include "package/path_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "package/packages.h"
#include "world/test_root.h"

namespace varve {
namespace {

const char* const kEditableSite = "v/lib/python3.11/site-packages/";

EnvironmentReading read(const TestRoot& root) {
  const auto files = open_root(root.path());
  const auto place = environment_at(**files, "/v");
  if (!place) {
    ADD_FAILURE() << place.error().found;
    return {};
  }
  return read_environment(**files, *place, "/home/me");
}

// gpu_ops as it is built in its sources: a module, one deeper, one for another Python, and what is no part of it.
void add_sources(const TestRoot& root, const std::string& folder) {
  root.write(folder + "gpu_ops/__init__.py", "from gpu_ops import _C\n");
  root.write(folder + "gpu_ops/_C.cpython-311-x86_64-linux-gnu.so", "");
  root.write(folder + "gpu_ops/ops/conv/libkernels.so", "");
  root.write(folder + "gpu_ops/_C.cpython-310-x86_64-linux-gnu.so", "");
  root.write(folder + "tests/libother.so", "");
}

void add_editable(const TestRoot& root, const std::string& record) {
  const std::string info = std::string(kEditableSite) + "gpu_ops-1.0.dist-info/";
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  root.write(info + "METADATA", "Metadata-Version: 2.1\nName: gpu-ops\nVersion: 1.0\nRequires-Dist: torch\n");
  root.write(info + "RECORD", record);
  root.write(info + "direct_url.json", R"({"dir_info": {"editable": true}, "url": "file:///srv/my%20project"})");
}

TEST(PathFiles, AreReadAsPythonReadsThem) {
  const TestRoot root;
  root.write("site/a.pth",
             "# a comment\n/srv/one\n\nbelow\nimport os; os.getcwd()\n/srv/nothing\n/srv/one\n/srv/f.zip\n");
  root.write("site/.hidden.pth", "/srv/two\n");
  root.write("site/b.pth", "import __editable___ops_1_0_finder; __editable___ops_1_0_finder.install()\n");
  root.write("site/__editable___ops_1_0_finder.py",
             "MAPPING: dict[str, str] = {'ops': '/srv/two/ops', 'a.b': '/srv/src/a/b', 'odd': '/srv/three/even'}\n");
  for (const char* folder : {"srv/one/x", "srv/two/ops/x", "srv/src/a/b/x", "srv/three/even/x", "site/below/x"}) {
    root.write(folder, "");
  }
  root.write("srv/f.zip", "");
  const auto files = open_root(root.path());
  EXPECT_EQ(path_file_folders(**files, "/site"),
            (std::vector<std::string>{"/srv/one", "/site/below", "/srv/two", "/srv/src"}));
  EXPECT_TRUE(path_file_folders(**files, "/nowhere").empty());
}

// scikit-build-core's finders, of both names: Python's files stay among the sources, what was built is installed.
TEST(PathFiles, OfScikitBuildCoreLeadToTheSources) {
  const TestRoot root;
  root.write("site/_editable_skbc_ops.pth", "import _editable_skbc_ops\n/srv/build\n");
  root.write("site/_editable_skbc_ops.py",
             "def install(a, b):\n    pass\n\n\ninstall({'ops': '/srv/one/src/ops/__init__.py', 'ops.sub': "
             "'/srv/one/src/ops/sub.py'}, {'ops._core': 'ops/_core.so'}, None, False)\n");
  root.write("site/_old_editable.pth", "import _old_editable\n");
  root.write("site/_old_editable.py", "install({'old': '/srv/two/old/__init__.py'}, {}, None, False, True)\n");
  root.write("site/_virtualenv.pth", "import _virtualenv\n");
  root.write("site/_virtualenv.py", "\ninstall({'no': '/srv/three/no/__init__.py'})\n");
  for (const char* folder : {"srv/one/src/ops/x", "srv/two/old/x", "srv/three/no/x", "srv/build/x"})
    root.write(folder, "");
  const auto files = open_root(root.path());
  EXPECT_EQ(path_file_folders(**files, "/site"), (std::vector<std::string>{"/srv/one/src", "/srv/build", "/srv/two"}));
}

// meson-python: sources, and behind them the build, which lies among them.
TEST(PathFiles, OfMesonLeadToTheBuildToo) {
  const TestRoot root;
  root.write("site/ops-editable.pth", "import _ops_editable_loader; _ops_editable_loader.init()");
  root.write("site/_ops_editable_loader.py",
             "def init():\n    finder = MesonpyMetaFinder(\n        'ops',\n        {'ops'},\n"
             "        '/srv/one/build/cp311',\n        ['/usr/bin/ninja'],\n    )\n");
  root.write(
      "srv/one/build/cp311/meson-info/intro-install_plan.json",
      R"({"targets": {}, "python": {"/srv/one/ops/__init__.py": {"destination": "{py_platlib}/ops/__init__.py"}}})");
  root.write("srv/one/ops/__init__.py", "");
  root.write("site/_odd_editable_loader.py", "MesonpyMetaFinder('odd', {'odd'}, '/srv/two', [])");
  const auto files = open_root(root.path());
  EXPECT_EQ(path_file_folders(**files, "/site"), (std::vector<std::string>{"/srv/one", "/srv/one/build/cp311"}));
}

TEST(PathFiles, LeadToASourceFolder) {
  const TestRoot root;
  add_editable(root, "__editable__.gpu_ops-1.0.pth,,\ngpu_ops-1.0.dist-info/METADATA,,\n");
  root.write(std::string(kEditableSite) + "__editable__.gpu_ops-1.0.pth", "/srv/my project/src\n");
  add_sources(root, "srv/my project/src/");
  // What setuptools leaves beside the sources is the same package.
  root.write("srv/my project/src/gpu_ops.egg-info/PKG-INFO", "Name: gpu-ops\nVersion: 0.9\n");
  const EnvironmentReading reading = read(root);
  ASSERT_EQ(reading.environment.packages.size(), 1u);
  EXPECT_EQ(reading.environment.packages[0].name, "gpu-ops");
  EXPECT_EQ(reading.environment.packages[0].version, "1.0");
  const std::string source = "/srv/my project/src/gpu_ops/";
  EXPECT_EQ(reading.libraries, (std::vector<std::string>{source + "_C.cpython-311-x86_64-linux-gnu.so",
                                                         source + "ops/conv/libkernels.so"}));
  EXPECT_EQ(reading.packages.at(source + "ops/conv/libkernels.so"), "gpu-ops");
}

TEST(PathFiles, OfSetupDevelopLeadToThePackagesThatLieThere) {
  const TestRoot root;
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  root.write(std::string(kEditableSite) + "easy-install.pth", "/srv/project\n");
  root.write(std::string(kEditableSite) + "gpu-ops.egg-link", "/srv/project\n.");
  add_sources(root, "srv/project/");
  root.write("srv/project/gpu_ops.egg-info/PKG-INFO", "Name: gpu-ops\nVersion: 0.9\n");
  root.write("srv/project/gpu_ops.egg-info/requires.txt", "torch\n");
  root.write("srv/project/gpu_ops.egg-info/top_level.txt", "gpu_ops\n");
  const EnvironmentReading reading = read(root);
  EXPECT_EQ(reading.candidates, std::set<std::string>{"gpu-ops"});  // its libraries decide
  EXPECT_EQ(reading.libraries.size(), 2u);
}

TEST(PathFiles, LeadToTheEnvironmentBeneath) {
  const TestRoot root;
  const std::string base = "base/lib/python3.11/site-packages/";
  root.write("v/pyvenv.cfg", "version = 3.11.7\n");
  root.write(std::string(kEditableSite) + "base.pth", "/base/lib/python3.11/site-packages\n");
  root.write(base + "torch-2.8.0.dist-info/METADATA", "Name: torch\nVersion: 2.8.0\n");
  root.write(base + "torch-2.8.0.dist-info/RECORD", "torch/lib/libtorch.so,,\n");
  root.write(base + "jax-0.4.dist-info/METADATA", "Name: jax\nVersion: 0.4\n");
  root.write(std::string(kEditableSite) + "jax-0.5.dist-info/METADATA", "Name: jax\nVersion: 0.5\n");
  const EnvironmentReading reading = read(root);
  std::vector<std::string> names;
  for (const Package& package : reading.environment.packages) names.push_back(package.name + " " + package.version);
  EXPECT_EQ(names, (std::vector<std::string>{"jax 0.5", "torch 2.8.0"}));  // the first on the path counts
  EXPECT_EQ(reading.libraries, std::vector<std::string>{"/" + base + "torch/lib/libtorch.so"});
}

TEST(PathFiles, OfAProjectThatIsNotEdited) {
  const TestRoot root;
  const auto asked = [&](const std::string& text) {
    root.write("info/direct_url.json", text);
    const auto files = open_root(root.path());
    return editable_project(**files, "/info");
  };
  root.write("srv/x", "");
  EXPECT_EQ(asked(R"({"dir_info": {"editable": true}, "url": "file:///srv"})"), "/srv");
  EXPECT_EQ(asked(R"({"dir_info": {}, "url": "file:///srv"})"), "");
  EXPECT_EQ(asked(R"({"dir_info": {"editable": true}, "url": "https://srv"})"), "");
  EXPECT_EQ(asked(R"({"dir_info": {"editable": true}, "url": 5})"), "");
  EXPECT_EQ(asked("[1"), "");
}

}  // namespace
}  // namespace varve
