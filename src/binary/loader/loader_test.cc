#include "binary/loader/loader.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "binary/elf/elf_testing.h"
#include "binary/loader/loader_configuration.h"
#include "binary/test_files.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

// By what tells the levels of the psABI apart on real processors: Clang 14 does not know "x86-64-v4".
int level_of_this_cpu() {
#ifdef __x86_64__
  const bool is_2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool is_3 =
      is_2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  if (is_3 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return 4;
  if (is_3) return 3;
  if (is_2) return 2;
#endif
  return 1;
}

std::string read_pipe(const std::string& command, int& status) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  char piece[4096];
  while (pipe && fgets(piece, sizeof piece, pipe)) text += piece;
  status = pipe ? pclose(pipe) : -1;
  return text;
}

// Libraries and a program built on the spot; what the model says is held against what ld.so says when it is asked to
// list instead of to run. libleaf.so.1 returns the number that its folder's build was given.
class AgainstTheLoader : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef __x86_64__
    GTEST_SKIP() << "the loader of this machine is another one";
#endif
    test::write_file(folder_ / "leaf.c", "int leaf(void) { return NUMBER; }");
    test::write_file(folder_ / "mid.c", "int leaf(void); int mid(void) { return leaf(); }");
    test::write_file(folder_ / "main.c", "int mid(void); int leaf(void); int main(void) { return CALL(); }");
    leaf("a", 1);
    if (!fs::exists(folder_ / "a/libleaf.so.1")) GTEST_SKIP() << "no gcc here";
    leaf("b", 2);
    files_ = std::move(*open_root("/").value);
    auto reader = files_->open("/etc/ld.so.cache");
    if (reader) {
      auto cache = read_loader_cache(*reader, "/etc/ld.so.cache");
      if (cache) cache_ = std::move(*cache);
    }
  }

  void leaf(const std::string& directory, int number) {
    fs::create_directories(folder_ / directory);
    test::compile(folder_ / "leaf.c", folder_ / (directory + "/libleaf.so.1"),
                  "-shared -fPIC -Wl,-soname,libleaf.so.1 -DNUMBER=" + std::to_string(number));
  }
  // libmid.so.1 in m/, which needs libleaf.so.1; `flags` set its RPATH or RUNPATH.
  void mid(const std::string& flags) {
    fs::create_directories(folder_ / "m");
    ASSERT_TRUE(test::compile(folder_ / "mid.c", folder_ / "m/libmid.so.1",
                              "-shared -fPIC -Wl,--no-as-needed -Wl,-soname,libmid.so.1 " + flags + " -L" +
                                  (folder_ / "a") + " -l:libleaf.so.1"));
  }
  void program(const std::string& call, const std::string& libraries, const std::string& flags) {
    fs::create_directories(folder_ / "bin");
    ASSERT_TRUE(test::compile(folder_ / "main.c", folder_ / "bin/main",
                              "-DCALL=" + call + " -Wl,--no-as-needed -Wl,--allow-shlib-undefined " + flags + " -L" +
                                  (folder_ / "a") + " -L" + (folder_ / "m") + " " + libraries));
  }
  static std::string rpath(const std::string& value) { return "-Wl,--disable-new-dtags,-rpath,'" + value + "'"; }
  static std::string runpath(const std::string& value) { return "-Wl,--enable-new-dtags,-rpath,'" + value + "'"; }

  LoaderContext context(const std::string& library_path = {}) {
    LoaderContext made = loader_context(*files_, &cache_, EM_X86_64);
    made.cpu_level = level_of_this_cpu();
    made.library_path = split_library_path(library_path);
    made.working_directory = fs::current_path();
    return made;
  }

  // Name to path as ld.so lists them; "" for what is not found. The kernel's and the loader's own objects are left out.
  std::map<std::string, std::string> by_loader(const std::string& environment, const std::string& program,
                                               bool& fails) {
    int status = 0;
    std::string text =
        read_pipe("env " + environment + " LD_TRACE_LOADED_OBJECTS=1 '" + program + "' 2>/dev/null", status);
    fails = status != 0;
    std::map<std::string, std::string> found;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = text.find('\n', at);
      std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.find("linux-vdso") != line.npos || line.find("ld-linux") != line.npos) continue;
      std::size_t arrow = line.find(" => ");
      std::string path = line.substr(arrow == line.npos ? 1 : arrow + 4);
      path = path == "not found" ? "" : path.substr(0, path.find(" (0x"));
      std::string name = arrow == line.npos ? path : line.substr(1, arrow - 1);
      found[name] = path.empty() || path.starts_with('/') ? path : (fs::current_path() / path).string();
    }
    return found;
  }
  std::map<std::string, std::string> by_model(const LoaderContext& loader, const std::string& program) {
    std::map<std::string, std::string> found;
    auto set = start_loaded_set(loader, program);
    EXPECT_TRUE(set);
    if (!set) return found;
    load_needed(loader, *set);
    for (const LoadedObject& object : set->objects) {
      if (object.loader && object.path.find("ld-linux") == std::string::npos) {
        found[object.names.front()] = object.path;
      }
      why_[object.names.empty() ? "program" : object.names.front()] = object.why;
    }
    for (const Dependency& row : set->missing) found[row.name] = row.path;
    return found;
  }
  void expect_agreement(const std::string& library_path = {}, const std::string& program = "bin/main") {
    bool fails = false;
    auto real =
        by_loader(library_path.empty() ? "" : "LD_LIBRARY_PATH='" + library_path + "'", folder_ / program, fails);
    ASSERT_FALSE(real.empty());
    EXPECT_EQ(by_model(context(library_path), folder_ / program), real);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<Files> files_;
  LoaderCache cache_;
  std::map<std::string, std::string> why_;
};

TEST_F(AgainstTheLoader, RpathBeatsTheVariable) {
  program("leaf", "-l:libleaf.so.1", rpath("$ORIGIN/../a"));
  expect_agreement(folder_ / "b");
  EXPECT_EQ(why_["libleaf.so.1"], "RPATH $ORIGIN/../a");
}

TEST_F(AgainstTheLoader, TheVariableBeatsRunpath) {
  program("leaf", "-l:libleaf.so.1", runpath("${ORIGIN}/../a"));
  expect_agreement(folder_ / "b");
  EXPECT_EQ(why_["libleaf.so.1"], "LD_LIBRARY_PATH");
  expect_agreement();
  EXPECT_EQ(why_["libleaf.so.1"], "RUNPATH ${ORIGIN}/../a");
  EXPECT_EQ(why_["libc.so.6"], "ld.so.cache");
}

TEST_F(AgainstTheLoader, RpathOfTheProgramServesWhatItsLibrariesNeed) {
  mid("");
  program("mid", "-l:libmid.so.1", rpath("$ORIGIN/../m:$ORIGIN/../a"));
  expect_agreement(folder_ / "b");
  EXPECT_EQ(why_["libleaf.so.1"], "RPATH $ORIGIN/../a of main");
}

TEST_F(AgainstTheLoader, RunpathOfTheProgramDoesNot) {
  mid("");
  program("mid", "-l:libmid.so.1", runpath("$ORIGIN/../m:$ORIGIN/../a"));
  expect_agreement();
}

TEST_F(AgainstTheLoader, RunpathOfALibraryHidesTheProgramsRpath) {
  mid(runpath("$ORIGIN/../b"));
  program("mid", "-l:libmid.so.1", rpath("$ORIGIN/../m:$ORIGIN/../a"));
  expect_agreement();
  EXPECT_EQ(why_["libleaf.so.1"], "RUNPATH $ORIGIN/../b");
  mid(runpath("/nowhere"));
  expect_agreement();
}

TEST_F(AgainstTheLoader, WhatIsLoadedAlreadyWins) {
  mid(rpath("$ORIGIN/../b"));
  program("mid", "-l:libleaf.so.1 -l:libmid.so.1", runpath("$ORIGIN/../m:$ORIGIN/../a"));
  expect_agreement();
  auto set = start_loaded_set(context(), folder_ / "bin/main");
  ASSERT_TRUE(set);
  auto loader = context();
  load_needed(loader, *set);
  EXPECT_EQ(resolve_dependency(loader, *set, 0, "libleaf.so.1").why, "already loaded");
}

TEST_F(AgainstTheLoader, OriginOfALibraryIsWhereItWasFoundAndOfAProgramWhereItIs) {
  mid(runpath("$ORIGIN/leaves"));
  fs::create_directories(folder_ / "m/leaves");
  fs::create_directories(folder_ / "links/leaves");
  fs::copy_file(folder_ / "a/libleaf.so.1", folder_ / "m/leaves/libleaf.so.1");
  fs::copy_file(folder_ / "b/libleaf.so.1", folder_ / "links/leaves/libleaf.so.1");
  fs::create_symlink("../m/libmid.so.1", folder_ / "links/libmid.so.1");
  program("mid", "-l:libmid.so.1", runpath("$ORIGIN/../links"));
  fs::create_directories(folder_ / "elsewhere/deep");
  fs::create_symlink(folder_ / "bin/main", folder_ / "elsewhere/deep/main");
  expect_agreement();
  expect_agreement({}, "elsewhere/deep/main");
  EXPECT_EQ(why_["libleaf.so.1"], "RUNPATH $ORIGIN/leaves");
}

TEST_F(AgainstTheLoader, TakesTheBestCapabilityOfThisProcessor) {
  for (const char* level : {"2", "3", "4"}) leaf(std::string("b/glibc-hwcaps/x86-64-v") + level, 20);
  program("leaf", "-l:libleaf.so.1", runpath("$ORIGIN/../a"));
  expect_agreement(folder_ / "b");
  LoaderContext plain = context(folder_ / "b");
  plain.cpu_level = 1;
  EXPECT_EQ(by_model(plain, folder_ / "bin/main")["libleaf.so.1"], folder_ / "b/libleaf.so.1");
}

TEST_F(AgainstTheLoader, PassesOverFilesOfOtherMachines) {
  fs::create_directories(folder_ / "arm");
  test::TinyElf foreign;
  foreign.machine = EM_AARCH64;
  test::write_file(folder_ / "arm/libleaf.so.1", tiny_elf(foreign));
  program("leaf", "-l:libleaf.so.1", runpath("$ORIGIN/../a"));
  expect_agreement((folder_ / "arm") + ":" + (folder_ / "b"));
  EXPECT_EQ(why_["libleaf.so.1"], "LD_LIBRARY_PATH");
}

TEST_F(AgainstTheLoader, StopsAtAFileThatIsNoLibrary) {
  program("leaf", "-l:libleaf.so.1", runpath("$ORIGIN/../a"));
  fs::create_directories(folder_ / "bad");
  for (const std::string& content :
       {std::string("not a library, but long enough for a header of an ELF file......."), std::string()}) {
    test::write_file(folder_ / "bad/libleaf.so.1", content);
    bool fails = false;
    (void)by_loader("LD_LIBRARY_PATH='" + (folder_ / "bad") + "'", folder_ / "bin/main", fails);
    EXPECT_TRUE(fails);
    auto loader = context(folder_ / "bad");
    auto set = start_loaded_set(loader, folder_ / "bin/main");
    ASSERT_TRUE(set);
    load_needed(loader, *set);
    ASSERT_EQ(set->missing.size(), 1u);
    EXPECT_EQ(set->missing[0].path, folder_ / "bad/libleaf.so.1");
    EXPECT_EQ(set->missing[0].why, "LD_LIBRARY_PATH; it is no library of this machine, and the loader stops there");
  }
}

TEST_F(AgainstTheLoader, StopsAtAFolderOfThatName) {
  program("leaf", "-l:libleaf.so.1", runpath("$ORIGIN/../a"));
  fs::create_directories(folder_ / "folder/libleaf.so.1");
  fs::create_directories(folder_ / "dangling");
  fs::create_symlink("nothing", folder_ / "dangling/libleaf.so.1");
  for (const auto& [folder, stops] : {std::pair("folder", true), {"dangling", false}}) {
    bool fails = false;
    (void)by_loader("LD_LIBRARY_PATH='" + (folder_ / folder) + "'", folder_ / "bin/main", fails);
    EXPECT_EQ(fails, stops) << folder;
    auto loader = context(folder_ / folder);
    auto set = start_loaded_set(loader, folder_ / "bin/main");
    ASSERT_TRUE(set);
    load_needed(loader, *set);
    EXPECT_EQ(!set->missing.empty(), stops) << folder;
  }
}

// It ends the list of folders that it stands in, and the next list is searched.
TEST_F(AgainstTheLoader, GoesOnToTheNextListWhereLinksRunInACircle) {
  fs::create_directories(folder_ / "circle");
  fs::create_symlink("libleaf.so.1", folder_ / "circle/libleaf.so.1");
  fs::create_symlink("loop", folder_ / "loop");  // no folder: passed over
  for (const auto& [path, variable, starts] : {std::tuple("$ORIGIN/../circle:$ORIGIN/../a", "", false),
                                               {"$ORIGIN/../loop:$ORIGIN/../a", "", true},
                                               {"$ORIGIN/../a", "circle", true},
                                               {"$ORIGIN/../circle", "a", true},
                                               {"$ORIGIN/../circle", "", false}}) {
    program("leaf", "-l:libleaf.so.1", runpath(path));
    const std::string folder = *variable != 0 ? folder_ / variable : std::string();
    bool fails = false;
    auto real = by_loader("LD_LIBRARY_PATH='" + folder + "'", folder_ / "bin/main", fails);
    EXPECT_EQ(!fails && !real["libleaf.so.1"].empty(), starts) << path << " " << variable;
    auto loader = context(folder);
    auto set = start_loaded_set(loader, folder_ / "bin/main");
    ASSERT_TRUE(set);
    load_needed(loader, *set);
    EXPECT_EQ(set->missing.empty(), starts) << path << " " << variable;
    if (starts || set->missing.empty()) continue;
    EXPECT_TRUE(set->missing[0].path.ends_with("/circle/libleaf.so.1")) << set->missing[0].path;
    EXPECT_NE(set->missing[0].why.find("run in a circle"), std::string::npos);
  }
}

TEST_F(AgainstTheLoader, ReadsRelativeAndEmptyPiecesFromTheWorkingDirectory) {
  program("leaf", "-l:libleaf.so.1", "");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "b");
  expect_agreement(":/nowhere");
  expect_agreement("/nowhere;../a");
  fs::current_path(before);
  LoaderContext nowhere = context(":");
  nowhere.working_directory.clear();
  EXPECT_EQ(by_model(nowhere, folder_ / "bin/main")["libleaf.so.1"], "");
}

TEST_F(AgainstTheLoader, LooksNowhereElseWhenDefaultsAreForbidden) {
  program("leaf", "-l:libleaf.so.1", "-Wl,-z,nodefaultlib " + runpath("$ORIGIN/../a:/lib/$LIB/nothing"));
  expect_agreement();
}

TEST_F(AgainstTheLoader, PreloadsFirst) {
  program("leaf", "-l:libleaf.so.1", runpath("$ORIGIN/../a"));
  bool fails = false;
  auto real = by_loader("LD_PRELOAD='" + (folder_ / "b/libleaf.so.1") + "'", folder_ / "bin/main", fails);
  EXPECT_FALSE(real.contains("libleaf.so.1"));  // the program's need is met by the SONAME of the other
  LoaderContext loader = context();
  loader.preload = split_preload(" " + (folder_ / "b/libleaf.so.1") + " ");
  EXPECT_EQ(by_model(loader, folder_ / "bin/main"), real);
}

// dlopen in a library searches by that library's RUNPATH, not by the program's.
TEST_F(AgainstTheLoader, OpensLateByTheRunpathOfTheCaller) {
  test::write_file(folder_ / "opener.c",
                   "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <link.h>\n#include <stdio.h>\n"
                   "void opener(void) { void* h = dlopen(\"libleaf.so.1\", RTLD_NOW); struct link_map* m = 0;\n"
                   "  if (h && !dlinfo(h, RTLD_DI_LINKMAP, &m)) puts(m->l_name); else puts(\"none\"); }\n");
  test::write_file(folder_ / "caller.c", "void opener(void); int main(void) { opener(); return 0; }");
  fs::create_directories(folder_ / "m");
  fs::create_directories(folder_ / "bin");
  ASSERT_TRUE(test::compile(folder_ / "opener.c", folder_ / "m/libopener.so.1",
                            "-shared -fPIC -Wl,-soname,libopener.so.1 " + runpath("$ORIGIN/../b")));
  ASSERT_TRUE(test::compile(
      folder_ / "caller.c", folder_ / "bin/caller",
      "-Wl,--no-as-needed " + runpath("$ORIGIN/../m:$ORIGIN/../a") + " -L" + (folder_ / "m") + " -l:libopener.so.1"));
  int status = 0;
  std::string said = read_pipe("'" + (folder_ / "bin/caller") + "'", status);
  LoaderContext loader = context();
  auto set = start_loaded_set(loader, folder_ / "bin/caller");
  ASSERT_TRUE(set);
  load_needed(loader, *set);
  const std::size_t opener = 1;
  ASSERT_EQ(set->objects[opener].dynamic.soname, "libopener.so.1");
  const std::vector<std::string> names = {"libleaf.so.1", "libc.so.6", "libabsent.so.9"};
  auto rows = resolve_dependencies(loader, *set, opener, names);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].kind, DependencyKind::needed);
  EXPECT_EQ(rows[0].name, "libc.so.6");
  EXPECT_EQ(rows[1].path, fs::canonical(folder_ / "b/libleaf.so.1"));
  EXPECT_EQ(rows[1].kind, DependencyKind::opened);
  EXPECT_EQ(rows[2].why, "not found");
  auto leaf = load_library(loader, *set, opener, "libleaf.so.1");
  ASSERT_TRUE(leaf);
  EXPECT_EQ(set->objects[*leaf].path + "\n", said);
  EXPECT_FALSE(load_library(loader, *set, opener, "libabsent.so.9"));
  EXPECT_EQ(load_library(loader, *set, 0, "libleaf.so.1"), leaf);
}

// A Debian-like root in which nothing is executed: its own cache, its own default directories, links inside it.
TEST(Loader, ReadsTheConfigurationOfLdconfig) {
  test::TemporaryFolder root;
  fs::create_directories(root / "etc/ld.so.conf.d");
  test::write_file(root / "etc/ld.so.conf", "# comment\ninclude /etc/ld.so.conf.d/*.conf\n\n/opt/last\n/opt/one\n");
  test::write_file(root / "etc/ld.so.conf.d/10-one.conf", "/opt/one/ # this\n/opt/old=libc5\nrelative\n");
  test::write_file(root / "etc/ld.so.conf.d/20-two.conf", "include 20-two.conf\n/opt/two\n");
  test::write_file(root / "etc/ld.so.conf.d/other", "/opt/other\n");
  auto files = open_root(root / "");
  ASSERT_TRUE(files);
  EXPECT_EQ(configured_directories(**files),
            (std::vector<std::string>{"/opt/one", "/opt/old", "/opt/two", "/opt/last"}));
}

TEST(Loader, ResolvesInsideAForeignRoot) {
  test::TemporaryFolder root;
  auto put = [&](const std::string& path, const test::TinyElf& elf) {
    fs::create_directories(fs::path(root / path).parent_path());
    test::write_file(root / path, tiny_elf(elf));
  };
  test::TinyElf cuda;
  cuda.soname = "libcuda.so.1";
  put("usr/lib/aarch64-linux-gnu/libcuda.so.535.1", cuda);
  put("opt/other.so", cuda);
  cuda.machine = EM_AARCH64;
  put("usr/lib/aarch64-linux-gnu/libcuda.so.550.2", cuda);
  fs::create_symlink("/usr/lib", root / "lib");
  fs::create_symlink("libcuda.so.550.2", root / "usr/lib/aarch64-linux-gnu/libcuda.so.1");
  test::TinyElf app;
  app.machine = EM_AARCH64;
  app.needed = {"libcuda.so.1", "/opt/other.so"};
  put("app/bin/app", app);
  auto files = open_root(root / "");
  ASSERT_TRUE(files);
  LoaderContext context = loader_context(**files, nullptr, EM_AARCH64);
  EXPECT_EQ(context.library_token, "lib/aarch64-linux-gnu");
  auto set = start_loaded_set(context, "/app/bin/app");
  ASSERT_TRUE(set) << to_text(set.error());
  auto rows = resolve_dependencies(context, *set, 0, {});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].path, "/usr/lib/aarch64-linux-gnu/libcuda.so.550.2");
  EXPECT_EQ(rows[0].why, "default directory");
  EXPECT_EQ(rows[1].why, "not found");  // there, but of another machine
  EXPECT_FALSE(start_loaded_set(context, "/app/bin/none"));
}

TEST(Loader, LooksInTheFirstThousandDirectoriesOfAPath) {
  test::TemporaryFolder root;
  test::TinyElf app, library;
  for (int i = 1; i <= 1100; ++i) app.runpath += (i == 1 ? "/" : ":/") + std::to_string(i);
  app.needed = {"libnear.so.1", "libfar.so.1"};
  for (const char* directory : {"1000", "1050"}) fs::create_directories(root / directory);
  test::write_file(root / "app", tiny_elf(app));
  test::write_file(root / "1000/libnear.so.1", tiny_elf(library));
  test::write_file(root / "1050/libfar.so.1", tiny_elf(library));
  auto files = open_root(root / "");
  ASSERT_TRUE(files);
  LoaderContext context = loader_context(**files, nullptr, EM_X86_64);
  auto set = start_loaded_set(context, "/app");
  ASSERT_TRUE(set) << to_text(set.error());
  auto rows = resolve_dependencies(context, *set, 0, {});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].path, "/1000/libnear.so.1");
  EXPECT_EQ(rows[1].why, "not found");
}

TEST(Loader, SplitsItsVariables) {
  EXPECT_TRUE(split_library_path("").empty());
  EXPECT_EQ(split_library_path("/a:/b;/c"), (std::vector<std::string>{"/a", "/b", "/c"}));
  EXPECT_EQ(split_library_path(":/b:"), (std::vector<std::string>{"", "/b", ""}));
  EXPECT_EQ(split_preload(" a.so:b.so  c.so "), (std::vector<std::string>{"a.so", "b.so", "c.so"}));
}

}  // namespace
}  // namespace varve
