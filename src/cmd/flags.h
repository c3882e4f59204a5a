#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/exit_status.h"
#include "base/result.h"

namespace varve {

struct ShowHelp {};     // prints what the command is and takes, and ends
struct ShowVersion {};  // prints the version of the program, and ends

// Where the value of a flag goes; a bool is a switch and takes none. Not owned: it outlives the reading.
using FlagTarget =
    std::variant<bool*, int*, double*, std::optional<int>*, std::optional<double>*, std::optional<std::uint64_t>*,
                 std::string*, std::optional<std::string>*, std::vector<std::string>*, ShowHelp, ShowVersion>;

// What a value must be, beside a number where the target is one. No value may be empty: that is most often a variable
// of the shell that was not set, and taken for "not given" it would change what is judged without a word.
struct ValueCheck {
  std::vector<std::string> words = {};                        // one of these: help and completions offer them
  std::function<std::string(const std::string&)> wrong = {};  // what is wrong with the value, or an empty text
};
ValueCheck one_of(std::vector<std::string> words);
ValueCheck between(double least, double most);  // both included

// How a flag takes values for a list: one each time it is given, or "a,b", or all words up to the next flag. A
// positional argument always takes all.
enum class ListValues { one_each, by_commas, all_words };

// One flag or positional argument of a command. Reading the command line, --help, the manual page and the completions
// are all made from rows of these.
struct Flag {
  std::string names;  // "-o,--output"; without hyphens it is a positional argument: "SUBJECT"
  std::string value;  // what help calls its value: "FILE"; empty for a switch and a positional argument
  FlagTarget target;  // a value that stands there already is the default, and shown as such
  std::string help;
  ValueCheck check = {};
  std::string group = {};  // of the flags of a group only one may be given
  bool required = false;
  ListValues list = ListValues::one_each;
  std::string heading = {};  // of the help, above its flags: "Protocol"; empty: "Options"
};

bool is_positional(const Flag& flag);
bool takes_value(const Flag& flag);                     // also of a positional argument
std::vector<std::string> long_names(const Flag& flag);  // "--output"; none for a positional argument
std::string shown_value(const Flag& flag);              // "FILE", "N=20", "html|text=html"; empty for a switch
std::string shown_help(std::span<const Flag> flags, const Flag& flag);  // its help, with what it cannot stand beside

// A verb of the program, or the program itself.
struct Command {
  std::string name;
  std::string summary;
  std::vector<Flag> flags;
  std::string footer = {};                    // of its help
  std::function<ExitStatus()> act = nullptr;  // called once the targets of the flags are set
};

// What the arguments ask for: one of the commands, or a text to print.
struct CommandLine {
  const Command* command = nullptr;  // of those given; the program itself where no verb was named
  std::string text = {};             // of --help or --version; not empty: print it and end
};

// Reads the arguments (without the name of the program) into the targets of the flags of the program and of the verb
// that they name. Error: a word that is not known, with the nearest that is; a value that is missing or wrong.
Result<CommandLine> read_command_line(const Command& program, std::span<const Command> verbs,
                                      std::vector<std::string> arguments);

// Rows that several verbs have.

std::vector<Flag> common_flags();  // of every verb and of the program

struct OutputOptions;
std::vector<Flag> output_flags(OutputOptions& options);  // --json, -o

struct SubjectOptions;
std::vector<Flag> subject_flags(SubjectOptions& options);  // --pid, --root, --image, --env: only one of them

Flag data_flag(std::string& folder);  // --data
Flag no_cache_flag(bool& no_cache);   // --no-cache

std::vector<Flag> under(const std::string& heading, std::vector<Flag> flags);

// The rows of a verb: its own and shared ones, in the order of the help.
std::vector<Flag> join_flags(std::vector<std::vector<Flag>> parts);

}  // namespace varve
