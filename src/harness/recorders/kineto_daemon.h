#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// Kineto's on-demand protocol (pytorch/kineto, libkineto/src/IpcFabricConfigClient and ipcfabric/): a PyTorch process
// with KINETO_USE_DAEMON=1 asks a daemon for something to record. A message is one datagram:
//   u64 size of the payload; char type[32], ended by a NUL; the payload
// in the byte order of the machine. From the client:
//   "ctxt"  i32 GPU, i32 process, i64 job                                    is answered with "ctxt" i32 count
//   "req"   i32 kinds, i32 n, i64 job, i32 processes[n], itself first        is answered with "req" and a text, which
//                                                                            is a configuration or empty
struct KinetoMessage {
  std::string_view type, payload;  // of the bytes that were parsed
};
// Nothing: the bytes are no whole message.
std::optional<KinetoMessage> parse_kineto_message(std::string_view bytes);
std::string kineto_message(std::string_view type, std::string_view payload);

struct KinetoRequest {
  std::int32_t kinds = 0;               // bit 1: activities, which is what a configuration can be given for
  std::vector<std::int32_t> processes;  // never empty
};
std::optional<KinetoRequest> parse_kineto_request(std::string_view payload);

// The daemon for the processes of one unit: a socket FOLDER/dynolog, which they find by KINETO_IPC_SOCKET_DIR=FOLDER.
// A daemon of the machine is not disturbed.
class KinetoDaemon {
 public:
  static Result<KinetoDaemon> open(const std::string& folder);

  int descriptor() const { return socket_.fd(); }
  // Answers what waits. `configuration` is asked what a process that asks for activities gets; empty: nothing yet.
  void serve(const std::function<std::string(int process)>& configuration);
  std::uint64_t unreadable() const { return unreadable_; }  // datagrams that were no message of the protocol

 private:
  explicit KinetoDaemon(FileHandle socket) : socket_(std::move(socket)) {}

  FileHandle socket_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace varve
