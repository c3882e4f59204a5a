#include "harness/recorders/kineto_daemon.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace varve {

namespace {
constexpr std::size_t kTypeBytes = 32;
constexpr std::size_t kHeadBytes = sizeof(std::uint64_t) + kTypeBytes;
constexpr std::size_t kMostMessage = 4096;  // of a message of a client: a request names some ancestors, no more
constexpr int kMostAtOnce = 64;             // before the unit itself gets its turn
constexpr std::int32_t kActivities = 2;
constexpr const char* kListening = "listening for PyTorch's profiler";

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::string bytes_of(std::int32_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }
}  // namespace

std::optional<KinetoMessage> parse_kineto_message(std::string_view bytes) {
  if (bytes.size() < kHeadBytes) return std::nullopt;
  if (number_at<std::uint64_t>(bytes, 0) != bytes.size() - kHeadBytes) return std::nullopt;
  const std::string_view type = bytes.substr(sizeof(std::uint64_t), kTypeBytes);
  const std::size_t end = type.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return KinetoMessage{type.substr(0, end), bytes.substr(kHeadBytes)};
}

std::string kineto_message(std::string_view type, std::string_view payload) {
  const std::uint64_t size = payload.size();
  std::string message(reinterpret_cast<const char*>(&size), sizeof size);
  message += type.substr(0, kTypeBytes - 1);
  message.resize(kHeadBytes, '\0');
  message += payload;
  return message;
}

std::optional<KinetoRequest> parse_kineto_request(std::string_view payload) {
  constexpr std::size_t kFixed = 16;
  if (payload.size() < kFixed) return std::nullopt;
  const auto count = number_at<std::int32_t>(payload, 4);
  if (count < 1 || static_cast<std::size_t>(count) > (payload.size() - kFixed) / sizeof(std::int32_t)) {
    return std::nullopt;
  }
  KinetoRequest request{number_at<std::int32_t>(payload, 0), {}};
  for (std::int32_t i = 0; i < count; ++i) {
    request.processes.push_back(number_at<std::int32_t>(payload, kFixed + static_cast<std::size_t>(i) * 4));
  }
  return request;
}

Result<KinetoDaemon> KinetoDaemon::open(const std::string& folder) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = folder + "/dynolog";
  if (path.size() >= sizeof address.sun_path) {
    return Error{kListening, path, "the path is too long for a socket",
                 "set TMPDIR to a directory with a shorter path"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  FileHandle socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket || bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{kListening, path, std::strerror(errno), "set TMPDIR to a directory where sockets can be made"};
  }
  return KinetoDaemon(std::move(socket));
}

void KinetoDaemon::serve(const std::function<std::string(int process)>& configuration) {
  for (int i = 0; i < kMostAtOnce; ++i) {
    std::array<char, kMostMessage> buffer;
    sockaddr_un sender = {};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = recvfrom(socket_.fd(), buffer.data(), buffer.size(), MSG_TRUNC,
                                  reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    const bool whole = static_cast<std::size_t>(size) <= buffer.size();
    const auto message = whole ? parse_kineto_message({buffer.data(), static_cast<std::size_t>(size)}) : std::nullopt;
    std::optional<std::string> answer;
    if (message && message->type == "ctxt") {
      answer = kineto_message("ctxt", bytes_of(1));
    } else if (const auto request =
                   message && message->type == "req" ? parse_kineto_request(message->payload) : std::nullopt) {
      const bool wants = (request->kinds & kActivities) != 0;
      answer = kineto_message("req", wants ? configuration(request->processes.front()) : std::string());
    }
    if (!answer) {
      ++unreadable_;
      continue;
    }
    // Who asked may be gone, or full of answers: then it asks again or never.
    sendto(socket_.fd(), answer->data(), answer->size(), MSG_DONTWAIT | MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&sender), sender_size);
  }
}

}  // namespace varve
