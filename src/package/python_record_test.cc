#include "package/python_record.h"

#include <gtest/gtest.h>

#include "world/files.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::vector<std::string> paths_of(const std::string& text) {
  const TestRoot root;
  root.write("RECORD", text);
  const auto files = open_root(root.path());
  const auto file = (*files)->open("/RECORD");
  std::vector<std::string> paths;
  EXPECT_TRUE(read_record(*file, "RECORD", [&](std::string_view path) { paths.emplace_back(path); }));
  return paths;
}

using Paths = std::vector<std::string>;

TEST(PythonRecord, RowsWithAndWithoutQuotes) {
  EXPECT_EQ(paths_of("torch/lib/libc10.so,sha256=abc,12\r\n\"a,\"\"b\"\".so\",,\nlast.so"),
            (Paths{"torch/lib/libc10.so", "a,\"b\".so", "last.so"}));
}

TEST(PythonRecord, HostileRows) {
  EXPECT_EQ(paths_of("\"never closed,1\nb.so,,\n"), (Paths{"", "b.so"}));
  EXPECT_EQ(paths_of(std::string(3 << 20, 'x') + "\nb.so,,\n"), (Paths{"b.so"}));
  EXPECT_TRUE(paths_of(std::string(3 << 20, 'x')).empty());
  EXPECT_EQ(paths_of(std::string("a\0b.so,,\n", 9)), (Paths{std::string("a\0b.so", 6)}));
  EXPECT_EQ(path_below("/v/lib", std::string("a\0b", 3)), "");
}

TEST(PythonRecord, DigestAndSize) {
  std::string unquoted;
  const RecordRow plain = record_row("a.so,sha256=x_-1,42\r", unquoted);
  EXPECT_EQ(plain.path, "a.so");
  EXPECT_EQ(plain.digest(), "sha256=x_-1");
  EXPECT_EQ(plain.size(), 42u);
  const RecordRow quoted = record_row("\"a,b.so\",sha256=y,7", unquoted);
  EXPECT_EQ(quoted.path, "a,b.so");
  EXPECT_EQ(quoted.size(), 7u);
  for (const char* row : {"a.so,,", "a.so", "a.so,sha256=z", "a.so,,-1", "a.so,,1x", "a.so,,99999999999999999999"}) {
    EXPECT_EQ(record_row(row, unquoted).path, "a.so") << row;
    EXPECT_FALSE(record_row(row, unquoted).size().has_value()) << row;
  }
}

TEST(PythonRecord, RowsAcrossPiecesAreWhole) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "package/folder/file_" + std::to_string(i) + ".so,sha256=0123456789,10\n";
  const Paths paths = paths_of(text);
  ASSERT_EQ(paths.size(), 20000u);
  for (int i = 0; i < 20000; ++i) {
    ASSERT_EQ(paths[static_cast<std::size_t>(i)], "package/folder/file_" + std::to_string(i) + ".so");
  }
}

TEST(PythonRecord, PathsStayBelowTheRoot) {
  EXPECT_EQ(path_below("/v/lib/site", "a/./b.so"), "/v/lib/site/a/b.so");
  EXPECT_EQ(path_below("/v/lib/site", "../../bin/ptxas"), "/v/bin/ptxas");
  EXPECT_EQ(path_below("/v/lib", "../../../etc/passwd"), "");
  EXPECT_EQ(path_below("/v/lib", "/etc/passwd"), "");
}

TEST(PythonRecord, NamesOfLibraries) {
  for (const char* name : {"a/libx.so", "libx.so.12", "libx.so.12.1.3", "_C.cpython-311-x86_64-linux-gnu.so"}) {
    EXPECT_TRUE(is_shared_library_name(name)) << name;
  }
  for (const char* name : {"libx.so.py", "libx.sock", "libx.so.", "x.solution", "libx.a", ".so/x"}) {
    EXPECT_FALSE(is_shared_library_name(name)) << name;
  }
}

}  // namespace
}  // namespace varve
