// What capture says of subjects that are not all there: homes, denied processes, files that are no binaries.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "capture/capture_stack.h"
#include "image/image_testing.h"
#include "model/json/documents.h"
#include "world/test_root.h"

namespace varve {
namespace {

// Enough of a library for the loader to take it.
std::string elf_of_x86() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

void expect_subject_facts(const Stack& stack, const std::map<std::string, std::string>& expected) {
  for (const auto& [id, text] : expected) {
    ASSERT_TRUE(stack.facts.contains(id)) << id;
    EXPECT_EQ(fact_text(stack.facts.at(id)), text) << id;
  }
}

// Most environments stand in a home directory: its name stays out of the document, its files are read all the same.
TEST(CaptureSubjects, AProcessInAHomeDirectoryIsReadThere) {
  const TestRoot root;
  const std::string folder = "/data/me/driver";
  root.write("proc/77/environ", std::string("HOME=/data/me\0LD_LIBRARY_PATH=/data/me/driver\0", 44));
  root.write("proc/77/maps", "7f0000000000-7f0000001000 r-xp 00000000 fe:00 1   " + folder +
                                 "/libcuda.so.550.54.15\n"
                                 "7f1000000000-7f1000001000 r-xp 00000000 fe:00 2   /data/me/bin/program\n");
  root.link("proc/77/root", "/");
  root.write(folder.substr(1) + "/libcuda.so.550.54.15", "no driver");
  root.write("data/me/bin/program", "x");
  const auto files = open_root(root.path());
  for (const char* our_home : {"/data/me", "/somewhere/else"}) {
    World world = test_world(**files);
    world.environment = {{"HOME", our_home}};
    const Result<Stack> stack = capture_stack(world, {.process = 77, .kind = SubjectKind::process});
    ASSERT_TRUE(stack);
    expect_subject_facts(*stack, {{"driver.user_mode.path", "~/driver/libcuda.so.550.54.15"},
                                  {"driver.user_mode.all", "~/driver/libcuda.so.550.54.15"}});
    ASSERT_EQ(stack->driver_files.size(), 1u);  // the one that is mapped and that of LD_LIBRARY_PATH are the same
    EXPECT_EQ(stack->driver_files[0].api_level.detail, "no such constant");  // it was opened
    ASSERT_EQ(stack->libraries.size(), 2u);
    EXPECT_EQ(stack->libraries[0].path, "~/bin/program");
    EXPECT_EQ(pretty_json(to_json(*stack)).find("/data/me"), std::string::npos);
  }
}

// "No driver" and "no framework" would be claims about files that nobody has seen.
TEST(CaptureSubjects, WhatMayNotBeLookedAtIsDeniedAndNotAbsent) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(77);
    const World world = host_world();
    const Result<Stack> stack = capture_stack(world, {.process = 1, .kind = SubjectKind::process, .ask_driver = false});
    if (!stack) ::_exit(2);
    for (const char* id : {"process.libraries", "process.runtimes", "environments.frameworks", "environments.runtimes",
                           "driver.user_mode.version", "driver.api_level", "toolkit.active", "os.name"}) {
      const Fact& fact = stack->facts.at(id);
      if (fact.is_known() || fact.missing != Missing::denied) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "cannot become another user";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// A folder or a FIFO under the name of a driver is none.
TEST(CaptureSubjects, OnlyRegularFilesAreDrivers) {
  const TestRoot root;
  root.write("usr/lib/x86_64-linux-gnu/libcuda.so.1/file", "");
  ASSERT_EQ(::mkfifo(root.prepare("usr/lib/x86_64-linux-gnu/libcuda.so.557.1").c_str(), 0600), 0);
  root.write("usr/lib/x86_64-linux-gnu/libcuda.so.555.1", "x");
  const auto files = open_root(root.path());
  const Result<Stack> stack = capture_stack(test_world(**files), {});
  ASSERT_TRUE(stack);
  expect_subject_facts(*stack, {{"driver.user_mode.version", "555.1"},
                                {"driver.user_mode.all", "/usr/lib/x86_64-linux-gnu/libcuda.so.555.1"}});
}

// A file that is named on the command line and cannot be read is no table without rows.
TEST(CaptureSubjects, AFileThatIsNoBinaryIsAnError) {
  const TestRoot root;
  root.write("text", "not a library\n");
  root.write("short",
             "\x7f"
             "ELF");
  const auto files = open_root(root.path());
  for (const char* name : {"/text", "/short", "/nowhere", "/"}) {
    const CaptureOptions options{.kind = SubjectKind::files, .files = {name}, .coverage = true};
    const Result<Stack> stack = capture_stack(test_world(**files), options);
    ASSERT_FALSE(stack) << name;
    EXPECT_EQ(stack.error().doing, "looking for GPU code");
    EXPECT_EQ(stack.error().where, name);
  }
}

// A container is given the driver in the system's folders; what its configuration of the loader names before is first.
TEST(CaptureSubjects, AnImageWithACompatLibraryInItsLoadersConfiguration) {
  for (const bool is_first : {true, false}) {
    const TestRoot root;
    TarWriter layer;
    layer.file("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
    layer.file(is_first ? "etc/ld.so.conf.d/00-cuda-compat.conf" : "etc/ld.so.conf.d/zz-compat.conf", "/opt/compat\n");
    layer.file("etc/ld.so.conf.d/x86_64-linux-gnu.conf", "/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n");
    layer.file("usr/lib/x86_64-linux-gnu/libz.so.1", "");
    layer.file("usr/local/cuda/compat/libcuda.so.550.54.15", elf_of_x86());
    layer.link("opt/compat/libcuda.so.1", "/usr/local/cuda/compat/libcuda.so.550.54.15");
    ImageWriter image;
    image.layers = {layer.end()};
    root.write("image.tar", ImageWriter::archive(image.oci()));
    const auto files = open_root(root.path());
    const World world = test_world(**files);
    const Result<Stack> stack = capture_stack(world, {.kind = SubjectKind::image, .path = root.path() + "/image.tar"});
    ASSERT_TRUE(stack);
    ASSERT_EQ(stack->driver_files.size(), 1u);
    EXPECT_EQ(stack->driver_files[0].loaded_first, is_first);
    EXPECT_EQ(stack->driver_files[0].found_by, is_first ? "/etc/ld.so.conf" : "directory");
  }
}

}  // namespace
}  // namespace varve
