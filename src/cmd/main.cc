#include <algorithm>
#include <csignal>

#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

namespace varve {

namespace {
// Cuts the measured commands off the arguments of `run`: everything behind the first `--`, divided at `--against --`.
// For the other verbs `--` only ends the options.
MeasuredCommands cut_commands(std::vector<std::string>& arguments) {
  MeasuredCommands commands;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<Command> verbs = all_verbs();
  const auto is_verb = [&](const std::string& word) {
    return std::any_of(verbs.begin(), verbs.end(), [&](const Command& verb) { return verb.name == word; });
  };
  const auto verb = std::find_if(arguments.begin(), dashes, is_verb);
  if (verb == dashes || *verb != "run" || dashes == arguments.end()) return commands;
  const std::vector<std::string> behind(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  const std::vector<std::string> divider{"--against", "--"};
  const auto second = std::search(behind.begin(), behind.end(), divider.begin(), divider.end());
  commands.first.assign(behind.begin(), second);
  if (second != behind.end()) commands.second.assign(second + 2, behind.end());
  return commands;
}

ExitStatus dispatch(std::vector<std::string> arguments) {
  const MeasuredCommands commands = cut_commands(arguments);
  const std::vector<Command> verbs = all_verbs(commands);
  const Command program = declare_overview();
  const Result<CommandLine> line = read_command_line(program, verbs, std::move(arguments));
  if (!line) return complain(line.error(), ExitStatus::usage);
  return line->text.empty() ? line->command->act() : print_answer(line->text);
}
}  // namespace

std::vector<Command> all_verbs(const MeasuredCommands& commands) {
  std::vector<Command> verbs = {
      declare_capture(), declare_check(),   declare_explain(), declare_toolkit(),     declare_run(commands),
      declare_kernels(), declare_compare(), declare_report(),  declare_completions(), declare_man(),
  };
  for (Command& verb : verbs) verb.flags = join_flags({std::move(verb.flags), common_flags()});
  return verbs;
}

}  // namespace varve

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of write(), reported like any other
  return static_cast<int>(varve::dispatch({argv + 1, argv + argc}));
}
