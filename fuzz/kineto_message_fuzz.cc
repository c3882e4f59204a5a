// What a process sends to the daemon of Kineto's on-demand protocol.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "harness/recorders/kineto_daemon.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto message = varve::parse_kineto_message(bytes)) {
    const std::string again = varve::kineto_message(message->type, message->payload);
    const auto back = varve::parse_kineto_message(again);
    if (!back || back->type != message->type || back->payload != message->payload) std::abort();
    if (const auto asked = varve::parse_kineto_request(message->payload); asked && asked->processes.empty())
      std::abort();
  }
  if (const auto asked = varve::parse_kineto_request(bytes)) {
    if (asked->processes.empty() || asked->processes.size() * 4 > size) std::abort();
  }
  return 0;
}
