#pragma once
#include <string>

#include "base/result.h"

namespace varve {

// Whether something takes a TCP connection at this port of 127.0.0.1 or ::1. Waits a fifth of a second at most.
bool port_answers(int port);

// http://HOST[:PORT][/PATH], in parts.
struct HttpUrl {
  std::string host, port = "80", path = "/";
};
Result<HttpUrl> parse_http_url(const std::string& url);

// The status that the URL answers with (RFC 9112, HTTP/1.1, without redirections); 0 when nothing does within a second.
int http_status(const HttpUrl& url);

}  // namespace varve
