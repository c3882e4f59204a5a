#include "harness/subject/work_elsewhere.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace varve {

namespace {
const std::set<std::string> kHandOn = {"docker", "kubectl", "lxc",  "machinectl", "nerdctl",     "oc",
                                       "sbatch", "salloc",  "srun", "ssh",        "systemd-run", "rsh"};
// Their own arguments are skipped up to the next word that is none.
const std::set<std::string> kOnlyChange = {"chrt",   "env",    "exec", "ionice",  "nice", "nohup",  "numactl",
                                           "setsid", "stdbuf", "sudo", "taskset", "time", "timeout"};
const std::set<std::string> kShells = {"bash", "dash", "ksh", "sh", "zsh"};

// A program of that name in a folder of somebody's own ("./oc", "build/docker") is another one.
bool is_installed(const std::string& word) {
  static constexpr std::string_view kWhere[] = {"/bin/", "/opt/", "/snap/", "/usr/"};
  return word.find('/') == std::string::npos ||
         std::any_of(std::begin(kWhere), std::end(kWhere), [&](std::string_view at) { return word.starts_with(at); });
}

// The first program of these words that is not one of kOnlyChange, if it hands on.
std::string head_of(const std::vector<std::string>& words) {
  const std::optional<std::size_t> at = head_of_command(words);
  if (!at) return "";
  const std::string name = file_name(words[*at]);
  return kHandOn.contains(name) && is_installed(words[*at]) ? name : "";
}

std::string in_line(const std::string& line) {
  std::vector<std::string> words;
  std::string found;
  const auto close = [&] {
    if (found.empty()) found = head_of(words);
    words.clear();
  };
  std::string word;
  for (const char c : line + ";") {
    const bool ends = c == ';' || c == '|' || c == '&' || c == '\n' || c == '(' || c == '{';
    if (!ends && c != ' ' && c != '\t') {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    if (ends) close();
  }
  return found;
}
}  // namespace

std::optional<std::size_t> head_of_command(const std::vector<std::string>& command) {
  for (std::size_t i = 0; i < command.size(); ++i) {
    const std::string& word = command[i];
    const bool number = word.find_first_of("0123456789") != std::string::npos &&  // "30s", and not "ssh"
                        word.find_first_not_of("0123456789.,smh") == std::string::npos;
    const bool argument = word.empty() || word.starts_with('-') || word.find('=') != std::string::npos || number;
    if (!argument && !kOnlyChange.contains(file_name(word))) return i;
  }
  return std::nullopt;
}

std::string hands_work_on(const std::vector<std::string>& command) {
  if (std::string head = head_of(command); !head.empty()) return head;
  for (std::size_t i = 0; i + 2 < command.size(); ++i) {
    if (kShells.contains(file_name(command[i])) && command[i + 1] == "-c") return in_line(command[i + 2]);
  }
  return "";
}

void settle_work_elsewhere(Run& run) {
  std::vector<std::string> sides;
  std::string program;
  for (const Variant& variant : run.variants) {
    const std::string head = hands_work_on(variant.command);
    if (head.empty()) continue;
    program = head;
    sides.push_back(variant.name);
    for (Unit& unit : run.units) {
      if (unit.variant != variant.name || unit.role == UnitRole::evidence) continue;
      unit.libraries.clear();
      unit.profiles = {};
      unit.threads_at_work.reset();
      unit.cpus.clear();
      unit.cpus_allowed.clear();
    }
  }
  if (sides.empty()) return;
  Finding finding;
  finding.id = "VRV-RUN-ELSEWHERE";
  finding.layer = Layer::os;
  finding.severity = Severity::warning;
  finding.mender = Mender::application;
  finding.evidence =
      fmt::format("{} hands the work of {} to a daemon: it runs in no child of Varve", program, join(sides, " and "));
  finding.consequence = fmt::format(
      "wall time and what the program itself writes are of the work; CPU time, memory and context switches are of {} "
      "alone, and which libraries and kernels ran is not known",
      program);
  finding.fix = fmt::format("run Varve inside: {} … varve run -- COMMAND", program);
  run.findings.push_back(std::move(finding));
}

}  // namespace varve
