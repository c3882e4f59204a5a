#include "toolkit/shell_exports.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "toolkit/toolkit_selection.h"
#include "toolkit/toolkit_testing.h"

namespace varve {
namespace {

using Variables = std::map<std::string, std::string>;

// The variables after the switch to what the word means, "" for one that is taken away.
Variables after_switch(const TestRoot& root, const std::string& wanted, const Variables& environment) {
  const auto files = open_root(root.path());
  ToolkitSurvey survey = survey_toolkits(
      **files, {.environment = environment, .homes = {"/home/a"}, .working_directory = {}, .folders = {}});
  const std::vector<std::size_t> matches = matching_toolkits(**files, survey, wanted);
  EXPECT_EQ(matches.size(), 1u) << wanted;
  if (matches.size() != 1) return {};
  const auto changes = toolkit_variables(**files, survey, survey.toolkits[matches[0]], environment);
  EXPECT_TRUE(changes) << changes.error().found;
  Variables after;
  for (const VariableChange& change : *changes) {
    EXPECT_EQ(change.before.value_or("?"), environment.contains(change.name) ? environment.at(change.name) : "?");
    after[change.name] = change.after.value_or("");
  }
  return after;
}

TEST(ShellExports, ANewShellGetsFourVariables) {
  const TestRoot root;
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  EXPECT_EQ(after_switch(root, "12.4", {{"PATH", "/usr/bin:/bin"}}),
            (Variables{{"CUDA_HOME", "/usr/local/cuda-12.4"},
                       {"CUDA_PATH", "/usr/local/cuda-12.4"},
                       {"PATH", "/usr/local/cuda-12.4/bin:/usr/bin:/bin"},
                       {"LD_LIBRARY_PATH", "/usr/local/cuda-12.4/lib64"}}));
}

TEST(ShellExports, AnotherToolkitsEntriesGoAndNothingElse) {
  const TestRoot root;
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  write_toolkit(root, "data/toolkit 11", "11.8.0", "11.8.89");
  write_toolkit(root, "usr/local/cuda-12.9", "12.9.0", "12.9.41");
  root.write("usr/local/cuda-12.9/compat/libcuda.so.1", "");
  root.write("usr/local/cuda-12.9/lib64/stubs/libcuda.so", "");
  root.write("usr/local/cuda-12.4/extras/CUPTI/lib64/libcupti.so", "");
  root.link("usr/local/cuda", "cuda-12.9");
  const Variables after =
      after_switch(root, "12.4",
                   {{"PATH",
                     "/usr/local/cuda/bin:/opt/tools:/data/toolkit 11/bin/:/usr/bin:/usr/local/cuda-9.0/bin:"
                     "/usr/bin/:/opt/cuda-samples/bin:/usr/local/cuda-12.4/bin::relative"},
                    {"LD_LIBRARY_PATH",
                     "/usr/local/cuda/lib64:/usr/local/cuda-12.9/compat:/x:"
                     "/usr/local/cuda-12.9/lib64/stubs:/usr/local/cuda-12.4/extras/CUPTI/lib64"},
                    {"CPATH", "/mine:/usr/local/cuda-12.9/include"},
                    {"LIBRARY_PATH", "/mine"},
                    {"CUDA_HOME", "/data/toolkit 11"},
                    {"CUDAToolkit_ROOT", "/usr/local/cuda-12.9"},
                    {"CUDACXX", "/usr/local/cuda-12.9/bin/nvcc"},
                    {"NVCC_PREPEND_FLAGS", "-ccbin=/usr/bin/g++-12"}});
  EXPECT_EQ(after, (Variables{
                       {"CUDA_HOME", "/usr/local/cuda-12.4"},
                       {"CUDA_PATH", "/usr/local/cuda-12.4"},
                       {"CUDAToolkit_ROOT", "/usr/local/cuda-12.4"},
                       {"CUDACXX", "/usr/local/cuda-12.4/bin/nvcc"},
                       {"PATH", "/usr/local/cuda-12.4/bin:/opt/tools:/usr/bin:/opt/cuda-samples/bin::relative"},
                       {"LD_LIBRARY_PATH",
                        "/usr/local/cuda-12.4/lib64:/usr/local/cuda-12.9/compat:/x:"
                        "/usr/local/cuda-12.4/extras/CUPTI/lib64"},
                       {"CPATH", "/usr/local/cuda-12.4/include:/mine"},
                   }));
}

TEST(ShellExports, TwiceIsOnce) {
  const TestRoot root;
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  Variables once = after_switch(root, "12.4", {{"PATH", "/bin"}});
  EXPECT_EQ(after_switch(root, "12.4", once), once);
}

TEST(ShellExports, ProgramsOfOthersStay) {
  const TestRoot root;
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  root.write("home/a/bin/nvcc", "");                // a wrapper among own programs
  root.write("home/a/include/cuda_runtime.h", "");  // and what makes ~ look like a toolkit
  root.write("opt/conda/conda-meta/cuda-nvcc-11.8.89-0.json", "{}");
  root.write("opt/conda/bin/nvcc", "");
  root.write("opt/conda/nvvm/bin/cicc", "");
  const Variables after = after_switch(root, "12.4",
                                       {{"PATH", "/home/a/bin:/opt/conda/bin:/usr/local/bin"},
                                        {"CONDA_PREFIX", "/opt/conda"},
                                        {"LD_LIBRARY_PATH", "/opt/conda/lib:/home/a/lib"}});
  EXPECT_EQ(after.at("PATH"), "/usr/local/cuda-12.4/bin:/home/a/bin:/opt/conda/bin:/usr/local/bin");
  EXPECT_EQ(after.at("LD_LIBRARY_PATH"), "/usr/local/cuda-12.4/lib64:/opt/conda/lib:/home/a/lib");
}

TEST(ShellExports, DebiansProgramsAreOnThePathAlready) {
  const TestRoot root;
  write_debians_toolkit(root);
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  const Variables after = after_switch(
      root, "11.8",
      {{"PATH", "/home/a/venv/bin:/usr/local/cuda-12.4/bin:/usr/lib/nvidia-cuda-toolkit/bin:/usr/bin:/bin"},
       {"CPATH", "/mine:/usr/local/cuda-12.4/include"},
       {"CUDACXX", "/usr/local/cuda-12.4/bin/nvcc"}});
  EXPECT_EQ(after, (Variables{{"CUDA_HOME", "/usr"},
                              {"CUDA_PATH", "/usr"},
                              {"CUDACXX", "/usr/bin/nvcc"},
                              {"PATH", "/home/a/venv/bin:/usr/bin:/bin"},
                              {"CPATH", "/mine"}}))
      << "its gcc wrappers are on no PATH, and the environment's programs still come first";
  EXPECT_EQ(after_switch(root, "11.8", {{"PATH", "/opt/bin"}}).at("PATH"), "/opt/bin:/usr/bin");
  EXPECT_EQ(after_switch(root, "12.4", {{"PATH", "/usr/lib/nvidia-cuda-toolkit/bin:/usr/bin"}}).at("PATH"),
            "/usr/local/cuda-12.4/bin:/usr/bin");
}

TEST(ShellExports, CondasLibIsNotForTheLoader) {
  const TestRoot root;
  root.write("opt/conda/conda-meta/cuda-nvcc-11.8.89-0.json", "{}");
  root.write("opt/conda/bin/nvcc", "");
  root.write("opt/conda/lib/libcudart.so", "");
  const Variables after = after_switch(root, "/opt/conda", {{"PATH", "/bin"}});
  EXPECT_EQ(after.at("PATH"), "/opt/conda/bin:/bin");
  EXPECT_FALSE(after.contains("LD_LIBRARY_PATH"));
}

TEST(ShellExports, WheelsWithPartsApartNeedFlags) {
  const TestRoot root;
  const std::string nvidia = "venv/lib/python3.11/site-packages/nvidia";
  root.write("venv/pyvenv.cfg", "");
  root.write(nvidia + "/cuda_nvcc/bin/nvcc", "");
  root.write(nvidia + "/cuda_nvcc/include/crt/host_defines.h", "");
  root.write(nvidia + "/cuda_runtime/include/cuda_runtime.h", "");
  root.write(nvidia + "/cuda_runtime/lib/libcudart.so.12", "");
  root.write("venv/lib/python3.11/site-packages/nvidia_cuda_nvcc_cu12-12.9.86.dist-info/METADATA", "");
  write_toolkit(root, "usr/local/cuda-12.4", "12.4.1", "12.4.131");
  Variables after = after_switch(root, "/venv", {{"PATH", "/bin"}, {"NVCC_PREPEND_FLAGS", "-O1"}});
  const std::string at = "/" + nvidia;
  EXPECT_EQ(after["NVCC_PREPEND_FLAGS"],
            "-I" + at + "/cuda_nvcc/include -I" + at + "/cuda_runtime/include -L" + at + "/cuda_runtime/lib -O1");
  EXPECT_EQ(after["LD_LIBRARY_PATH"], at + "/cuda_runtime/lib");
  // The next one takes them back.
  after["VIRTUAL_ENV"] = "/venv";
  EXPECT_EQ(after_switch(root, "12.4", after)["NVCC_PREPEND_FLAGS"], "-O1");
}

// nvcc of 13.0 finds the headers of its wheels, and looks for the libraries in lib64.
TEST(ShellExports, WheelsInOneFolderNeedTheirLibraries) {
  const TestRoot root;
  const std::string folder = "venv/lib/python3.11/site-packages/nvidia/cu13";
  root.write("venv/pyvenv.cfg", "");
  for (const char* name : {"/bin/nvcc", "/include/cuda_runtime.h", "/lib/libcudart_static.a"}) {
    root.write(folder + name, "");
  }
  root.write("venv/lib/python3.11/site-packages/nvidia_cuda_nvcc-13.0.88.dist-info/METADATA", "");
  EXPECT_EQ(after_switch(root, "/venv", {{"PATH", "/bin"}}).at("NVCC_PREPEND_FLAGS"), "-L/" + folder + "/lib");
}

TEST(ShellExports, AColonCannotStandInPath) {
  const TestRoot root;
  write_toolkit(root, "opt/cuda-12.4:x", "12.4.1", "12.4.131");
  const auto files = open_root(root.path());
  const ToolkitSurvey survey = survey_toolkits(**files, {});
  ASSERT_EQ(survey.toolkits.size(), 1u);
  EXPECT_FALSE(toolkit_variables(**files, survey, survey.toolkits[0], {}));
}

std::string shell_output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
  ::pclose(pipe);
  return text;
}

// Where the shell is; empty: not installed.
std::string path_of_shell(const std::string& shell) {
  return std::string(trim(shell_output_of("command -v " + shell + " 2>/dev/null")));
}

// What the shell prints that ran the commands and then the script.
std::string run_shell(const std::string& shell, const std::string& commands, const std::string& script) {
  const TestRoot scratch;
  scratch.write("commands", commands);
  const std::string load = shell == "fish" ? "cat " + scratch.path() + "/commands | source; "
                                           : "eval \"$(cat " + scratch.path() + "/commands)\"; ";
  scratch.write("script", load + script);
  const std::string options = shell == "bash" ? " --norc " : shell == "zsh" ? " -f " : " ";
  const std::string program = path_of_shell(shell) + options;
  return shell_output_of("PATH=/usr/local/bin:/usr/bin:/bin OLD=kept " + program + scratch.path() + "/script 2>&1");
}

class RealShell : public testing::TestWithParam<const char*> {};

TEST_P(RealShell, RunsTheToolkitsCompilerWhateverItsPath) {
  const std::string shell = GetParam();
  if (path_of_shell(shell).empty()) GTEST_SKIP() << shell << " is not installed";
  const TestRoot root;
  const std::string name = "it's a \"$HOME\" \\ `x` !y;*~&|\n#{z}";
  write_toolkit(root, name, "12.4.1", "12.4.131");
  const auto files = open_root("/");
  ToolkitSurvey survey;
  const std::string path = root.path() + "/" + name;
  ASSERT_EQ(matching_toolkits(**files, survey, path).size(), 1u);
  const Variables environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LD_LIBRARY_PATH", ""}};
  const auto changes = toolkit_variables(**files, survey, survey.toolkits[0], environment);
  ASSERT_TRUE(changes);
  const Shell kind = *shell_from(shell);
  const std::string commands = export_commands(*changes, kind, false);
  EXPECT_EQ(run_shell(shell, commands, "nvcc\nprintf '%s' \"$CUDA_HOME|$CUDA_PATH\"\nprintenv LD_LIBRARY_PATH PATH"),
            "release 12.4.1\n" + path + "|" + path + path + "/lib64\n" + path + "/bin:/usr/local/bin:/usr/bin:/bin\n");
  // And back: what was not set is not set again.
  const std::string undo = export_commands(*changes, kind, true);
  EXPECT_EQ(run_shell(shell, commands + undo, "printenv CUDA_HOME\nprintenv PATH OLD"),
            "/usr/local/bin:/usr/bin:/bin\nkept\n");
}

INSTANTIATE_TEST_SUITE_P(Shells, RealShell, testing::Values("bash", "zsh", "fish", "sh"),
                         [](const auto& shell) { return std::string(shell.param); });

// The compiler of NVIDIA's wheels, found by the exports alone, compiles and links a program.
TEST(ShellExports, ARealToolkitCompiles) {
  const char* folder = std::getenv("VARVE_REAL_TOOLKITS");
  if (folder == nullptr) GTEST_SKIP() << "VARVE_REAL_TOOLKITS is not set: a folder with toolkit-13.2, toolkit-12.9";
  const auto files = open_root("/");
  ToolkitSurvey survey;
  ASSERT_EQ(matching_toolkits(**files, survey, folder + std::string("/toolkit-13.2")).size(), 1u);
  const auto changes = toolkit_variables(**files, survey, survey.toolkits[0], {{"PATH", "/usr/bin:/bin"}});
  ASSERT_TRUE(changes);
  const TestRoot scratch;
  scratch.write("a.cu",
                "#include <cstdio>\n#include <cuda_runtime.h>\n__global__ void k(int* p) { *p = 1; }\n"
                "int main() { int v = 0; cudaRuntimeGetVersion(&v); std::printf(\"%d\\n\", v); }\n");
  const std::string script = "cd " + scratch.path() + " && nvcc -arch=sm_80 a.cu -o a && ./a";
  EXPECT_EQ(run_shell("bash", export_commands(*changes, Shell::bash, false), script), "13020\n");
}

}  // namespace
}  // namespace varve
