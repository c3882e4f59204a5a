#pragma once
#include <string>
#include <vector>

#include "cmd/flags.h"

namespace varve {

// What stands behind `--` on the command line: the command to measure, and others behind a later
// `--against [NAME=VALUE…] --`. They are cut off before the options are read, so that the command's own options are
// never Varve's.
struct AgainstCommand {
  std::vector<std::string> settings, command;
};
// Stands before the words of each --against-env, so that several of them are several variants.
inline constexpr const char* kNextAgainst = ",";

struct MeasuredCommands {
  std::vector<std::string> first;
  std::vector<AgainstCommand> others;
};

// Each verb is a file of its name, with one function that says what the verb is called, takes and does. What the flags
// write to is owned by `act` of what it returns.
Command declare_overview();  // the program without a verb
Command declare_capture();
Command declare_check();
Command declare_explain();
Command declare_toolkit();
Command declare_run(const MeasuredCommands& commands);
Command declare_kernels();
Command declare_compare();
Command declare_report();
Command declare_completions();
Command declare_man();

// What varve check says of a text that describes machines: judged as each of them, with the errors that stand in it;
// `data` is the folder of --data, or empty. varve explain asks for it, of a whole text.
struct ReadText;
struct OutputOptions;
ExitStatus check_texts(std::vector<ReadText> texts, const std::string& data, const OutputOptions& output);

// All verbs, in the order in which help lists them, with the flags that every verb has.
std::vector<Command> all_verbs(const MeasuredCommands& commands = {});

}  // namespace varve
