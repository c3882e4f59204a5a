#include "cmd/subject_options.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <limits>

#include "base/text.h"

namespace varve {

namespace {
// Checks of CLI11: what is wrong, or an empty text.
std::string is_process_number(const std::string& text) {
  const std::optional<std::int64_t> number = parse_integer(text);
  const bool fits = number && *number > 0 && *number <= std::numeric_limits<int>::max();
  return fits ? "" : text + " is not the number of a process";
}
}  // namespace

std::string not_empty(const std::string& text) { return text.empty() ? "the value is empty" : ""; }

void declare_subject(CLI::App& command, SubjectOptions& options) {
  CLI::Option* pid =
      command.add_option("--pid", options.process, "a running process: what it has loaded, its limits and settings")
          ->type_name("N")
          ->check(is_process_number);
  CLI::Option* root =
      command.add_option("--root", options.root, "a directory that holds a whole file system")->type_name("DIR");
  CLI::Option* image = command
                           .add_option("--image", options.image,
                                       "a container image: OCI layout directory or archive, docker-save archive")
                           ->type_name("PATH");
  CLI::Option* environment =
      command.add_option("--env", options.environment, "a venv, conda prefix or folder of packages")->type_name("DIR");
  for (CLI::Option* one : {root, image, environment}) one->check(not_empty);
  for (CLI::Option* one : {pid, root, image, environment}) {
    for (CLI::Option* other : {pid, root, image, environment}) {
      if (one != other) one->excludes(other);
    }
  }
}

void choose_subject(const SubjectOptions& options, CaptureOptions& capture) {
  const auto choose = [&](SubjectKind kind, const std::string& path) {
    capture.kind = kind;
    capture.path = path;
  };
  if (options.process) {
    capture.process = options.process;
    capture.kind = SubjectKind::process;
  }
  if (!options.root.empty()) choose(SubjectKind::root, options.root);
  if (!options.image.empty()) choose(SubjectKind::image, options.image);
  if (!options.environment.empty()) choose(SubjectKind::environment, from_root(options.environment));
}

std::string from_root(const std::string& name) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::weakly_canonical(name, error);
  return error ? name : path.string();
}

}  // namespace varve
