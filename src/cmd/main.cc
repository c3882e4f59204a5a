#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

namespace varve {

namespace {
using Words = std::vector<std::string>;

// The place of the `--` of an `--against [NAME=VALUE…] --`; the end where that is none.
Words::const_iterator end_of_against(Words::const_iterator word, Words::const_iterator end) {
  if (*word != "--against") return end;
  const auto dashes = std::find_if(word + 1, end, [](const std::string& each) {
    const std::size_t equals = each.find('=');
    return each == "--" || equals == std::string::npos || equals == 0;
  });
  return dashes != end && *dashes == "--" ? dashes : end;
}

MeasuredCommands divide_commands(const Words& behind) {
  MeasuredCommands commands;
  Words* command = &commands.first;
  for (auto word = behind.begin(); word != behind.end(); ++word) {
    const auto dashes = end_of_against(word, behind.end());
    if (dashes == behind.end()) {
      command->push_back(*word);
      continue;
    }
    commands.others.push_back({{word + 1, dashes}, {}});
    command = &commands.others.back().command;
    word = dashes;
  }
  return commands;
}

// "--against-env A=1 --against-env B=2" are two variants, "--against-env A=1 B=2" is one.
void mark_each_against(Words& arguments) {
  const std::string flag = "--against-env";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool joined = arguments[i].starts_with(flag + "=");
    if (arguments[i] != flag && !joined) continue;
    const auto behind = arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (joined) arguments.insert(behind, arguments[i].substr(flag.size() + 1));
    arguments[i] = flag;
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, kNextAgainst);
  }
}

bool is_run(const Words& arguments) {
  const std::vector<Command> verbs = all_verbs();
  const auto verb = std::find_if(arguments.begin(), arguments.end(), [&](const std::string& word) {
    return std::any_of(verbs.begin(), verbs.end(), [&](const Command& one) { return one.name == word; });
  });
  return verb != arguments.end() && *verb == "run";
}

// Cuts the measured commands off the arguments of `run`: everything behind the first `--`, divided at `--against … --`.
// For the other verbs `--` only ends the options.
MeasuredCommands cut_commands(Words& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (!is_run({arguments.begin(), dashes})) return {};
  const Words behind(dashes == arguments.end() ? dashes : dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  mark_each_against(arguments);
  return divide_commands(behind);
}

// `varve run sleep 1`: the command stands where the options do; `varve run --against -- B -- A`: so does the other one.
Error point_to_dashes(Error error, const Words& arguments) {
  if (error.found == "\"--against\" is not known" && is_run(arguments)) {
    error.found = "--against stands in front of the first command";
    error.hint = "It goes behind it: varve run -- COMMAND --against -- OTHER";
    return error;
  }
  const auto word = std::find_if(arguments.begin(), arguments.end(), [&](const std::string& each) {
    return !each.starts_with('-') && error.found == "\"" + each + "\" is not known";
  });
  if (word == arguments.end() || !is_run(arguments)) return error;
  if (std::find(arguments.begin(), arguments.end(), "--") != arguments.end()) return error;
  error.hint = "The command to measure goes behind --, as in varve run -- " + join({word, arguments.end()}, " ");
  return error;
}

ExitStatus dispatch(Words arguments) {
  const Words given = arguments;
  const MeasuredCommands commands = cut_commands(arguments);
  const std::vector<Command> verbs = all_verbs(commands);
  const Command program = declare_overview();
  const Result<CommandLine> line = read_command_line(program, verbs, std::move(arguments));
  if (!line) return complain(point_to_dashes(line.error(), given), ExitStatus::usage);
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
