#include "harness/process/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace varve {

namespace {

// What the child needs, prepared before vfork: it may call nothing but system calls.
struct ChildLaunch {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;  // nullptr: no other
  int input = -1;
  int output = -1;
  int error = 0;  // written by the child, which shares our memory until it has loaded the program
};

[[noreturn]] void become_program(volatile ChildLaunch* launch) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(launch->input, STDIN_FILENO);
  dup2(launch->output, STDOUT_FILENO);
  dup2(launch->output, STDERR_FILENO);
  signal(SIGPIPE, SIG_DFL);  // an ignored signal would stay ignored in the program
  if (launch->directory != nullptr && chdir(launch->directory) != 0) {
    launch->error = errno;
    _exit(127);
  }
  execve(launch->program, launch->arguments, launch->environment);
  launch->error = errno;
  _exit(127);
}

// Standard descriptors that were closed when Varve started come back as pipes and files: keep clear of them, dup2 of a
// descriptor onto itself would leave it to be closed at exec.
FileHandle above_standard(FileHandle file) {
  if (!file || file.fd() > STDERR_FILENO) return file;
  return FileHandle(fcntl(file.fd(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

bool open_pipe(SpawnedProcess& spawned) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  spawned.output = above_standard(FileHandle(ends[0]));
  spawned.writer = above_standard(FileHandle(ends[1]));
  if (!spawned.output || !spawned.writer) return false;
  fcntl(spawned.output.fd(), F_SETFL, O_NONBLOCK);
  return true;
}

// In a function of its own: the frame that vfork returns into twice holds nothing that changes in between.
[[gnu::noinline]] pid_t launch_child(volatile ChildLaunch* launch) {
  const pid_t process = vfork();
  if (process == 0) become_program(launch);  // NOLINT(clang-analyzer-unix.Vfork): it makes system calls only
  return process;
}

}  // namespace

Result<SpawnedProcess> spawn_process(const std::string& program, const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment, int input, const SpawnPlace& place) {
  const auto failed = [&](int error) {
    const char* hint = error == ENOEXEC ? "start it through its interpreter, as in sh FILE"
                       : error == E2BIG ? "shorten the command line or the environment"
                       : error == ENOENT && !place.directory.empty()
                           ? "see that the directory and the program are there"
                           : "start it by hand to see why";
    return Error{"starting the program", program, std::strerror(error), hint};
  };
  SpawnedProcess spawned;
  if (place.output < 0 && !open_pipe(spawned)) return failed(errno);

  const std::vector<char*> argument_pointers = pointers(arguments);
  std::vector<char*> environment_pointers = pointers(environment);
  std::string named_pipe;
  struct stat pipe {};
  if (!place.pipe_variable.empty() && place.output < 0 && fstat(spawned.writer.fd(), &pipe) == 0) {
    named_pipe = fmt::format("{}={}:{}", place.pipe_variable, pipe.st_dev, pipe.st_ino);
    environment_pointers.insert(environment_pointers.end() - 1, named_pipe.data());
  }
  volatile ChildLaunch launch;
  launch.program = program.c_str();
  launch.arguments = argument_pointers.data();
  launch.environment = environment_pointers.data();
  launch.input = input;
  launch.output = place.output < 0 ? spawned.writer.fd() : place.output;
  launch.directory = place.directory.empty() ? nullptr : place.directory.c_str();
  spawned.process = launch_child(&launch);
  if (spawned.process < 0) return failed(errno);
  if (launch.error != 0) {
    const int error = launch.error;
    while (waitpid(spawned.process, nullptr, 0) < 0 && errno == EINTR) {
    }
    return failed(error);
  }
  spawned.exit_notice = FileHandle(static_cast<int>(syscall(SYS_pidfd_open, spawned.process, 0)));
  return spawned;
}

FileHandle open_output_file(const std::string& path) {
  return above_standard(FileHandle(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)));
}

FileHandle open_empty_input() { return above_standard(FileHandle(open("/dev/null", O_RDONLY | O_CLOEXEC))); }

}  // namespace varve
