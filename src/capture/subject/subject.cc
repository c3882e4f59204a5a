#include "capture/subject/subject.h"

#include <fmt/format.h>

#include <cassert>

#include "base/redact.h"
#include "base/text.h"
#include "capture/subject/image_subject.h"
#include "package/environments.h"
#include "tables/settings.h"
#include "world/process_state.h"

namespace varve {

namespace {
constexpr std::size_t kMostCpuInfo = std::size_t{16} << 20;
constexpr std::size_t kMostEnvironment = std::size_t{4} << 20;

Subject host_subject(const World& world, const CaptureOptions& options) {
  return Subject{.world = world,
                 .files = world.files,
                 .options = options,
                 .own_files = {},
                 .proc = "/proc/self",
                 .home = environment_value(world.environment, "HOME"),
                 .environment = world.environment,
                 .cpuinfo = world.files.read("/proc/cpuinfo", kMostCpuInfo),
                 .mapped = {},
                 .root_link = {},
                 .libraries = {},
                 .image = {},
                 .start_folder = {},
                 .start_paths = {},
                 .read_before = {}};
}

// Its own root, which is another than ours when it runs in a container.
Result<Subject> process_subject(const World& world, const CaptureOptions& options) {
  const int process = options.process.value_or(0);
  const std::string proc = fmt::format("/proc/{}", process);
  if (process <= 0 || !world.files.exists(proc)) {
    return Error{"capturing a process", proc, "there is no such process", "See the running ones with: ps -e"};
  }
  if (const std::optional<ProcessKind> kind = process_kind(world.files, proc); kind && kind != ProcessKind::running) {
    const bool ended = *kind == ProcessKind::ended;
    return Error{"capturing a process", proc,
                 ended ? "it has ended, and its parent has not asked for its status yet (a zombie)"
                       : "it is a thread of the kernel and has no files",
                 "See the running ones with: ps -e"};
  }
  Looked<std::unique_ptr<Files>> root = world.files.below(proc + "/root");
  Looked<std::vector<FileMapping>> mapped = mapped_files(world.files, proc, root ? root->get() : nullptr);
  std::unique_ptr<Files> files = root ? std::move(*root) : no_files(root.failure, root.detail);
  if (mapped) files = files_of_process(world.files, std::move(files), *mapped);
  Subject subject = foreign_subject(world, options, std::move(files));
  subject.proc = proc;
  subject.mapped = std::move(mapped);
  subject.root_link = world.files.read_link(proc + "/root").value.value_or("/");
  subject.cpuinfo = world.files.read("/proc/cpuinfo", kMostCpuInfo);
  return subject;
}

Result<Subject> root_subject(const World& world, const CaptureOptions& options) {
  Looked<std::unique_ptr<Files>> root = open_root(options.path);
  if (!root) {
    return Error{"capturing a root directory", options.path, root.detail,
                 "Give the directory that holds its etc, lib and usr"};
  }
  // capture_stack has put the snapshot's own world in the place of this machine.
  const bool snapshot = !world.is_this_machine && holds_machine(**root);
  Subject subject = foreign_subject(world, options, std::move(*root));
  if (!snapshot) return subject;
  subject.is_snapshot = true;
  subject.environment = world.environment;
  subject.cpuinfo = world.files.read("/proc/cpuinfo", kMostCpuInfo);
  return subject;
}

Result<Subject> environment_subject(const World& world, const CaptureOptions& options) {
  const Result<EnvironmentPlace> place = environment_at(world.files, options.path);
  if (!place) return place.error();
  return host_subject(world, options);
}

// Each is asked for by name, so one that says nothing about GPU code is an error and no gap.
Result<Subject> files_subject(const World& world, const CaptureOptions& options) {
  Subject subject = host_subject(world, options);
  const BinaryCache cache(options.cache_folder);
  double done = 0;
  for (const std::string& name : options.files) {
    const auto failed = [&](const std::string& found) {
      return Error{"looking for GPU code", clean_utf8(name), found, "Give programs, shared or static libraries"};
    };
    done += 1;
    if (options.exact && options.progress) {
      options.progress(file_name(name), done / static_cast<double>(options.files.size()));
    }
    const Looked<std::string> path = world.files.resolve(name);
    if (!path) return failed(path.detail);
    const Looked<FileReader> file = world.files.open(*path);
    if (!file) return failed(file.detail);
    Result<ReadBinary> read = read_binary(*file, *path, {.coverage = options.coverage, .exact = options.exact}, cache);
    if (!read) return failed(read.error().found);
    subject.read_before.emplace(*path, std::move(*read));
  }
  return subject;
}
}  // namespace

Subject foreign_subject(const World& world, const CaptureOptions& options, std::shared_ptr<const Files> files) {
  const Files& root = *files;
  return Subject{.world = world,
                 .files = root,
                 .options = options,
                 .own_files = std::move(files),
                 .proc = "/proc/self",
                 .home = environment_value(world.environment, "HOME"),
                 .environment = {},
                 .cpuinfo = {},
                 .mapped = {},
                 .root_link = {},
                 .libraries = {},
                 .image = {},
                 .start_folder = {},
                 .start_paths = {},
                 .read_before = {}};
}

Result<Subject> open_subject(const World& world, const CaptureOptions& options) {
  assert(options.process.has_value() == (options.kind == SubjectKind::process));
  switch (options.kind) {
    case SubjectKind::process:
      return process_subject(world, options);
    case SubjectKind::root:
      return root_subject(world, options);
    case SubjectKind::environment:
      return environment_subject(world, options);
    case SubjectKind::image:
      return image_subject(world, options);
    case SubjectKind::files:
      return files_subject(world, options);
    case SubjectKind::host:
      break;
  }
  return host_subject(world, options);
}

bool holds_machine(const Files& files) {
  return files.exists("/proc/sys/kernel/osrelease") || files.exists("/sys/module") || files.exists("/proc/driver");
}

// environment(7) as pam_env(8) reads it: a NAME=VALUE a line, quotes around the value allowed, # starts a comment.
std::map<std::string, std::string> snapshot_environment(const Files& files) {
  if (const Looked<std::string> block = files.read("/proc/self/environ", kMostEnvironment)) {
    return parse_environment(*block);
  }
  std::map<std::string, std::string> variables;
  const std::string text = files.read("/etc/environment").value.value_or("");
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos || equals == 0) continue;
    std::string_view value = trim(line.substr(equals + 1));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
    if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    variables.emplace(trim(line.substr(0, equals)), value);
  }
  return variables;
}

std::string process_link(const Subject& subject, std::string_view name) {
  const Looked<std::string> link = subject.world.files.read_link(fmt::format("{}/{}", subject.proc, name));
  return link ? path_in_root(*link, subject.root_link).value_or("") : "";
}

std::string full_path(const Subject& subject, const std::string& path) {
  return path.starts_with("~/") ? subject.home + path.substr(1) : path;
}

std::string subject_title(const Subject& subject) {
  const CaptureOptions& options = subject.options;
  const std::string path = clean_utf8(shorten_home(options.path, environment_value(subject.world.environment, "HOME")));
  switch (options.kind) {
    case SubjectKind::process:
      return fmt::format("process {}", options.process.value_or(0));
    case SubjectKind::root:
      return "root " + path;
    case SubjectKind::image:
      return "image " + path;
    case SubjectKind::environment:
      return "environment " + path;
    case SubjectKind::files:
      return "files";
    case SubjectKind::host:
      break;
  }
  return "host";
}

}  // namespace varve
