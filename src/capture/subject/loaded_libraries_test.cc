#include "capture/subject/loaded_libraries.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "world/test_root.h"

namespace varve {
namespace {

const Library* find(const std::vector<Library>& libraries, std::string_view end) {
  const auto found = std::find_if(libraries.begin(), libraries.end(),
                                  [&](const Library& library) { return library.path.ends_with(end); });
  return found == libraries.end() ? nullptr : &*found;
}

TEST(MappedLibraries, FindsThisProcesssOwn) {
  const auto libraries = mapped_libraries(host_world(), ::getpid());
  ASSERT_TRUE(libraries) << to_text(libraries.error());
  const Library* libc = find(*libraries, "/libc.so.6");
  ASSERT_NE(libc, nullptr);
  EXPECT_EQ(libc->build_id.size(), 40u) << libc->build_id_missing;
  EXPECT_FALSE(libc->deleted);
  EXPECT_NE(find(*libraries, "/capture_test"), nullptr);
  EXPECT_TRUE(std::is_sorted(libraries->begin(), libraries->end(),
                             [](const Library& a, const Library& b) { return a.path < b.path; }));
  for (const Library& library : *libraries) {
    EXPECT_NE(library.build_id.empty(), library.build_id_missing.empty()) << library.path;  // one or the other
    EXPECT_FALSE(library.path.starts_with("[")) << library.path;
  }
}

TEST(MappedLibraries, SeesAReplacedFileUnderAnAwkwardName) {
  const auto before = mapped_libraries(host_world(), ::getpid());
  ASSERT_TRUE(before);
  const std::string original = std::filesystem::canonical("/proc/self/exe").parent_path();
  const TestRoot root;
  // Any shared object will do; the C library's own file is at hand.
  const Library* libm = find(*before, "/libm.so.6");
  if (libm == nullptr) GTEST_SKIP() << "libm is not mapped on this system";
  const std::string copy = root.path() + "/lib with blank\nand line.so";
  std::filesystem::copy_file(libm->path, copy);
  void* handle = ::dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr) << ::dlerror();

  auto libraries = mapped_libraries(host_world(), ::getpid());
  ASSERT_TRUE(libraries);
  const Library* present = find(*libraries, "/lib with blank\nand line.so");
  ASSERT_NE(present, nullptr);
  EXPECT_FALSE(present->deleted);
  EXPECT_EQ(present->build_id, libm->build_id);

  // Installed anew: the same bytes, another file.
  std::filesystem::copy_file(libm->path, copy + ".new");
  std::filesystem::rename(copy + ".new", copy);
  libraries = mapped_libraries(host_world(), ::getpid());
  ASSERT_TRUE(libraries);
  const Library* again = find(*libraries, "/lib with blank\nand line.so");
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(!again->deleted || !again->build_id_missing.empty());

  std::filesystem::remove(copy);
  libraries = mapped_libraries(host_world(), ::getpid());
  ASSERT_TRUE(libraries);
  const Library* removed = find(*libraries, "/lib with blank\nand line.so");
  ASSERT_NE(removed, nullptr);
  EXPECT_TRUE(removed->deleted);
  // Reading it takes a right that not everybody has; without it there is a reason in the id's place.
  EXPECT_TRUE(removed->build_id == libm->build_id || !removed->build_id_missing.empty());
  ::dlclose(handle);
}

TEST(MappedLibraries, ReadsFilesThroughTheProcesssRoot) {
  const TestRoot root;
  root.write("proc/77/maps",
             "55ec90d61000-55ec90d66000 r-xp 00002000 fe:00 247026                     /usr/bin/program\n"
             "55ec90d66000-55ec90d69000 r--p 00000000 fe:00 247027                     /usr/share/data with blank\n"
             "55ec90d70000-55ec90d71000 r--p 00000000 fe:00 247028                     /opt/libdata.so\n"
             "55ec90d71000-55ec90d72000 rw-p 00001000 fe:00 247028                     /opt/libdata.so\n"
             "55ec90d80000-55ec90d81000 r--p 00000000 fe:00 247029                     /opt/libread.so\n"
             "55ecb3bc3000-55ecb3be4000 rw-p 00000000 00:00 0                          [heap]\n"
             "7fd56d000000-7fd56d001000 rw-s 00000000 00:06 405                        /dev/nvidia0\n"
             "7fd56d5be000-7fd56d5e0000 r-xp 00000000 00:01 1024                       /memfd:jit (deleted)\n"
             "7fd56d5e0000-7fd56d5e1000 rw-p 00000000 00:00 0 \n"
             "broken line\n");
  root.link("proc/77/root", "/");
  root.write("usr/bin/program", "#!/bin/sh\n");
  root.write("usr/share/data with blank", "not ELF");
  root.write("opt/libdata.so",
             "\x7f"
             "ELF, but cut off");
  const Looked<std::unique_ptr<Files>> files = open_root(root.path());
  const auto libraries = mapped_libraries(test_world(**files), 77);
  ASSERT_TRUE(libraries) << to_text(libraries.error());
  ASSERT_EQ(libraries->size(), 3u);
  EXPECT_EQ((*libraries)[0].path, "/memfd:jit");
  EXPECT_TRUE((*libraries)[0].deleted);
  EXPECT_FALSE((*libraries)[0].build_id_missing.empty());
  EXPECT_EQ((*libraries)[1].path, "/opt/libdata.so");
  EXPECT_FALSE((*libraries)[1].build_id_missing.empty());
  EXPECT_EQ((*libraries)[2].path, "/usr/bin/program");
  EXPECT_EQ((*libraries)[2].build_id_missing, "not an ELF file");
}

TEST(MappedLibraries, ToldApartGoneAndForbidden) {
  const auto gone = mapped_libraries(host_world(), 0x3ffffffe);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().found, "no such file");

  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(77);
    const auto forbidden = mapped_libraries(host_world(), 1);
    ::_exit(!forbidden && forbidden.error().found == "permission denied" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "running as root, and changing to another user is not permitted";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace varve
