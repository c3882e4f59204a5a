#include "kernels/generated_code.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binary/test_files.h"

namespace varve {
namespace {

TEST(GeneratedCode, ReadsTheMapThatPerfKnows) {
  auto code = GeneratedCode::parse(
      "7f00 100 jit_brgemm_kernel_t\n8000 10 py::main:/a b.py\nnonsense\n9000 0 empty\n"
      "ffffffffffffffff 10 wraps\nzz 10 x\n 5 5 x\n7f00 80 newer\n0xa000 0x10 with prefix");
  EXPECT_EQ(code.find(0x7f00), "newer");
  EXPECT_EQ(code.find(0x7f7f), "newer");
  EXPECT_FALSE(code.find(0x7f80));
  EXPECT_EQ(code.find(0x8005), "py::main:/a b.py");
  EXPECT_EQ(code.find(0xa005), "with prefix");
  EXPECT_FALSE(code.find(0x9000));
  EXPECT_FALSE(code.find(1));
  EXPECT_FALSE(code.find(UINT64_MAX));
}

TEST(GeneratedCode, TakesOnlyThisUsersNewRegularFiles) {
  test::TemporaryFolder folder;
  test::write_file(folder / "map", "10 10 f\n");
  auto read = [&](const std::string& name, double not_before = 0) {
    return GeneratedCode::read(folder / name, not_before);
  };
  ASSERT_TRUE(read("map"));
  EXPECT_EQ(read("map")->find(0x15), "f");
  EXPECT_EQ(read("map", 1e11).error().found, "it is older than the process");
  EXPECT_FALSE(read("none"));
  ASSERT_EQ(symlink("map", (folder / "link").c_str()), 0);
  EXPECT_FALSE(read("link"));
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read("fifo").error().found, "it is not a regular file");
  if (geteuid() == 0) {
    ASSERT_EQ(chown((folder / "map").c_str(), 65534, 65534), 0);
    EXPECT_EQ(read("map").error().found, "it belongs to another user");
  }
  test::write_file(folder / "large", "");
  ASSERT_EQ(truncate((folder / "large").c_str(), (64 << 20) + 1), 0);
  EXPECT_EQ(read("large").error().found, "it is over 64 MiB");
}

// Of the programs that run, and no others: JAX's code is not oneDNN's.
TEST(GeneratedCode, IsNamedByWhoeverMadeIt) {
  EXPECT_EQ(how_generated_code_is_named({"/usr/bin/python3.11", "/env/jaxlib/libjax_common.so"}), "");
  EXPECT_EQ(how_generated_code_is_named({"/env/torch/lib/libtorch_cpu.so"}),
            "oneDNN names its own with ONEDNN_JIT_PROFILE=2");
  EXPECT_EQ(how_generated_code_is_named({"/usr/bin/node", "/lib/libc.so.6"}),
            "node names its own with --perf-basic-prof");
  EXPECT_EQ(how_generated_code_is_named({"/jvm/lib/server/libjvm.so", "/x/libdnnl.so.3"}),
            "oneDNN names its own with ONEDNN_JIT_PROFILE=2; Java 17 and newer name theirs with "
            "-XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit");
}

}  // namespace
}  // namespace varve
