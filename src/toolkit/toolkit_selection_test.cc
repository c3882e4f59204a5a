#include "toolkit/toolkit_selection.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_testing.h"

namespace varve {
namespace {

using SelectionNames = std::vector<std::string>;

std::vector<std::string> claims_of(const ToolkitSurvey& survey) {
  std::vector<std::string> all;
  for (const ToolkitClaim& claim : survey.claims) {
    all.push_back(claim.source + " > " + claim.toolkit + (claim.said.empty() ? "" : " (" + claim.said + ")"));
  }
  return all;
}

std::vector<std::string> chosen(const Files& files, ToolkitSurvey& survey, const std::string& wanted) {
  std::vector<std::string> paths;
  for (const std::size_t match : matching_toolkits(files, survey, wanted)) {
    paths.push_back(survey.toolkits[match].toolkit.path);
  }
  return paths;
}

// Two of the host, wheels in a venv, conda; 12.4.1 is active.
struct Machine {
  TestRoot root;
  std::string wheels;
  std::unique_ptr<Files> files;

  Machine() {
    write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
    write_toolkit(root, "usr/local/cuda-12.9", "12.9.0", "12.9.41");
    root.link("usr/local/cuda", "cuda-12.4");
    wheels = "/" + write_wheel_toolkit(root, "home/a/.venvs/x");
    root.write("opt/conda/conda-meta/cuda-nvcc-11.8.89-0.json", "{}");
    root.write("opt/conda/bin/nvcc", "");
    root.write("opt/conda/targets/x86_64-linux/include/cuda.h", "#define CUDA_VERSION 11080\n");
    root.write("opt/conda/targets/x86_64-linux/include/cuda_runtime.h", "");
    root.write("opt/conda/targets/x86_64-linux/lib/libcudart.so", "");
    root.write("opt/conda/lib/libstdc++.so.6", "");
    files = std::move(*open_root(root.path()).value);
  }

  ToolkitSurvey survey(const std::map<std::string, std::string>& environment = {}) const {
    return survey_toolkits(*files,
                           {.environment = environment, .homes = {"/home/a"}, .working_directory = {}, .folders = {}});
  }
};

TEST(ToolkitSelection, FindsTheHostsThoseOfEnvironmentsAndTheirParts) {
  const Machine machine;
  const ToolkitSurvey survey = machine.survey();
  SelectionNames paths;
  for (const InstalledToolkit& installed : survey.toolkits) paths.push_back(installed.toolkit.path);
  EXPECT_EQ(paths, (SelectionNames{"/usr/local/cuda-12.4", "/usr/local/cuda-12.9", machine.wheels, "/opt/conda"}));
  const InstalledToolkit* wheels = survey.at(machine.wheels);
  ASSERT_NE(wheels, nullptr);
  EXPECT_EQ(wheels->kind, ToolkitKind::wheels);
  EXPECT_EQ(wheels->environment, "/home/a/.venvs/x");
  EXPECT_EQ(wheels->layout.libraries, SelectionNames{machine.wheels + "/lib"});
  EXPECT_TRUE(wheels->layout.is_complete());
  const InstalledToolkit* conda = survey.at("/opt/conda");
  ASSERT_NE(conda, nullptr);
  EXPECT_EQ(conda->kind, ToolkitKind::conda);
  EXPECT_EQ(conda->layout.missing, (SelectionNames{"ptxas", "cicc"}));
  // Its lib holds libstdc++ too.
  EXPECT_EQ(conda->layout.libraries, SelectionNames{"/opt/conda/targets/x86_64-linux/lib"});
  EXPECT_FALSE(conda->own_prefix);
  EXPECT_EQ(survey.at("/usr/local/cuda-12.4")->layout.libraries, SelectionNames{"/usr/local/cuda-12.4/lib64"});
  ASSERT_NE(survey.active(), nullptr);
  EXPECT_EQ(survey.active()->toolkit, "/usr/local/cuda-12.4");
  EXPECT_TRUE(survey.agrees());
}

TEST(ToolkitSelection, SaysWhoNamesWhatAlsoWhereNothingIs) {
  const Machine machine;
  machine.root.write("etc/ld.so.conf.d/988_cuda-12.conf", "# libraries\n/usr/local/cuda-12.9/lib64\n");
  const ToolkitSurvey survey = machine.survey({{"CUDA_PATH", machine.wheels},
                                               {"CUDA_HOME", "/usr/local/cuda-11.0"},
                                               {"CUDACXX", "/usr/local/cuda-12.9/bin/nvcc"},
                                               {"LD_LIBRARY_PATH", "/x:" + machine.wheels + "/lib"},
                                               {"PATH", "/usr/bin:/usr/local/cuda/bin"}});
  EXPECT_EQ(claims_of(survey),
            (SelectionNames{"CUDA_HOME >  (/usr/local/cuda-11.0)", "CUDA_PATH > " + machine.wheels,
                            "CUDACXX > /usr/local/cuda-12.9", "nvcc on PATH > /usr/local/cuda-12.4",
                            "/usr/local/cuda > /usr/local/cuda-12.4", "LD_LIBRARY_PATH > " + machine.wheels,
                            "/etc/ld.so.conf.d/988_cuda-12.conf > /usr/local/cuda-12.9"}));
  EXPECT_FALSE(survey.agrees());
  EXPECT_EQ(survey.active()->source, "CUDA_PATH");
  EXPECT_EQ(fact_text(survey.at(machine.wheels)->toolkit.installer), "wheel nvidia-cuda-nvcc 13.2.86");
  // PyTorch takes CUDA_HOME though nothing is there; CMake asks CUDACXX first.
  const std::vector<ToolkitUser> users = survey.users;
  const auto taken = [&](const std::string& who) {
    for (const ToolkitUser& user : users) {
      if (user.who == who) return !user.claim ? "none" : user.claim->source;
    }
    return std::string("no such user");
  };
  EXPECT_EQ(taken("PyTorch extensions"), "CUDA_HOME");
  EXPECT_EQ(taken("CMake"), "CUDACXX");
  EXPECT_EQ(taken("nvcc, typed in a shell"), "nvcc on PATH");
  EXPECT_EQ(taken("programs without RPATH"), "LD_LIBRARY_PATH");
}

TEST(ToolkitSelection, ALinkThatLeadsNowhereIsTold) {
  const TestRoot root;
  root.link("usr/local/cuda", "/usr/local/cuda-11.8");
  const auto files = open_root(root.path());
  const ToolkitSurvey survey = survey_toolkits(**files, {});
  EXPECT_EQ(claims_of(survey), SelectionNames{"/usr/local/cuda >  (a link to /usr/local/cuda-11.8)"});
  EXPECT_EQ(survey.active(), nullptr);
}

TEST(ToolkitSelection, AVersionMeansOneOrSeveralOrNone) {
  const Machine machine;
  ToolkitSurvey survey = machine.survey();
  const Files& files = *machine.files;
  EXPECT_EQ(chosen(files, survey, "12.4"), SelectionNames{"/usr/local/cuda-12.4"});
  EXPECT_EQ(chosen(files, survey, "12.4.1"), SelectionNames{"/usr/local/cuda-12.4"});
  EXPECT_EQ(chosen(files, survey, "12.4.131"), SelectionNames{"/usr/local/cuda-12.4"});
  EXPECT_EQ(chosen(files, survey, "12"), (SelectionNames{"/usr/local/cuda-12.4", "/usr/local/cuda-12.9"}));
  EXPECT_EQ(chosen(files, survey, "13"), SelectionNames{machine.wheels});
  EXPECT_EQ(chosen(files, survey, "11.8.89"), SelectionNames{"/opt/conda"});
  for (const char* none : {"12.4.13", "1", "12.40", "", ".", "x", "12x", "-12", "99999999999999999999", "12.4 "}) {
    EXPECT_EQ(chosen(files, survey, none), SelectionNames{}) << none;
  }
  EXPECT_EQ(nearest_versions(survey, "12.3"), (SelectionNames{"12.4.1", "12.9.0", "13.2", "11.8"}));
  EXPECT_EQ(nearest_versions(survey, "zzz").size(), 4u);
}

TEST(ToolkitSelection, APathMeansTheToolkitThere) {
  const Machine machine;
  write_toolkit(machine.root, "data/own toolkit", "12.1.1", "12.1.105");
  machine.root.link("data/link", "own toolkit");
  ToolkitSurvey survey = machine.survey();
  const Files& files = *machine.files;
  EXPECT_EQ(chosen(files, survey, "/usr/local/cuda"), SelectionNames{"/usr/local/cuda-12.4"});
  EXPECT_EQ(chosen(files, survey, "/home/a/.venvs/x"), SelectionNames{machine.wheels});
  EXPECT_EQ(chosen(files, survey, machine.wheels), SelectionNames{machine.wheels});
  EXPECT_EQ(chosen(files, survey, "/data/link"), SelectionNames{"/data/own toolkit"});
  EXPECT_EQ(chosen(files, survey, "/data"), SelectionNames{});
  EXPECT_EQ(chosen(files, survey, "/nowhere"), SelectionNames{});
  EXPECT_EQ(chosen(files, survey, "12.1"), SelectionNames{"/data/own toolkit"});  // met by now
}

TEST(ToolkitSelection, OneWithoutACompilerGivesWay) {
  const TestRoot root;
  write_toolkit(root, "usr/local/cuda-12.9", "12.9.0", "12.9.41");
  root.write("home/a/.venvs/x/pyvenv.cfg", "");
  const std::string packages = "home/a/.venvs/x/lib/python3.11/site-packages";
  root.write(packages + "/nvidia_cuda_nvcc_cu12-12.9.86.dist-info/METADATA", "");
  root.write(packages + "/nvidia/cuda_nvcc/bin/ptxas", "");
  root.write(packages + "/nvidia/cuda_runtime/include/cuda.h", "#define CUDA_VERSION 12090\n");
  root.write(packages + "/nvidia/cuda_runtime/include/cuda_runtime.h", "");
  root.write(packages + "/nvidia/cuda_runtime/lib/libcudart.so.12", "");
  root.write(packages + "/nvidia/cudnn/lib/libcudnn.so.9", "");
  const auto files = open_root(root.path());
  ToolkitSurvey survey =
      survey_toolkits(**files, {.environment = {}, .homes = {"/home/a"}, .working_directory = {}, .folders = {}});
  EXPECT_EQ(chosen(**files, survey, "12.9"), SelectionNames{"/usr/local/cuda-12.9"});
  const std::string path = "/" + packages + "/nvidia/cuda_nvcc";
  EXPECT_EQ(chosen(**files, survey, path), SelectionNames{path});
  EXPECT_EQ(survey.at(path)->layout.missing, (SelectionNames{"nvcc", "cicc", "libcudart"}));
  EXPECT_EQ(survey.at(path)->layout.libraries,
            SelectionNames{"/" + packages + "/nvidia/cuda_runtime/lib"});  // cuDNN is no part
}

const ToolkitUser& user_of(const ToolkitSurvey& survey, const std::string& who) {
  static const ToolkitUser none;
  for (const ToolkitUser& user : survey.users) {
    if (user.who == who) return user;
  }
  return none;
}

TEST(ToolkitSelection, DebiansPartsStandApart) {
  const TestRoot root;
  write_debians_toolkit(root);
  const auto files = open_root(root.path());
  ToolkitSurvey survey = survey_toolkits(**files, {.environment = {{"CUDA_HOME", "/usr"}, {"PATH", "/bin:/usr/bin"}},
                                                   .homes = {},
                                                   .working_directory = {},
                                                   .folders = {}});
  ASSERT_EQ(survey.toolkits.size(), 1u);
  const ToolkitLayout& layout = survey.toolkits[0].layout;
  EXPECT_EQ(layout.programs, "/usr/bin") << "the other folder holds wrappers named gcc";
  EXPECT_EQ(layout.headers, SelectionNames{"/usr/include"});
  EXPECT_EQ(layout.libraries, SelectionNames{});  // the loader's own folder needs no variable
  EXPECT_EQ(layout.missing, SelectionNames{}) << "ptxas stands in /usr/bin, cicc beside the wrappers";
  EXPECT_EQ(toolkit_home(survey.toolkits[0]), "/usr") << "builds look for bin/nvcc below CUDA_HOME";
  EXPECT_EQ(claims_of(survey), (SelectionNames{"CUDA_HOME > /usr/lib/cuda", "nvcc on PATH > /usr/lib/cuda"}));
  const ToolkitUser& programs = user_of(survey, "programs without RPATH");
  ASSERT_TRUE(programs.claim) << "the loader's own folders are looked at too";
  EXPECT_EQ(programs.claim->source + " > " + programs.claim->toolkit, "/usr/lib/x86_64-linux-gnu > /usr/lib/cuda");
  for (const char* name : {"/usr/lib/cuda", "/usr/lib/nvidia-cuda-toolkit", "/usr"}) {
    EXPECT_EQ(chosen(**files, survey, name), SelectionNames{"/usr/lib/cuda"}) << name;
  }
}

TEST(ToolkitSelection, ARelativeVariableIsTakenFromWhereTheBuildStands) {
  const Machine machine;
  const EnvironmentHints hints{.environment = {{"CUDA_HOME", "cuda-12.9"}, {"CUDACXX", "cuda-12.4/bin/nvcc"}},
                               .homes = {},
                               .working_directory = "/usr/local",
                               .folders = {}};
  EXPECT_EQ(claims_of(survey_toolkits(*machine.files, hints)),
            (SelectionNames{"CUDA_HOME > /usr/local/cuda-12.9", "CUDACXX > /usr/local/cuda-12.4",
                            "/usr/local/cuda > /usr/local/cuda-12.4"}));
}

TEST(ToolkitSelection, TheyAgreeWhenWhatDecidesDoes) {
  const Machine machine;
  machine.root.write("etc/ld.so.conf.d/cuda.conf", "/usr/local/cuda-12.4/lib64\n");
  EXPECT_FALSE(machine.survey({{"CUDA_HOME", "/usr/local/cuda-12.9"}}).agrees());
  // As the commands of varve toolkit env leave a shell: link and loader's configuration stand behind.
  EXPECT_TRUE(machine
                  .survey({{"CUDA_HOME", "/usr/local/cuda-12.9"},
                           {"CUDA_PATH", "/usr/local/cuda-12.9"},
                           {"PATH", "/usr/local/cuda-12.9/bin:/usr/bin"},
                           {"LD_LIBRARY_PATH", "/usr/local/cuda-12.9/lib64"}})
                  .agrees());
}

TEST(ToolkitSelection, AModuleOfAVersionThatTwoToolkitsHaveDoesNotSayWhich) {
  const Machine machine;
  write_toolkit(machine.root, "opt/cuda-other", "12.4.1", "12.4.131");
  const auto modules = [&](const std::map<std::string, std::string>& environment) {
    SelectionNames all = claims_of(machine.survey(environment));
    std::erase_if(all, [](const std::string& claim) { return !claim.starts_with("LOADEDMODULES"); });
    return all;
  };
  EXPECT_EQ(modules({{"LOADEDMODULES", "gcc/12:cuda/12.4.1"}}), SelectionNames{});
  EXPECT_EQ(modules({{"LOADEDMODULES", "cuda/12.4.1"}, {"CUDA_HOME", "/opt/cuda-other"}}),
            SelectionNames{"LOADEDMODULES > /opt/cuda-other (cuda/12.4.1)"});
  EXPECT_EQ(modules({{"LOADEDMODULES", "cuda/12.9.0"}}),
            SelectionNames{"LOADEDMODULES > /usr/local/cuda-12.9 (cuda/12.9.0)"});
}

TEST(ToolkitSelection, HostileTreesAreOnlyLookedAt) {
  const TestRoot root;
  root.link("usr/local/cuda-1", "cuda-1");
  root.link("usr/local/cuda-2/bin", "/dev/null");
  root.write("usr/local/cuda-3/bin/nvcc/x", "");
  root.write("usr/local/cuda-3/version.json", R"({"cuda": {"version": "99999999999999999999.-1"}})");
  root.write("etc/ld.so.conf.d/a.conf", std::string(70000, '/'));
  root.write("etc/ld.so.conf.d/b.conf", std::string("/\0/\n\xff\n/usr/local/cuda-3\n", 24));
  const auto files = open_root(root.path());
  ToolkitSurvey survey = survey_toolkits(**files, {.environment = {{"CUDA_HOME", std::string(9000, 'a')},
                                                                   {"CUDACXX", "/"},
                                                                   {"CUDA_PATH", "/usr/local/cuda-1"},
                                                                   {"LD_LIBRARY_PATH", "::/:\xff"}},
                                                   .homes = {"", "/"},
                                                   .working_directory = {},
                                                   .folders = {}});
  EXPECT_LE(survey.toolkits.size(), 1u);
  EXPECT_EQ(chosen(**files, survey, "/usr/local/cuda-1"), SelectionNames{});
  EXPECT_EQ(survey.claims.front().source, "CUDA_HOME");
  EXPECT_LE(survey.claims.front().said.size(), 256u);
}

// Toolkits put together from NVIDIA's wheels.
TEST(ToolkitSelection, RealWheels) {
  const char* folder = std::getenv("VARVE_REAL_TOOLKITS");
  if (folder == nullptr) GTEST_SKIP() << "VARVE_REAL_TOOLKITS is not set: a folder with toolkit-13.2, toolkit-12.9";
  const auto files = open_root("/");
  ToolkitSurvey survey;
  for (const char* name : {"/toolkit-13.2", "/toolkit-12.9"}) {
    EXPECT_EQ(matching_toolkits(**files, survey, folder + std::string(name)).size(), 1u);
  }
  ASSERT_EQ(survey.toolkits.size(), 2u);
  EXPECT_EQ(survey.toolkits[0].layout.missing, SelectionNames{});
  EXPECT_EQ(survey.toolkits[1].layout.missing, (SelectionNames{"nvcc", "cicc"}));
  EXPECT_GE(survey.toolkits[1].layout.libraries.size(), 10u);
}

}  // namespace
}  // namespace varve
