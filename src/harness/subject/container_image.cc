#include "harness/subject/container_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "harness/subject/work_elsewhere.h"

namespace varve {

namespace {
// Options that take no value; every other one takes the next word where it has no "=".
struct ImageRunner {
  std::set<std::string> programs;
  std::set<std::string> verbs;     // that name an image
  std::set<std::string> switches;  // before or behind the verb
  std::string letters;             // of short options that take no value
};

const std::vector<ImageRunner>& image_runners() {
  // As `docker run --help` (27.0), `podman run --help` (4.3) and `apptainer exec --help` (1.3) list them.
  static const std::vector<ImageRunner> runners = {
      {{"docker", "nerdctl", "podman"},
       {"run", "create"},
       {"--detach",
        "--disable-content-trust",
        "--env-host",
        "--http-proxy",
        "--init",
        "--interactive",
        "--no-healthcheck",
        "--no-hostname",
        "--no-hosts",
        "--oom-kill-disable",
        "--passwd",
        "--privileged",
        "--publish-all",
        "--quiet",
        "--read-only",
        "--read-only-tmpfs",
        "--replace",
        "--rm",
        "--rmi",
        "--rootfs",
        "--sig-proxy",
        "--tls-verify",
        "--tty",
        "--unsetenv-all"},
       "ditPq"},
      {{"apptainer", "singularity"},
       {"exec", "run", "shell"},
       {"--allow-setuid", "--cleanenv", "--compat",     "--contain",  "--containall", "--debug",    "--disable-cache",
        "--fakeroot",     "--ipc",      "--keep-privs", "--net",      "--no-compat",  "--no-eval",  "--no-home",
        "--no-https",     "--no-init",  "--no-pid",     "--no-privs", "--no-umask",   "--nocolor",  "--nohttps",
        "--nv",           "--nvccli",   "--pid",        "--quiet",    "--rocm",       "--sharens",  "--silent",
        "--underlay",     "--unsquash", "--userns",     "--uts",      "--verbose",    "--writable", "--writable-tmpfs"},
       "cCdefinpqsuvw"}};
  return runners;
}

// How many words an option takes, itself included.
std::size_t words_of_option(const ImageRunner& runner, const std::string& word) {
  if (word.find('=') != std::string::npos) return 1;
  if (word.starts_with("--")) return runner.switches.contains(word) ? 1 : 2;
  // "-it" are two switches, "-itv" ends in one with a value, which "-v/a:/b" holds itself.
  const std::size_t valued = word.find_first_not_of(runner.letters, 1);
  return valued + 1 == word.size() ? 2 : 1;
}

// From the first word that is no option, or the end.
std::size_t behind_options(const ImageRunner& runner, const std::vector<std::string>& command, std::size_t at) {
  while (at < command.size() && command[at].starts_with('-') && command[at].size() > 1) {
    if (command[at] == "--") return at + 1;
    at += words_of_option(runner, command[at]);
  }
  return std::min(at, command.size());
}
}  // namespace

std::optional<NamedImage> named_image(const std::vector<std::string>& command) {
  const std::optional<std::size_t> head = head_of_command(command);
  if (!head) return std::nullopt;
  const std::string program(file_name(command[*head]));
  for (const ImageRunner& runner : image_runners()) {
    if (!runner.programs.contains(program)) continue;
    std::size_t verb = behind_options(runner, command, *head + 1);
    if (verb < command.size() && command[verb] == "container") ++verb;  // "docker container run"
    if (verb >= command.size() || !runner.verbs.contains(command[verb])) return std::nullopt;
    const std::size_t image = behind_options(runner, command, verb + 1);
    if (image >= command.size()) return std::nullopt;
    const auto options_end = command.begin() + static_cast<std::ptrdiff_t>(image);
    const bool is_folder = std::find(command.begin(), options_end, "--rootfs") != options_end;
    return NamedImage{program, image, is_folder};
  }
  return std::nullopt;
}

ImagePlace place_of_image(const NamedImage& named, const std::string& reference) {
  if (named.is_folder) return {reference, "", ""};
  const bool is_of_daemon = named.program == "docker" || named.program == "nerdctl";
  for (const std::string start : {"docker-archive:", "oci-archive:", "oci:"}) {
    if (is_of_daemon || !reference.starts_with(start)) continue;
    std::string path = reference.substr(start.size());
    if (path.starts_with("//")) path.erase(0, 2);
    return {path, "", ""};
  }
  const std::size_t at = reference.find("@sha256:");
  const std::string digest = at == std::string::npos ? "" : reference.substr(at + 1);
  const bool may_be_file = named.program == "apptainer" || named.program == "singularity";
  if (may_be_file && reference.find("://") == std::string::npos) return {reference, "", ""};
  return {"", digest,
          fmt::format("{} keeps the image: save it as an archive, and compare captures of both (varve capture --image)",
                      named.program)};
}

}  // namespace varve
