#include "world/world.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

extern char** environ;

namespace varve {

namespace {
std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

const Files& host_files() {
  static const std::unique_ptr<Files> files = [] {
    Looked<std::unique_ptr<Files>> root = open_root("/");
    return root ? std::move(*root) : no_files(LookFailure::unreadable, "the root directory cannot be opened");
  }();
  return *files;
}
}  // namespace

World host_world() {
  World world{.files = host_files(),
              .environment = own_environment(),
              .now = [] { return std::chrono::system_clock::now(); },
              .monotonic_seconds =
                  [] {
                    const auto since = std::chrono::steady_clock::now().time_since_epoch();
                    return std::chrono::duration<double>(since).count();
                  },
              .user_id = ::geteuid(),
              .is_this_machine = true,
              .architecture = {},
              .c_library = {}};
  utsname name = {};
  if (::uname(&name) == 0) world.architecture = name.machine;
#ifdef __GLIBC__
  world.c_library = std::string("glibc ") + ::gnu_get_libc_version();
#endif
  return world;
}

std::string format_time(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string environment_value(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string{} : found->second;
}

}  // namespace varve
