#include "harness/process/ready.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/text.h"
#include "world/files.h"

namespace varve {

namespace {
constexpr int kConnectMilliseconds = 200;
constexpr int kAnswerMilliseconds = 1000;

bool becomes(int descriptor, short events, int milliseconds) {
  pollfd one{descriptor, events, 0};
  return poll(&one, 1, milliseconds) == 1;
}

// A connected socket, or none.
FileHandle connect_to(const addrinfo& address) {
  FileHandle handle(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!handle) return handle;
  if (connect(handle.fd(), address.ai_addr, address.ai_addrlen) == 0) return handle;
  if (errno != EINPROGRESS || !becomes(handle.fd(), POLLOUT, kConnectMilliseconds)) return FileHandle();
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(handle.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? std::move(handle) : FileHandle();
}

FileHandle connect_to(const std::string& host, const std::string& port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return FileHandle();
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    FileHandle handle = connect_to(*one);
    if (handle) return handle;
  }
  return FileHandle();
}
}  // namespace

bool port_answers(int port) {
  const std::string number = std::to_string(port);
  return static_cast<bool>(connect_to("127.0.0.1", number)) || static_cast<bool>(connect_to("::1", number));
}

Result<HttpUrl> parse_http_url(const std::string& url) {
  const std::string scheme = "http://";
  const auto wrong = [&](const char* found) {
    return Error{"reading when the server is ready", url, found, "Write http://HOST:PORT/PATH"};
  };
  if (!url.starts_with(scheme)) return wrong("this is no address that begins with http://");
  const std::string rest = url.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  HttpUrl parts;
  parts.host = rest.substr(0, slash);
  if (slash != std::string::npos) parts.path = rest.substr(slash);
  const std::size_t colon = parts.host.rfind(':');
  if (colon != std::string::npos && parts.host.find(']', colon) == std::string::npos) {
    parts.port = parts.host.substr(colon + 1);
    parts.host = parts.host.substr(0, colon);
  }
  if (parts.host.starts_with('[') && parts.host.ends_with(']'))
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  const std::optional<std::int64_t> port = parse_integer(parts.port);
  if (parts.host.empty()) return wrong("there is no host in it");
  if (!port || *port < 1 || *port > 65535) return wrong("its port is no number from 1 to 65535");
  if (parts.path.find_first_of(" \r\n") != std::string::npos) return wrong("there is white space in it");
  return parts;
}

int http_status(const HttpUrl& url) {
  const FileHandle socket = connect_to(url.host, url.port);
  if (!socket) return 0;
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: varve\r\nConnection: close\r\n\r\n", url.path, url.host);
  if (send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return 0;
  std::string answer;
  const std::string_view version = "HTTP/1.x ";  // and then three digits
  while (answer.size() < version.size() + 3 && becomes(socket.fd(), POLLIN, kAnswerMilliseconds)) {
    char bytes[64];
    const ssize_t count = recv(socket.fd(), bytes, sizeof bytes, 0);
    if (count <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  if (!answer.starts_with("HTTP/1.") || answer.size() < version.size() + 3) return 0;
  return static_cast<int>(parse_integer(answer.substr(version.size(), 3)).value_or(0));
}

}  // namespace varve
