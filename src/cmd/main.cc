#include <CLI/CLI.hpp>
#include <csignal>
#include <map>

#include "base/text.h"
#include "base/version.h"
#include "cmd/overview.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

namespace varve {

namespace {

// Cuts the measured commands off the arguments of `run`: everything behind the first `--`, divided at `--against --`.
// For the other verbs `--` only ends the options.
MeasuredCommands cut_commands(std::vector<std::string>& arguments) {
  MeasuredCommands commands;
  if (arguments.empty() || arguments.front() != "run") return commands;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if (dashes == arguments.end()) return commands;
  const std::vector<std::string> behind(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  const std::vector<std::string> divider{"--against", "--"};
  const auto second = std::search(behind.begin(), behind.end(), divider.begin(), divider.end());
  commands.first.assign(behind.begin(), second);
  if (second != behind.end()) commands.second.assign(second + 2, behind.end());
  return commands;
}

// "did you mean --units?" for the first argument that no option took.
std::string suggestion(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (!word.starts_with("-")) names.push_back(command->get_name());
    if (!command->parsed()) continue;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  const std::optional<std::string> near = nearest(word.substr(0, word.find('=')), names);
  return near ? "Did you mean " + *near + "?" : "See varve --help";
}

ExitStatus explain_usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return static_cast<ExitStatus>(app.exit(error));  // --help, --version
  const std::vector<std::string> left = app.remaining(true);
  if (!left.empty()) {
    return complain(
        {"reading the command line", "", "\"" + left.front() + "\" is not known", suggestion(app, left.front())},
        ExitStatus::usage);
  }
  return complain({"reading the command line", "", error.what(), "See varve --help"}, ExitStatus::usage);
}

ExitStatus dispatch(std::vector<std::string> arguments) {
  CLI::App app("Records the software under an AI benchmark number, and tells whether two numbers may be compared.",
               "varve");
  app.set_version_flag("--version", "varve " + std::string(tool_version()));
  app.require_subcommand(0, 1);
  const MeasuredCommands commands = cut_commands(arguments);
  std::map<const CLI::App*, Action> actions;
  for (const Verb& verb : all_verbs()) {
    CLI::App* command = app.add_subcommand(verb.name, verb.summary);
    actions[command] = verb.declare(*command, commands);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return explain_usage(app, error);
  }
  const std::vector<CLI::App*> given = app.get_subcommands();
  return given.empty() ? overview() : actions.at(given.front())();
}

}  // namespace

const std::vector<Verb>& all_verbs() {
  static const std::vector<Verb> verbs = {
      {"capture", "pin a stack: this machine, a process, a root, an image, an environment", declare_capture},
      {"check", "do driver, toolkit, runtime, libraries and GPU fit?", declare_check},
      {"explain", "a rule, an error or a kernel in words: layer, cause, fix", declare_explain},
      {"toolkit", "several CUDA toolkits: which there are, which is taken, make another hold", declare_toolkit},
      {"run", "benchmark a command: units, metrics, kernels, one document", declare_run},
      {"compare", "what differs, is it controlled, which kernels changed, how much each explains", declare_compare},
      {"report", "a document as a page", declare_report},
      {"completions", "completions for bash, zsh or fish", declare_completions},
      {"man", "the manual page (troff)", declare_man},
  };
  return verbs;
}

}  // namespace varve

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of write(), reported like any other
  return static_cast<int>(varve::dispatch({argv + 1, argv + argc}));
}
