#include "harness/subject/server_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace varve {
namespace {

class ServerFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = ::testing::TempDir() + name;
    std::ofstream(path, std::ios::binary) << text;
    written_.push_back(path);
    return path;
  }
  void TearDown() override {
    for (const std::string& path : written_) std::remove(path.c_str());
  }

 private:
  std::vector<std::string> written_;
};

TEST_F(ServerFiles, SettingsAreLinesWithoutCommentsAndSecrets) {
  const std::string path = write("varve_server.conf",
                                 "# a comment\n\nport 7001\n  appendonly no  \nrequirepass hunter2\n"
                                 "tls-key-file-pass: x\n; old\nmaxmemory 100mb\n");
  EXPECT_EQ(lines_of_settings(path, "/home/me"),
            (std::vector<std::string>{"port 7001", "appendonly no", "requirepass [redacted]",
                                      "tls-key-file-pass [redacted]", "maxmemory 100mb"}));
}

TEST_F(ServerFiles, OfProgramsLargeFilesAndBytesThereAreNone) {
  EXPECT_TRUE(lines_of_settings(write("varve_server.py", "import x\n"), "").empty());
  EXPECT_TRUE(lines_of_settings(write("varve_bytes.conf", std::string("a\0b\n", 4)), "").empty());
  EXPECT_TRUE(lines_of_settings(write("varve_large.conf", std::string(300'000, 'x')), "").empty());
  EXPECT_TRUE(lines_of_settings(::testing::TempDir() + "varve_not_there.conf", "").empty());
}

// Reading one would wait for a writer.
TEST_F(ServerFiles, OfAFifoNothingIsRead) {
  const std::string path = testing::TempDir() + "varve_fifo.conf";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(lines_of_settings(path, "").empty());
  unlink(path.c_str());
}

}  // namespace
}  // namespace varve
