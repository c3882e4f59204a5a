#include "toolkit/module_file.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "toolkit/toolkit_testing.h"

namespace varve {
namespace {

InstalledToolkit example(const std::string& path) {
  InstalledToolkit toolkit;
  toolkit.toolkit.path = path;
  toolkit.toolkit.version = known_fact("12.4.1", "version.json");
  toolkit.layout.programs = path + "/bin";
  toolkit.layout.libraries = {path + "/lib64", path + "/more"};
  toolkit.layout.has_nvcc = true;
  return toolkit;
}

TEST(ModuleFile, InTcl) {
  EXPECT_EQ(module_name(example("/opt/c"), ModuleLanguage::tcl), "cuda/12.4.1");
  const Result<std::string> text = module_text(example("/opt/c"), ModuleLanguage::tcl);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "#%Module1.0\n"
            "# Written by varve toolkit; it may be written again.\n"
            "module-whatis \"CUDA toolkit 12.4.1\"\n"
            "conflict \"cuda\"\n"
            "setenv CUDA_HOME \"/opt/c\"\n"
            "setenv CUDA_PATH \"/opt/c\"\n"
            "prepend-path PATH \"/opt/c/bin\"\n"
            "prepend-path LD_LIBRARY_PATH \"/opt/c/more\"\n"
            "prepend-path LD_LIBRARY_PATH \"/opt/c/lib64\"\n");
  EXPECT_TRUE(is_own_module(*text));
  EXPECT_FALSE(is_own_module("#%Module1.0\nsetenv CUDA_HOME /mine\n"));
}

TEST(ModuleFile, InLua) {
  EXPECT_EQ(module_name(example("/opt/c"), ModuleLanguage::lua), "cuda/12.4.1.lua");
  const Result<std::string> text = module_text(example("/opt/\"c\"\n\\"), ModuleLanguage::lua);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("setenv(\"CUDA_HOME\", \"/opt/\\034c\\034\\010\\092\")\n"), std::string::npos) << *text;
  EXPECT_NE(text->find("conflict(\"cuda\")\n"), std::string::npos);
  EXPECT_TRUE(is_own_module(*text));
}

TEST(ModuleFile, DebiansLeavesThePathAlone) {
  InstalledToolkit debians = example("/usr/lib/cuda");
  debians.layout.programs = "/usr/bin";
  debians.layout.libraries.clear();
  const Result<std::string> text = module_text(debians, ModuleLanguage::tcl);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("PATH \"/usr/bin\""), std::string::npos) << "unloading it would take /usr/bin away\n" << *text;
  EXPECT_NE(text->find("setenv CUDA_HOME \"/usr\"\n"), std::string::npos) << *text;
}

TEST(ModuleFile, TwoToolkitsOfOneVersionHaveTwoFiles) {
  const TestRoot root;
  const auto files = open_root(root.path());
  const InstalledToolkit first = example("/opt/c"), second = example("/opt/d");
  const auto file = [&](const InstalledToolkit& toolkit) {
    return module_file_for(**files, "/modules", toolkit, ModuleLanguage::tcl);
  };
  EXPECT_EQ(file(first), "/modules/cuda/12.4.1");
  root.write("modules/cuda/12.4.1", *module_text(first, ModuleLanguage::tcl));
  EXPECT_EQ(file(first), "/modules/cuda/12.4.1");
  EXPECT_EQ(file(second), "/modules/cuda/12.4.1-d");
  root.write("modules/cuda/12.4.1", "somebody else's");
  EXPECT_EQ(file(second), "/modules/cuda/12.4.1") << "whether that may be replaced is asked elsewhere";
}

TEST(ModuleFile, WhatItsNameCannotHold) {
  EXPECT_FALSE(module_text(example("/opt/a:b"), ModuleLanguage::tcl));
  InstalledToolkit odd = example("/opt/c");
  odd.toolkit.version = known_fact("../../x y", "version.json");
  EXPECT_EQ(module_name(odd, ModuleLanguage::tcl), "cuda/_.._.._x_y");
  odd.toolkit.version = {};
  EXPECT_EQ(module_name(odd, ModuleLanguage::tcl), "cuda/unknown");
}

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string text;
  char buffer[4096];
  while (std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
  ::pclose(pipe);
  return text;
}

// Environment Modules and Lmod both answer `CMD bash load NAME` with commands for the shell.
void expect_loads(const std::string& modules, ModuleLanguage language, const std::string& name) {
  const TestRoot root;
  write_toolkit(root, name, "12.4.1", "12.4.131");
  const InstalledToolkit toolkit = example(root.path() + "/" + name);
  const Result<std::string> text = module_text(toolkit, language);
  ASSERT_TRUE(text);
  root.write("modules/" + module_name(toolkit, language), *text);
  root.write("script", "eval \"$(" + modules + " bash load cuda/12.4.1)\"\nnvcc\nprintf '%s\\n' \"$CUDA_HOME\"\n");
  const std::string script = "env MODULEPATH=" + root.path() + "/modules bash --norc " + root.path() + "/script";
  EXPECT_EQ(output_of(script), "release 12.4.1\n" + root.path() + "/" + name + "\n");
}

TEST(ModuleFile, EnvironmentModulesLoadIt) {
  const char* modules = std::getenv("VARVE_MODULECMD");
  if (modules == nullptr) GTEST_SKIP() << "VARVE_MODULECMD is not set: the modulecmd of Environment Modules";
  expect_loads(modules, ModuleLanguage::tcl, "it's $x [exit] \"q\" {b \\n");
}

TEST(ModuleFile, LmodLoadsBoth) {
  const char* lmod = std::getenv("VARVE_LMOD");
  if (lmod == nullptr) GTEST_SKIP() << "VARVE_LMOD is not set: the lmod program of Lmod";
  expect_loads(lmod, ModuleLanguage::lua, "it's $x [exit] \"q\" {b \\n");
  // Its translation of Tcl to Lua does not hold a double quote (8.6).
  expect_loads(lmod, ModuleLanguage::tcl, "it's $x [exit] {b");
}

}  // namespace
}  // namespace varve
