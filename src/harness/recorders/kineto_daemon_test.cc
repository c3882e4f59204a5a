#include "harness/recorders/kineto_daemon.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "harness/unit/temporary_directory.h"

namespace varve {
namespace {

std::string words(std::initializer_list<std::int32_t> numbers) {
  std::string bytes;
  for (const std::int32_t number : numbers) bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  return bytes;
}

// kinds, count, job (two words), processes
std::string request(std::int32_t kinds, std::initializer_list<std::int32_t> processes) {
  return words({kinds, static_cast<std::int32_t>(processes.size()), 7, 0}) + words(processes);
}

TEST(KinetoMessage, IsASizeATypeAndAPayload) {
  const std::string bytes = kineto_message("req", "ACTIVITIES_DURATION_MSECS=1000\n");
  ASSERT_EQ(bytes.size(), 8 + 32 + 31u);
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  EXPECT_EQ(size, 31u);
  const auto message = parse_kineto_message(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, "req");
  EXPECT_EQ(message->payload, "ACTIVITIES_DURATION_MSECS=1000\n");
}

TEST(KinetoMessage, AnythingElseIsNone) {
  const std::string good = kineto_message("ctxt", words({0, 4711, 7, 0}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_kineto_message(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_kineto_message(good + "x"));
  std::string endless = good;
  std::fill(endless.begin() + 8, endless.begin() + 40, 'r');
  EXPECT_FALSE(parse_kineto_message(endless)) << "a type without an end";
}

TEST(KinetoRequest, NamesTheProcessFirst) {
  const auto asked = parse_kineto_request(request(2, {4711, 4700, 1}));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->kinds, 2);
  EXPECT_EQ(asked->processes, (std::vector<std::int32_t>{4711, 4700, 1}));
}

TEST(KinetoRequest, ACountThatTheBytesDoNotHoldIsNone) {
  EXPECT_FALSE(parse_kineto_request(""));
  EXPECT_FALSE(parse_kineto_request(words({2, 1, 7})));
  EXPECT_FALSE(parse_kineto_request(words({2, 0, 7, 0, 4711})));
  EXPECT_FALSE(parse_kineto_request(words({2, -1, 7, 0, 4711})));
  EXPECT_FALSE(parse_kineto_request(words({2, 2, 7, 0, 4711})));
  EXPECT_FALSE(parse_kineto_request(words({2, INT32_MAX, 7, 0, 4711})));
}

// What libkineto does: a socket with a name of its own in the same folder.
class Client {
 public:
  explicit Client(const std::string& folder) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un own = address(folder + "/client"), daemon = address(folder + "/dynolog");
    EXPECT_EQ(bind(socket_.fd(), reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&daemon), sizeof daemon), 0);
  }
  void send(const std::string& bytes) const { EXPECT_GE(::send(socket_.fd(), bytes.data(), bytes.size(), 0), 0); }
  // "" when there is no answer.
  std::string receive() const {
    std::array<char, 4096> buffer;
    const ssize_t size = recv(socket_.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  static sockaddr_un address(const std::string& path) {
    sockaddr_un made = {};
    made.sun_family = AF_UNIX;
    std::memcpy(made.sun_path, path.c_str(), path.size() + 1);
    return made;
  }
  FileHandle socket_;
};

TEST(KinetoDaemon, AnswersAProcessThatAsks) {
  Result<TemporaryDirectory> folder = TemporaryDirectory::make();
  Result<KinetoDaemon> daemon = KinetoDaemon::open(folder->path());
  ASSERT_TRUE(daemon);
  const Client client(folder->path());
  client.send(kineto_message("ctxt", words({0, 4711, 7, 0})));
  client.send(kineto_message("req", request(2, {4711, 1})));
  client.send(kineto_message("req", request(1, {4711, 1})));
  pollfd waiting{daemon->descriptor(), POLLIN, 0};
  ASSERT_EQ(poll(&waiting, 1, 1000), 1);
  std::vector<int> asked;
  daemon->serve([&](int process) {
    asked.push_back(process);
    return std::string("PROFILE_START_TIME=0\n");
  });
  EXPECT_EQ(asked, std::vector<int>{4711}) << "events are no activities";
  EXPECT_EQ(client.receive(), kineto_message("ctxt", words({1})));
  EXPECT_EQ(client.receive(), kineto_message("req", "PROFILE_START_TIME=0\n"));
  EXPECT_EQ(client.receive(), kineto_message("req", ""));
  EXPECT_EQ(client.receive(), "");
  EXPECT_EQ(daemon->unreadable(), 0u);
}

TEST(KinetoDaemon, PassesOverWhatIsNoMessage) {
  Result<TemporaryDirectory> folder = TemporaryDirectory::make();
  Result<KinetoDaemon> daemon = KinetoDaemon::open(folder->path());
  ASSERT_TRUE(daemon);
  const Client client(folder->path());
  client.send("x");
  client.send(std::string(5000, 'x'));
  client.send(kineto_message("bye", ""));
  client.send(kineto_message("req", words({2, 9, 7, 0, 1})));
  client.send(kineto_message("req", request(2, {1})));
  daemon->serve([](int) { return std::string("A=1\n"); });
  EXPECT_EQ(daemon->unreadable(), 4u);
  EXPECT_EQ(client.receive(), kineto_message("req", "A=1\n"));
}

TEST(KinetoDaemon, AClientThatIsGoneDisturbsNobody) {
  Result<TemporaryDirectory> folder = TemporaryDirectory::make();
  Result<KinetoDaemon> daemon = KinetoDaemon::open(folder->path());
  ASSERT_TRUE(daemon);
  {
    const Client client(folder->path());
    client.send(kineto_message("req", request(2, {4711})));
  }
  int asked = 0;
  daemon->serve([&](int) { return std::to_string(++asked); });
  EXPECT_EQ(asked, 1);
}

TEST(KinetoDaemon, AFolderThatIsTooDeepIsAnError) {
  Result<KinetoDaemon> daemon = KinetoDaemon::open("/tmp/" + std::string(200, 'x'));
  ASSERT_FALSE(daemon);
  EXPECT_NE(daemon.error().hint.find("TMPDIR"), std::string::npos);
  EXPECT_FALSE(KinetoDaemon::open("/no/such/folder"));
}

}  // namespace
}  // namespace varve
