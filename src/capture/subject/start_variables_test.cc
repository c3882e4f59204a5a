#include "capture/subject/start_variables.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

using Words = std::vector<std::string>;

Words paths(const TestRoot& root, const Words& start) {
  const auto files = open_root(root.path());
  return library_path_of_start(**files, start, "/work", {{"HOME_OF_APP", "/opt/app"}, {"PATH", "/usr/bin:/srv"}});
}

TEST(LibraryPathOfStart, IsOfEnvAndOfAShell) {
  const TestRoot root;
  EXPECT_EQ(paths(root, {"/usr/bin/env", "A=1", "LD_LIBRARY_PATH=/opt/cuda/lib:relative", "/app"}),
            Words{"/opt/cuda/lib"});
  EXPECT_EQ(paths(root, {"/bin/sh", "-c", "LD_LIBRARY_PATH=/a:/b exec /app"}), (Words{"/a", "/b"}));
  EXPECT_EQ(paths(root, {"bash", "-lc", "export LD_LIBRARY_PATH=\"$HOME_OF_APP/lib:${LD_LIBRARY_PATH:-}\"; app"}),
            Words{"/opt/app/lib"});
  EXPECT_EQ(paths(root, {"sh", "-c", "LD_LIBRARY_PATH=/c${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}}:$HOME_OF_APP app"}),
            (Words{"/c", "/opt/app"}));
  EXPECT_EQ(paths(root, {"/app", "--library", "x"}), Words{});
}

TEST(LibraryPathOfStart, IsOfScripts) {
  const TestRoot root;
  root.write("work/start.sh",
             "#!/bin/sh\n# LD_LIBRARY_PATH=/commented\nexport LD_LIBRARY_PATH=/one:$LD_LIBRARY_PATH\n"
             "OTHER_LD_LIBRARY_PATH=/no\nLD_LIBRARY_PATH=$(find /x):/two\nexec \"$@\"\n");
  root.write("srv/second", "#!/bin/sh\nLD_LIBRARY_PATH=/three\n");
  root.write("srv/program",
             "\x7f"
             "ELF LD_LIBRARY_PATH=/text");
  EXPECT_EQ(paths(root, {"./start.sh", "second", "program"}), (Words{"/three", "/two", "/one"}));
}

}  // namespace
}  // namespace varve
