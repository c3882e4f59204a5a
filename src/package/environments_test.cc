#include "package/environments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "package/packages.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::unique_ptr<Files> open(const TestRoot& root) { return std::move(*open_root(root.path())); }

std::vector<std::string> found(const std::vector<EnvironmentPlace>& places) {
  std::vector<std::string> texts;
  for (const EnvironmentPlace& place : places) texts.push_back(std::string(to_string(place.kind)) + " " + place.path);
  return texts;
}

void add_package(const TestRoot& root, const std::string& folder, const std::string& name, const std::string& version) {
  root.write(folder + "/" + name + "-" + version + ".dist-info/METADATA",
             "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n\n");
}

TEST(Environments, UsualPlacesEachOnce) {
  const TestRoot root;
  add_package(root, "usr/lib/python3/dist-packages", "numpy", "1.24.2");
  add_package(root, "usr/local/lib/python3.11/dist-packages", "torch", "2.1.2");
  root.link("usr/bin/python3", "python3.11");
  root.write("usr/bin/python3.11", "");
  root.write("home/me/project/.venv/pyvenv.cfg",
             "home = /usr/bin\nversion = 3.11.7\ninclude-system-site-packages = True\n");
  add_package(root, "home/me/project/.venv/lib/python3.11/site-packages", "jax", "0.10.2");
  root.link("home/me/project/.venv/lib64", "lib");
  root.link("home/me/project/.venv/bin/python3", "/usr/bin/python3");
  root.write("home/me/.virtualenvs/one/pyvenv.cfg", "home = /usr/bin\nversion_info = 3.12.1.final.0\n");
  root.write("home/me/.virtualenvs/one/lib/python3.12/site-packages/x", "");
  root.write("home/me/miniconda3/conda-meta/python-3.10.13-h955ad1f_0.json", "{}");
  root.write("home/me/miniconda3/envs/ml/conda-meta/history", "");
  root.write("home/me/.conda/environments.txt", "/home/me/miniconda3\n/gone\n/data/env\n");
  root.write("data/env/conda-meta/history", "");
  add_package(root, "home/me/.local/lib/python3.11/site-packages", "vllm", "0.6");
  add_package(root, "home/me/.pyenv/versions/3.11.7/lib/python3.11/site-packages", "cupy", "13");
  root.write("home/me/.pyenv/versions/3.11.7/include/python3.11/patchlevel.h",
             "#define PY_VERSION              \"3.11.7\"\n");
  root.link("opt/venv", "/home/me/.virtualenvs/one");
  const auto files = open(root);
  const auto places = find_environments(*files, {.environment = {{"VIRTUAL_ENV", "/home/me/project/.venv"},
                                                                 {"PATH", "/home/me/project/.venv/bin:/usr/bin"}},
                                                 .homes = {"/home/me"},
                                                 .working_directory = "/home/me/project",
                                                 .folders = {}});
  EXPECT_EQ(found(places),
            (std::vector<std::string>{"venv /home/me/project/.venv", "system /usr/lib/python3/dist-packages",
                                      "system /usr/local/lib/python3.11/dist-packages",
                                      "user /home/me/.local/lib/python3.11/site-packages", "conda /home/me/miniconda3",
                                      "conda /home/me/miniconda3/envs/ml", "conda /data/env",
                                      "venv /home/me/.virtualenvs/one", "system /home/me/.pyenv/versions/3.11.7"}));
  EXPECT_TRUE(places[0].named);
  EXPECT_TRUE(places[0].sees_system);
  EXPECT_EQ(places[0].found_by, "VIRTUAL_ENV");
  EXPECT_EQ(places[0].folders.size(), 1u);
  EXPECT_EQ(fact_text(places[0].python), "3.11.7");
  EXPECT_FALSE(places[1].named);
  EXPECT_EQ(fact_text(places[1].python), "3.11");
  EXPECT_EQ(places[1].python.standing, Standing::inferred);
  EXPECT_EQ(fact_text(places[4].python), "3.10.13");
  EXPECT_EQ(fact_text(places[5].python), "absent (no Python is installed in it)");
  EXPECT_EQ(fact_text(places[7].python), "3.12.1");
  EXPECT_EQ(fact_text(places[8].python), "3.11.7");
}

// A venv that is asked about by itself brings what it sees of the installation beneath, of the same Python.
TEST(Environments, AVenvThatSeesTheInstallationBeneath) {
  const TestRoot root;
  add_package(root, "srv/python/lib/python3.11/site-packages", "cupy", "13.2");
  add_package(root, "srv/python/lib/python3.10/site-packages", "old", "1");
  add_package(root, "usr/lib/python3/dist-packages", "numpy", "1.24.2");
  add_package(root, "usr/local/lib/python3.11/dist-packages", "torch", "2.1.2");
  const auto beneath = [&](const std::string& home, const std::string& sees) {
    root.write("v/pyvenv.cfg", "home = " + home + "\ninclude-system-site-packages = " + sees + "\nversion = 3.11.7\n");
    add_package(root, "v/lib/python3.11/site-packages", "jax", "0.10.2");
    const auto files = open(root);
    return environment_at(*files, "/v")->path_folders;
  };
  EXPECT_EQ(beneath("/srv/python/bin", "true"), std::vector<std::string>{"/srv/python/lib/python3.11/site-packages"});
  EXPECT_EQ(beneath("/usr/bin", "true"),
            (std::vector<std::string>{"/usr/local/lib/python3.11/dist-packages", "/usr/lib/python3/dist-packages"}));
  EXPECT_TRUE(beneath("/srv/python/bin", "false").empty());
  EXPECT_TRUE(beneath("relative", "true").empty());
}

// pip install --target: nothing but the wheels says which Python the folder is for.
TEST(Environments, AFolderIsForThePythonOfItsWheels) {
  const TestRoot root;
  const auto python = [&](const std::string& tag) {
    add_package(root, "target", "cupy", "14");
    root.write("target/cupy-14.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: " + tag + "\n");
    root.write("target/six-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n");
    const auto files = open(root);
    return fact_text(environment_at(*files, "/target")->python);
  };
  EXPECT_EQ(python("cp312-cp312-manylinux2014_x86_64"), "3.12");
  for (const char* tag : {"cp39-abi3-manylinux2014_x86_64", "py3-none-any", "cp313-cp313t-manylinux_2_28_x86_64"})
    EXPECT_EQ(python(tag), "absent (nothing in it says a version of Python)") << tag;
  root.write("target/numpy-2.dist-info/WHEEL", "Tag: cp311-cp311-manylinux_2_28_x86_64\n");
  EXPECT_EQ(python("cp312-cp312-manylinux2014_x86_64"), "absent (nothing in it says a version of Python)");
}

TEST(Environments, PrefixesOfAnyNameBelowOpt) {
  const TestRoot root;
  root.write("opt/miniforge/conda-meta/history", "");
  root.write("opt/miniforge/envs/ml/conda-meta/history", "");
  root.write("opt/app/.venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.7\n");
  root.write("srv/model/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.7\n");
  root.write("opt/tool/lib/python3.11/site-packages/x", "");
  const auto files = open(root);
  const auto places =
      find_environments(*files, {.environment = {}, .homes = {}, .working_directory = "/", .folders = {}});
  EXPECT_EQ(found(places), (std::vector<std::string>{"venv /opt/app/.venv", "conda /opt/miniforge",
                                                     "conda /opt/miniforge/envs/ml", "venv /srv/model"}));
}

TEST(Environments, PathLeadsToAVenvWhosePythonIsALink) {
  const TestRoot root;
  root.write("usr/bin/python3.11", "");
  root.link("v/bin/python3", "/usr/bin/python3.11");
  root.write("v/pyvenv.cfg", "home = /usr/bin\n");
  root.write("v/lib/python3.11/site-packages/x", "");
  root.write("home/me/.pyenv/shims/python3", "");
  const auto files = open(root);
  const auto places = find_environments(*files, {.environment = {{"PATH", "relative:/home/me/.pyenv/shims:/v/bin"}},
                                                 .homes = {},
                                                 .working_directory = "",
                                                 .folders = {}});
  ASSERT_EQ(found(places), (std::vector<std::string>{"venv /v"}));
  EXPECT_EQ(fact_text(places[0].python), "3.11");
}

TEST(Environments, OfADirectory) {
  const TestRoot root;
  add_package(root, "target", "torch", "2.1.2");
  root.write("empty/x", "");
  const auto files = open(root);
  const auto place = environment_at(*files, "/target");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->kind, EnvironmentKind::folder);
  EXPECT_EQ(place->folders, std::vector<std::string>{"/target"});
  ASSERT_FALSE(environment_at(*files, "/empty"));
  EXPECT_NE(environment_at(*files, "/empty").error().found.find("neither pyvenv.cfg"), std::string::npos);
  EXPECT_FALSE(environment_at(*files, "/nothing"));
  EXPECT_FALSE(environment_at(*files, "/empty/x"));
}

TEST(Environments, HostilePlacesNeitherHangNorLeave) {
  const TestRoot root;
  root.link("loop/pyvenv.cfg", "pyvenv.cfg");
  root.link("home/me/.virtualenvs/up", "/../../../../../..");
  root.write("home/me/.conda/environments.txt", std::string(100000, 'x'));
  root.write("v/pyvenv.cfg", std::string(200000, '='));
  for (int i = 0; i < 300; ++i) root.write("opt/env" + std::to_string(i) + "/pyvenv.cfg", "\xff\n");
  const auto files = open(root);
  EXPECT_EQ(
      find_environments(
          *files,
          {.environment = {{"VIRTUAL_ENV", "/v"}}, .homes = {"/home/me"}, .working_directory = "/loop", .folders = {}})
          .size(),
      128u);
}

// The real environments: what Varve reads from files is what the packages say when they are imported. The full
// comparison is tests/wheels.
TEST(Environments, RealOnesNameTheirCuda) {
  const char* folder = std::getenv("VARVE_REAL_VENVS");
  if (folder == nullptr) GTEST_SKIP() << "VARVE_REAL_VENVS is not set: a folder of venvs named venv-…";
  const auto files = open_root("/");
  const std::map<std::string, std::pair<std::string, std::string>> expected = {
      {"venv-torch215", {"torch", "13.2"}},
      {"venv-torch212", {"torch", "12.1"}},
      {"venv-cupy12", {"cupy-cuda12x", "12.x"}},
      {"venv-cupy13", {"cupy-cuda13x", "13.x"}},
      {"venv-ort", {"onnxruntime-gpu", "13.0"}},
      {"venv-jax12", {"jax-cuda12-plugin", "12"}},
      {"venv-bnb", {"bitsandbytes", "11.8, 12.1, 12.4, 12.6, 12.8, 13.0, 13.2"}}};
  int seen = 0;
  for (const auto& [name, package] : expected) {
    const auto place = environment_at(**files, std::string(folder) + "/" + name);
    if (!place) continue;
    ++seen;
    const EnvironmentReading reading = read_environment(**files, *place, "");
    const std::string& wanted = package.first;
    const auto match = std::find_if(reading.environment.packages.begin(), reading.environment.packages.end(),
                                    [&wanted](const Package& each) { return each.name == wanted; });
    ASSERT_NE(match, reading.environment.packages.end()) << name;
    EXPECT_EQ(fact_text(match->cuda), package.second) << name;
    EXPECT_FALSE(reading.libraries.empty()) << name;
    for (const std::string& library : reading.libraries) EXPECT_TRUE((*files)->exists(library)) << library;
    for (const Package& each : reading.environment.packages) {
      EXPECT_FALSE(each.version.empty()) << each.name;
      if (name == "venv-bnb") continue;  // installed without its dependencies
      for (const Requirement& pin : each.requirements) {
        EXPECT_FALSE(pin.installed.empty()) << name << ": " << each.name << " asks for " << pin.name << pin.specifier;
      }
    }
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace varve
