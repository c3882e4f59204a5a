#include "harness/process/server_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/process/process_tree.h"
#include "harness/process/ready.h"
#include "world/world.h"

namespace varve {
namespace {

bool lives(pid_t process) {
  const World world = host_world();
  for (const auto& [parent, children] : process_tree(world.files)) {
    for (const ProcessNode& child : children) {
      if (child.process == process) return true;
    }
  }
  return false;
}

// It was told to end, and the kernel needs its time for that.
bool ends_soon(pid_t process) {
  for (int i = 0; i < 500 && lives(process); ++i) usleep(10'000);
  return !lives(process);
}

// A folder for the server's log.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/varve-server-test.XXXXXX";
    folder_ = mkdtemp(path);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<ServerProcess>> start(std::vector<std::string> command, const ReadyRule& ready) {
    command_ = std::move(command);
    environment_ = {"PATH=/usr/local/bin:/usr/bin:/bin"};
    ServerRequest request;
    request.program = command_[0];
    request.command = &command_;
    request.environment = &environment_;
    request.ready = ready;
    return ServerProcess::start(request, folder_ + "/log", input_.fd(), world_.files, [](double seconds) {
      usleep(static_cast<useconds_t>(seconds * 1e6));
      return true;
    });
  }

  std::string folder_;
  World world_ = host_world();
  FileHandle input_ = open_empty_input();
  std::vector<std::string> command_, environment_;
};

TEST_F(ServerTest, IsReadyByALineAndLeavesNothing) {
  auto server = start({"/bin/sh", "-c", "sleep 0.05; echo now ready; sleep 60 & wait"}, {.line = "ready"});
  ASSERT_TRUE(server) << to_text(server.error());
  const std::vector<ProcessNode> started = descendants(process_tree(world_.files), (*server)->process());
  ASSERT_FALSE(started.empty());
  EXPECT_EQ((*server)->ended(), "");
  EXPECT_GE((*server)->use().ready_seconds, 0.05);
  EXPECT_EQ((*server)->stop(), "");
  for (const ProcessNode& one : started) EXPECT_TRUE(ends_soon(one.process)) << one.name;
}

TEST_F(ServerTest, AProgramThatALineOfTheShellStartedHasItsTimeToEnd) {
  auto server =
      start({"/bin/sh", "-c",
             "/bin/sh -c 'trap \"sleep 0.2; echo saved; exit\" TERM; echo ready; while :; do sleep 0.01; done'; :"},
            {.line = "ready"});
  ASSERT_TRUE(server) << to_text(server.error());
  EXPECT_EQ((*server)->stop(), "");
  std::ostringstream log;
  log << std::ifstream(folder_ + "/log").rdbuf();
  EXPECT_TRUE(log.str().ends_with("saved\n")) << log.str();
}

TEST_F(ServerTest, ADaemonIsToldToStay) {
  const auto server = start({"/bin/sh", "-c", "exit 0"}, {.line = "ready"});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().hint.find("foreground"), std::string::npos) << server.error().hint;
}

TEST_F(ServerTest, ItsCpuTimeIsThatOfAllItStarted) {
  auto server =
      start({"/bin/sh", "-c", "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; sleep 60) & wait"},
            {.line = "done"});
  ASSERT_TRUE(server) << to_text(server.error());
  const ServerUse use = (*server)->use();
  EXPECT_GT(use.user_seconds + use.system_seconds, 0.02);
  EXPECT_TRUE(use.peak_memory_bytes);
}

TEST_F(ServerTest, OneThatEndsIsQuoted) {
  const auto server = start({"/bin/sh", "-c", "echo cannot bind >&2; exit 3"}, {.line = "ready"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().found, "it ended before it was ready: exit status 3; it wrote last:\ncannot bind");
}

TEST_F(ServerTest, OneThatIsNeverReadyIsEnded) {
  const auto server =
      start({"/bin/sh", "-c", "echo still loading; sleep 60"}, {.line = "ready", .timeout_seconds = 0.2});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().found.find("a line with \"ready\" was not there after 200 ms"), std::string::npos)
      << server.error().found;
  EXPECT_NE(server.error().found.find("still loading"), std::string::npos);
}

TEST_F(ServerTest, APortAndAnAddressAreAsked) {
  constexpr int kPort = 38417;
  const std::string url = "http://127.0.0.1:38417/";
  const std::vector<std::string> command{"/usr/bin/env", "python3", "-m",       "http.server",
                                         "38417",        "--bind",  "127.0.0.1"};
  EXPECT_FALSE(port_answers(kPort));
  auto server = start(command, {.port = kPort, .url = url});
  ASSERT_TRUE(server) << to_text(server.error());
  EXPECT_TRUE(port_answers(kPort));
  EXPECT_EQ(http_status(*parse_http_url(url)), 200);
  EXPECT_EQ(http_status(*parse_http_url(url + "nowhere")), 404);

  const auto second = start(command, {.port = kPort});
  ASSERT_FALSE(second) << "another server answers there";
  EXPECT_EQ(second.error().found, "something answers at port 38417 already");
  (*server)->stop();
  EXPECT_FALSE(port_answers(kPort));
}

TEST(Ready, AddressesAreTakenApart) {
  const Result<HttpUrl> url = parse_http_url("http://[::1]:8000/health?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "8000");
  EXPECT_EQ(url->path, "/health?x=1");
  EXPECT_EQ(parse_http_url("http://localhost")->port, "80");
  for (const char* wrong : {"https://x/", "http://", "http://x:0/", "http://x:http/", "http://x/a b", "localhost:80"}) {
    EXPECT_FALSE(parse_http_url(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace varve
