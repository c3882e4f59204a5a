#include "cmd/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "cmd/document_files.h"
#include "cmd/subjects.h"
#include "cmd/terminal.h"
#include "report/text_table.h"

namespace varve {

namespace {
template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

template <class Number>
std::optional<Number> number_from(const std::string& text) {
  if constexpr (std::is_floating_point_v<Number>) {
    return parse_number(text);
  } else {
    const std::optional<std::int64_t> number = parse_integer(text);
    return number && std::in_range<Number>(*number) ? std::optional(static_cast<Number>(*number)) : std::nullopt;
  }
}

template <class Number>
std::string wrong_number(const std::string& text) {
  if (number_from<Number>(text)) return "";
  return text + (std::is_floating_point_v<Number> ? " is no number" : " is no whole number that can stand here");
}

// What is wrong with a value for this flag, or an empty text.
std::string wrong_value(const Flag& flag, const std::string& text) {
  if (text.empty()) return "the value is empty";
  const std::vector<std::string>& words = flag.check.words;
  if (!words.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
    return text + " is none of " + join(words, ", ");
  }
  if (flag.check.wrong) {
    if (std::string wrong = flag.check.wrong(text); !wrong.empty()) return wrong;
  }
  return std::visit(
      Overloaded{[&](int*) { return wrong_number<int>(text); }, [&](double*) { return wrong_number<double>(text); },
                 [&]<class Number>(std::optional<Number>*) { return wrong_number<Number>(text); },
                 [](std::optional<std::string>*) { return std::string(); }, [](const auto&) { return std::string(); }},
      flag.target);
}

// Sets the target. Every value has been found sound.
void take_values(const FlagTarget& target, const std::vector<std::string>& values) {
  const std::string& last = values.back();
  std::visit(
      Overloaded{[](bool* given) { *given = true; }, [&](int* number) { *number = number_from<int>(last).value_or(0); },
                 [&](double* number) { *number = number_from<double>(last).value_or(0); },
                 [&]<class Number>(std::optional<Number>* number) { *number = number_from<Number>(last); },
                 [&](std::string* text) { *text = last; }, [&](std::optional<std::string>* text) { *text = last; },
                 [&](std::vector<std::string>* list) { *list = values; }, [](const auto&) {}},
      target);
}

// What stands in a target before the reading, where that is a value.
std::string default_value(const FlagTarget& target) {
  return std::visit(Overloaded{[](int* number) { return std::to_string(*number); },
                               [](double* number) { return *number == 0 ? "" : fmt::format("{}", *number); },
                               [](std::string* text) { return *text; }, [](const auto&) { return std::string(); }},
                    target);
}

bool is_list(const Flag& flag) { return std::holds_alternative<std::vector<std::string>*>(flag.target); }

// The library's own, but for what stands behind a name, which is the table's to say, and for its long lines.
class HelpFormatter : public CLI::Formatter {
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string& text = option->get_option_text();
    return text.empty() ? "" : " " + text;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const int left = output_style().width - static_cast<int>(get_column_width());
    return join(wrap_text(option->get_description(), static_cast<std::size_t>(std::max(left, 30))), "\n");
  }
  // The library puts an empty line before each group and one between two: here only one stands between any two parts.
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return CLI::Formatter::make_usage(app, name) + "\n";
  }
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    const std::string text = CLI::Formatter::make_group(group, is_positional, options);
    return text.substr(std::min(text.size(), text.find_first_not_of('\n'))) + (is_positional ? "\n" : "");
  }
};

using Groups = std::map<std::string, std::vector<CLI::Option*>>;

CLI::Option* add_value(CLI::App& app, const Command& command, const Flag& flag) {
  const auto take = [&flag](const std::vector<std::string>& values) {
    take_values(flag.target, values);
    return true;
  };
  CLI::Option* option = app.add_option(flag.names, take, shown_help(command.flags, flag));
  option->check([&flag](const std::string& text) { return wrong_value(flag, text); });
  option->required(flag.required)->option_text(shown_value(flag))->type_name(flag.value);
  if (is_list(flag)) {
    option->expected(1, CLI::detail::expected_max_vector_size);
    option->allow_extra_args(is_positional(flag) || flag.list == ListValues::all_words);
    if (flag.list == ListValues::by_commas) option->delimiter(',');
  }
  return option;
}

void add_flag(CLI::App& app, const Command& command, const Flag& flag, Groups& groups) {
  CLI::Option* option = nullptr;
  if (std::holds_alternative<ShowHelp>(flag.target)) {
    option = app.set_help_flag(flag.names, flag.help);
  } else if (std::holds_alternative<ShowVersion>(flag.target)) {
    option = app.set_version_flag(flag.names, command.name + " " + std::string(tool_version()), flag.help);
  } else if (!takes_value(flag)) {
    const std::string help = shown_help(command.flags, flag);
    option = app.add_flag_callback(
        flag.names, [&flag] { take_values(flag.target, {"true"}); }, help);
  } else {
    option = add_value(app, command, flag);
  }
  if (!flag.heading.empty()) option->group(flag.heading);
  if (flag.group.empty()) return;
  for (CLI::Option* other : groups[flag.group]) option->excludes(other);
  groups[flag.group].push_back(option);
}

void add_flags(CLI::App& app, const Command& command) {
  Groups groups;
  for (const Flag& flag : command.flags) add_flag(app, command, flag, groups);
  if (!command.footer.empty()) app.footer(command.footer);
}

// "Did you mean --units?" for a word that is no verb, or no flag of the command.
std::string suggestion(const Command& command, std::span<const Command> verbs, const std::string& word,
                       const std::string& help) {
  std::vector<std::string> names;
  if (word.starts_with("-")) {
    for (const Flag& flag : command.flags) {
      for (std::string& name : long_names(flag)) names.push_back(std::move(name));
    }
  } else {
    for (const Command& verb : verbs) names.push_back(verb.name);
  }
  const std::optional<std::string> near = nearest(word.substr(0, word.find('=')), names);
  return near ? "Did you mean " + *near + "?" : help;
}

// --help and --version are "errors" to the library; then the text.
Result<CommandLine> answer_to(const CLI::ParseError& error, const CLI::App& app, const Command& named,
                              std::span<const Command> verbs) {
  if (error.get_exit_code() == 0) {
    std::ostringstream text, unused;
    app.exit(error, text, unused);
    return CommandLine{.command = &named, .text = text.str()};
  }
  const std::string help =
      "See " + app.get_name() + " " + (named.name == app.get_name() ? "" : named.name + " ") + "--help";
  const std::vector<std::string> left = app.remaining(true);
  if (left.empty()) return Error{"reading the command line", "", error.what(), help};
  return Error{"reading the command line", "", "\"" + left.front() + "\" is not known",
               suggestion(named, verbs, left.front(), help)};
}
}  // namespace

ValueCheck one_of(std::vector<std::string> words) { return {.words = std::move(words)}; }

ValueCheck between(double least, double most) {
  return {.wrong = [least, most](const std::string& text) {
    const std::optional<double> number = parse_number(text);
    const bool within = number && *number >= least && *number <= most;
    return within ? "" : fmt::format("{} is no number from {} to {}", text, least, most);
  }};
}

bool is_positional(const Flag& flag) { return !flag.names.starts_with('-'); }

bool takes_value(const Flag& flag) {
  return !std::holds_alternative<bool*>(flag.target) && !std::holds_alternative<ShowHelp>(flag.target) &&
         !std::holds_alternative<ShowVersion>(flag.target);
}

std::vector<std::string> long_names(const Flag& flag) {
  std::vector<std::string> names;
  for (const std::string_view name : split(flag.names, ',')) {
    if (name.starts_with("--")) names.emplace_back(name);
  }
  return names;
}

std::string shown_value(const Flag& flag) {
  std::string text = flag.check.words.empty() ? flag.value : join(flag.check.words, "|");
  if (const std::string value = default_value(flag.target); !value.empty()) text += "=" + value;
  return is_list(flag) ? text + (text.empty() ? "..." : " ...") : text;
}

std::string shown_help(std::span<const Flag> flags, const Flag& flag) {
  std::vector<std::string> others;
  for (const Flag& other : flags) {
    if (flag.group.empty() || other.group != flag.group || other.names == flag.names) continue;
    for (std::string& name : long_names(other)) others.push_back(std::move(name));
  }
  return others.empty() ? flag.help : flag.help + "; not with " + join(others, ", ");
}

Result<CommandLine> read_command_line(const Command& program, std::span<const Command> verbs,
                                      std::vector<std::string> arguments) {
  CLI::App app(program.summary, program.name);
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(0, 1);
  add_flags(app, program);
  for (const Command& verb : verbs) add_flags(*app.add_subcommand(verb.name, verb.summary), verb);
  const auto named = [&]() -> const Command& {
    const auto is_named = [&](const Command& verb) { return app.got_subcommand(verb.name); };
    const auto verb = std::find_if(verbs.begin(), verbs.end(), is_named);
    return verb == verbs.end() ? program : *verb;
  };
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return answer_to(error, app, named(), verbs);
  }
  return CommandLine{.command = &named()};
}

std::vector<Flag> common_flags() {
  return {
      {"--color", "WHEN", &colour_choice(), "colour of the answer", one_of({"auto", "always", "never"})},
      {"-h,--help", "", ShowHelp{}, "say what it does and takes, and end"},
  };
}

std::vector<Flag> output_flags(OutputOptions& options) {
  return {{"--json", "", &options.json, "print the document as JSON instead of text"},
          {"-o,--output", "FILE", &options.file, "write the document (JSON) to this file; - is stdout"}};
}

std::vector<Flag> subject_flags(SubjectOptions& options) {
  const auto process_number = [](const std::string& text) {
    const std::optional<std::int64_t> number = parse_integer(text);
    const bool fits = number && *number > 0 && *number <= std::numeric_limits<int>::max();
    return fits ? "" : text + " is not the number of a process";
  };
  constexpr const char* kGroup = "subject";
  return {
      {"--pid", "N", &options.process, "a running process: what it has loaded, its limits and settings",
       ValueCheck{.wrong = process_number}, kGroup},
      {"--root", "DIR", &options.root, "a directory that holds a whole file system", {}, kGroup},
      {"--image",
       "PATH",
       &options.image,
       "a container image: OCI layout directory or archive, docker-save archive; PATH:NAME where it holds several",
       {},
       kGroup},
      {"--env", "DIR", &options.environment, "a venv, conda prefix or folder of packages", {}, kGroup},
  };
}

Flag data_flag(std::string& folder) {
  return {"--data", "DIR", &folder, "compatibility tables that replace those built in"};
}

Flag no_cache_flag(bool& no_cache) {
  return {"--no-cache", "", &no_cache, "neither read nor write the cache of exact passes"};
}

std::vector<Flag> under(const std::string& heading, std::vector<Flag> flags) {
  for (Flag& flag : flags) flag.heading = heading;
  return flags;
}

std::vector<Flag> join_flags(std::vector<std::vector<Flag>> parts) {
  std::vector<Flag> all;
  for (std::vector<Flag>& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
  return all;
}

}  // namespace varve
