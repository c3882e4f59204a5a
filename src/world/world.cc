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

// A file system in which nothing can be found: when even "/" cannot be opened, every fact says so.
class NoFiles : public Files {
 public:
  Looked<std::string> read(std::string_view, std::size_t) const override { return nothing<std::string>(); }
  Looked<std::vector<std::string>> list(std::string_view) const override { return nothing<std::vector<std::string>>(); }
  Looked<std::string> read_link(std::string_view) const override { return nothing<std::string>(); }
  Looked<FileKind> kind(std::string_view) const override { return nothing<FileKind>(); }
  Looked<std::string> resolve(std::string_view) const override { return nothing<std::string>(); }
  Looked<FileReader> open(std::string_view) const override { return nothing<FileReader>(); }
  Looked<FileReader> open_magic_link(std::string_view) const override { return nothing<FileReader>(); }
  Looked<std::unique_ptr<Files>> below(std::string_view) const override { return nothing<std::unique_ptr<Files>>(); }

 private:
  template <class T>
  static Looked<T> nothing() {
    return {std::nullopt, LookFailure::unreadable, "the root directory cannot be opened"};
  }
};

const Files& host_files() {
  static const std::unique_ptr<Files> files = [] {
    Looked<std::unique_ptr<Files>> root = open_root("/");
    return root ? std::move(*root) : std::make_unique<NoFiles>();
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
