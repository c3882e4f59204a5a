#include "harness/variant.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "harness/subject/file_digest.h"
#include "harness/subject/server_files.h"
#include "model/setup/shell_words.h"
#include "tables/settings.h"
#include "world/files.h"

namespace varve {

namespace {

constexpr std::uint64_t kNamedFileCap = std::uint64_t{256} << 20;
constexpr int kMostNamedFiles = 64;
constexpr std::size_t kMostInheritedBytes = 4096;      // of the value of a variable
constexpr const char* kDefaultPath = "/bin:/usr/bin";  // confstr(_CS_PATH), which execvp falls back to
constexpr const char* kFindingProgram = "finding the program to run";

bool is_executable_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

Result<std::string> find_named_program(const std::string& program) {
  if (is_executable_file(program)) return program;
  struct stat status {};
  std::string found = std::strerror(errno);
  std::string hint = "give the path of a program";
  if (stat(program.c_str(), &status) != 0) {
    found = std::strerror(errno);
  } else if (!S_ISREG(status.st_mode)) {
    found = "not a regular file";
  } else {
    found = "not executable";
    hint = "make it executable with chmod +x, or start it through its interpreter";
  }
  return Error{kFindingProgram, program, found, hint};
}

std::string from_directory(const std::string& directory, const std::string& path) {
  return directory.empty() || path.starts_with('/') ? path : directory + "/" + path;
}

Result<std::string> find_program(const std::string& program, const std::map<std::string, std::string>& environment,
                                 const std::string& from) {
  if (program.find('/') != std::string::npos) return find_named_program(from_directory(from, program));
  const auto set = environment.find("PATH");
  const std::string path = set != environment.end() ? set->second : kDefaultPath;
  for (const std::string_view directory : split(path, ':')) {
    std::string candidate =
        from_directory(from, directory.empty() ? "./" + program : fmt::format("{}/{}", directory, program));
    if (is_executable_file(candidate)) return candidate;
  }
  const std::string home = environment_value(environment, "HOME");
  return Error{kFindingProgram, program, "there is no executable file of that name in " + shorten_home(path, home),
               "give its path, or put its directory into PATH"};
}

}  // namespace

std::vector<std::string> settings_list(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> list;
  for (const auto& [name, value] : variables) list.push_back(fmt::format("{}={}", name, value));
  return list;
}

std::vector<NamedFile> named_files(const std::vector<std::string>& command, const std::vector<std::string>& shown,
                                   const std::string& directory) {
  std::vector<NamedFile> files;
  int hashed = 0;
  for (std::size_t i = 1; i < command.size() && i < shown.size(); ++i) {
    struct stat status {};
    const auto is_file = [&](const std::string& path) {
      return !path.empty() && stat(from_directory(directory, path).c_str(), &status) == 0 && S_ISREG(status.st_mode);
    };
    const std::size_t equals = command[i].find('=');
    const std::size_t shown_equals = shown[i].find('=');
    const bool whole = is_file(command[i]);
    if (!whole && (equals == std::string::npos || !is_file(command[i].substr(equals + 1)))) continue;
    if (shown[i].find("[redacted]") != std::string::npos) continue;
    const std::string path = whole ? command[i] : command[i].substr(equals + 1);
    NamedFile file{.argument = static_cast<int>(i),
                   .path = whole || shown_equals == std::string::npos ? shown[i] : shown[i].substr(shown_equals + 1),
                   .digest = {},
                   .missing = {}};
    if (hashed == kMostNamedFiles) {
      file.missing = fmt::format("not hashed, the command names more than {} files", kMostNamedFiles);
    } else if (static_cast<std::uint64_t>(status.st_size) > kNamedFileCap) {
      file.missing = fmt::format("not hashed, larger than {} MiB", kNamedFileCap >> 20);
    } else {
      ++hashed;
      file.digest = file_digest(from_directory(directory, path), kNamedFileCap);
      if (file.digest.empty()) file.missing = "it could not be read";
    }
    files.push_back(std::move(file));
  }
  return files;
}

namespace {
// Neither in the allow-list nor set by the plan. Only how many: names too may say what is nobody's business.
int count_other_variables(const std::map<std::string, std::string>& environment, const Variant& document) {
  return static_cast<int>(std::count_if(environment.begin(), environment.end(), [&](const auto& variable) {
    return !document.settings.contains(variable.first) && !document.environment.contains(variable.first) &&
           !variable.first.starts_with("VARVE_");
  }));
}

// The directory of a side as an absolute path; empty where it has none.
Result<std::string> directory_of(const VariantPlan& plan) {
  if (plan.directory.empty()) return std::string();
  char* resolved = realpath(plan.directory.c_str(), nullptr);
  const std::unique_ptr<char, decltype(&std::free)> owner(resolved, std::free);
  struct stat status {};
  if (resolved == nullptr || stat(resolved, &status) != 0 || !S_ISDIR(status.st_mode)) {
    return Error{"finding the working directory", plan.directory,
                 resolved == nullptr ? std::strerror(errno) : "it is no directory", "Name a directory that is there"};
  }
  return std::string(resolved);
}

std::vector<std::string> shown_command(const std::vector<std::string>& command, const std::string& home) {
  std::vector<std::string> shown;
  for (const std::string& argument : redact_arguments(command, home)) {
    shown.push_back(clean_utf8(argument, std::size_t{1} << 16));
  }
  return shown;
}

// What can be told of a server before it is started, where its command starts one program and no more.
void describe_server(const std::vector<std::string>& command, const PreparedVariant& prepared, const World& world,
                     ServerSetup& server) {
  const std::optional<std::vector<std::string>> words = simple_command(command);
  const std::string home = environment_value(world.environment, "HOME");
  if (!words) return;
  const Result<std::string> program = find_program(words->front(), prepared.variables, prepared.directory);
  if (!program) return;
  server.program = clean_utf8(shorten_home(*program, home));
  server.program_digest = file_digest(*program);
  server.program_package = package_of_program(world.files, *program);
  server.files = named_files(*words, shown_command(*words, home), prepared.directory);
  for (NamedFile& file : server.files) {
    const std::string& word = (*words)[static_cast<std::size_t>(file.argument)];
    file.lines = lines_of_settings(from_directory(prepared.directory, word), home);
    if (file.lines.empty()) {  // "--config=a.yaml"
      file.lines = lines_of_settings(from_directory(prepared.directory, word.substr(word.find('=') + 1)), home);
    }
  }
}

Status prepare_server(const ServerPlan& plan, const World& world, PreparedVariant& prepared) {
  if (plan.command.empty() || plan.command[0].empty()) {
    return Error{kFindingProgram, "the server of variant " + prepared.document.name, "there is no command",
                 "Give it one"};
  }
  Result<std::string> program = find_program(plan.command[0], prepared.variables, prepared.directory);
  if (!program) return program.error();
  prepared.server = PreparedServer{*program, plan.command, plan.each_block, plan.ready};
  const std::string home = environment_value(world.environment, "HOME");
  ServerSetup server{shown_command(plan.command, home), plan.each_block ? "block" : "unit", to_string(plan.ready)};
  describe_server(plan.command, prepared, world, server);
  prepared.document.server = std::move(server);
  return Done{};
}
}  // namespace

Result<PreparedVariant> prepare_variant(const VariantPlan& plan, const std::string& name, const World& world) {
  if (plan.command.empty() || plan.command[0].empty()) {
    return Error{kFindingProgram, "variant " + name, "there is no command",
                 "put it after --, as in varve run -- ./program"};
  }
  std::map<std::string, std::string> environment = world.environment;
  for (const auto& [variable, value] : plan.environment) environment[variable] = value;
  Result<std::string> directory = directory_of(plan);
  if (!directory) return directory.error();
  Result<std::string> program = find_program(plan.command[0], environment, *directory);
  if (!program) return program.error();

  const std::string home = environment_value(world.environment, "HOME");
  PreparedVariant prepared;
  prepared.program = *program;
  prepared.command = plan.command;
  prepared.directory = *directory;
  prepared.environment = settings_list(environment);
  Variant& document = prepared.document;
  document.name = name;
  document.label = redact_line(plan.label, home);
  document.directory = clean_utf8(shorten_home(prepared.directory, home));
  document.command = shown_command(plan.command, home);
  for (const auto& [variable, value] : plan.environment) {
    const bool hidden = names_a_secret(variable) || looks_like_secret(value);
    document.environment[variable] = hidden ? "[redacted]" : redact_line(value, home);
  }
  document.scanned.origin = plan.scanned.origin;
  for (const auto& [scanned, value] : plan.scanned.values) {
    document.scanned.values[clean_utf8(scanned)] = redact_line(value, home);
  }
  document.settings = dispatch_settings(environment, home);
  document.other_variables = count_other_variables(environment, document);
  document.program = clean_utf8(shorten_home(prepared.program, home));
  document.program_digest = file_digest(prepared.program);
  document.files = named_files(plan.command, document.command, prepared.directory);
  prepared.variables = std::move(environment);
  if (plan.server) {
    if (Status ready = prepare_server(*plan.server, world, prepared); !ready) return ready.error();
  }
  return prepared;
}

void record_inherited(std::vector<PreparedVariant>& variants, const World& world) {
  const std::string home = environment_value(world.environment, "HOME");
  std::set<std::string> names;
  for (const PreparedVariant& variant : variants) {
    for (const auto& [name, value] : variant.document.environment) names.insert(name);
  }
  for (PreparedVariant& variant : variants) {
    Variant& document = variant.document;
    for (const std::string& name : names) {
      const auto found = variant.variables.find(name);
      if (found == variant.variables.end() || document.environment.contains(name)) continue;
      constexpr const char* kSource = "environment";
      const bool hidden = names_a_secret(name) || looks_like_secret(found->second);
      document.settings.try_emplace(
          name, hidden ? missing_fact(Missing::denied, kSource, "looks like a secret, not recorded")
                       : known_fact(clean_utf8(redact_line(found->second, home), kMostInheritedBytes), kSource));
    }
    document.other_variables = count_other_variables(variant.variables, document);
  }
}

}  // namespace varve
