#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/process/spawn.h"
#include "model/setup/run_setup.h"
#include "world/files.h"

namespace varve {

// How a server is known to be ready: whichever is given, all of them.
struct ReadyRule {
  int port = 0;      // a TCP port of this machine that takes a connection; 0: not asked
  std::string url;   // http://HOST:PORT/PATH that answers with a status below 400
  std::string line;  // a text that stands in what it writes
  double timeout_seconds = 60;
};
std::string to_string(const ReadyRule& rule);  // "port 6379 and a line with \"Ready\""

// What to start.
struct ServerRequest {
  std::string program;                                    // path of the executable
  const std::vector<std::string>* command = nullptr;      // arguments, the program's name first; not owned
  const std::vector<std::string>* environment = nullptr;  // "NAME=VALUE"; not owned
  std::string directory;                                  // to start it in; empty: Varve's
  ReadyRule ready;
};

// A server from its start to the end of everything in its process group. It is the leader of a group of its own; what
// it writes goes to a file. It must stay in the foreground: what goes into the background by itself is a leftover.
class ServerProcess {
 public:
  // Starts it and waits until it is ready. `wait` is called with the seconds to sleep at most between two looks, and
  // says whether to go on (an interrupt ends the waiting). Error: it could not be started, something else answers
  // already, it ended (with what it wrote last), or it was not ready in time. `files` and `/proc` in it are lent.
  static Result<std::unique_ptr<ServerProcess>> start(const ServerRequest& request, const std::string& log, int input,
                                                      const Files& files, const std::function<bool(double)>& wait);
  ~ServerProcess();  // as stop() does
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int process() const { return spawned_.process; }
  // What it and its descendants have used since their start, and what it was ready after. One look at /proc.
  ServerUse use() const;
  void served_one() { ++served_; }
  // Empty while it runs; else how it ended and what it wrote last.
  std::string ended();
  // SIGTERM to its group, five seconds, SIGKILL; collects it. Empty, or what was odd.
  std::string stop();

 private:
  ServerProcess(SpawnedProcess spawned, std::string log, const Files& files);
  bool collect();
  bool group_lives() const;
  std::string last_lines() const;

  SpawnedProcess spawned_;
  std::string log_;
  const Files& files_;
  double ready_seconds_ = 0;
  int served_ = 0;
  bool collected_ = false, stopped_ = false;
  std::string end_;  // how it ended, in words
};

}  // namespace varve
