// Completions and the manual page, both made from the rows of flags that the verbs declare.
#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "base/version.h"
#include "cmd/document_files.h"
#include "cmd/verb.h"

namespace varve {

namespace {
// Inside single quotes of a shell.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

// In a verb: all its flags, the words that its positional arguments may be, and a case for each flag whose value is one
// of a few words.
std::string bash_completions(const std::vector<Command>& verbs) {
  std::vector<std::string> verb_words;
  std::string words, values;
  for (const Command& verb : verbs) {
    verb_words.push_back(verb.name);
    std::vector<std::string> flags, places;
    for (const Flag& flag : verb.flags) {
      for (const std::string& name : long_names(flag)) {
        flags.push_back(name);
        if (!flag.check.words.empty()) {
          values += fmt::format("    \"{} {}\") words=\"{}\" ;;\n", verb.name, name, join(flag.check.words, " "));
        }
      }
      if (is_positional(flag)) places.insert(places.end(), flag.check.words.begin(), flag.check.words.end());
    }
    words += fmt::format("    {}) flags=\"{}\" places=\"{}\" ;;\n", verb.name, join(flags, " "), join(places, " "));
  }
  return fmt::format(
      "_varve() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} verb=${{COMP_WORDS[1]}}\n"
      "  local flags= places= words=\n"
      "  case $verb in\n{}  esac\n"
      "  case \"$verb $before\" in\n{}"
      "    *) case $word in -*) words=$flags ;; *) words=$places ;; esac ;;\n  esac\n"
      "  [ \"$COMP_CWORD\" -gt 1 ] || words=\"{}\"\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "}}\ncomplete -o default -F _varve varve\n",
      words, values, join(verb_words, " "));
}

// ":value:(html text)", ":value:_files"; empty for a switch.
std::string zsh_value(const Flag& flag) {
  if (!takes_value(flag)) return "";
  return flag.check.words.empty() ? ":value:_files" : ":value:(" + join(flag.check.words, " ") + ")";
}

std::string zsh_completions(const std::vector<Command>& verbs) {
  std::string names, cases;
  for (const Command& verb : verbs) {
    names += "    " + quoted(verb.name + ":" + verb.summary) + "\n";
    std::string specifications;
    for (const Flag& flag : verb.flags) {
      std::string text = shown_help(verb.flags, flag);
      std::erase_if(text, [](char c) { return c == '[' || c == ']' || c == ':'; });
      for (const std::string& name : long_names(flag)) {
        specifications += " " + quoted(name + "[" + text + "]" + zsh_value(flag));
      }
      if (is_positional(flag) && !flag.check.words.empty()) specifications += " " + quoted("1" + zsh_value(flag));
    }
    cases += fmt::format("    {}) _arguments{} '*:file:_files' ;;\n", verb.name, specifications);
  }
  return fmt::format(
      "#compdef varve\n_varve() {{\n  local -a verbs=(\n{}  )\n  if (( CURRENT == 2 )); then _describe verb verbs; "
      "return; fi\n"
      "  local verb=$words[2]; shift words; (( CURRENT-- ))\n  case $verb in\n{}  esac\n}}\n_varve \"$@\"\n",
      names, cases);
}

std::string fish_completions(const std::vector<Command>& verbs) {
  std::string text;
  for (const Command& verb : verbs) {
    text += fmt::format("complete -c varve -n __fish_use_subcommand -f -a {} -d {}\n", verb.name, quoted(verb.summary));
    const std::string line = fmt::format("complete -c varve -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const Flag& flag : verb.flags) {
      const std::string words = flag.check.words.empty() ? "" : " -f -a " + quoted(join(flag.check.words, " "));
      if (is_positional(flag) && !words.empty()) text += line + words + "\n";
      for (const std::string& name : long_names(flag)) {
        const std::string value = takes_value(flag) ? " -r" + words : "";
        text += line + " -l " + name.substr(2) + value + " -d " + quoted(shown_help(verb.flags, flag)) + "\n";
      }
    }
  }
  return text;
}

// Text for troff: backslashes and hyphens escaped, a leading dot or quote made harmless.
std::string troff(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string flag_entries(const std::vector<Flag>& flags) {
  std::string entries, heading;
  for (const Flag& flag : flags) {
    if (flag.heading != heading) {
      heading = flag.heading;
      entries += ".SS \"" + (heading.empty() ? "Options" : heading) + "\"\n";
    }
    const std::string value = is_positional(flag) ? "" : shown_value(flag);
    entries += ".TP\n.B " + troff(flag.names) + (value.empty() ? "" : " \\fI" + troff(value) + "\\fR") + "\n";
    entries += troff(shown_help(flags, flag)) + "\n";
  }
  return entries;
}

std::string manual_page(const Command& program, const std::vector<Command>& verbs) {
  std::string page =
      fmt::format(".TH VARVE 1 \"\" \"varve {}\"\n.SH NAME\nvarve \\- {}\n", tool_version(), troff(program.summary));
  page += ".SH SYNOPSIS\n.B varve\n.I VERB\n[\\fIOPTIONS\\fR]\n" + flag_entries(program.flags);
  for (const Command& verb : verbs) {
    page += ".SH \"varve " + verb.name + "\"\n" + troff(verb.summary) + ".\n" + flag_entries(verb.flags);
  }
  page +=
      ".SH EXIT STATUS\n.TP\n.B 0\nsound, same, faster; a document was written\n"
      ".TP\n.B 1\na rule of severity error failed, or a regression in a controlled comparison\n"
      ".TP\n.B 2\nthe command line was wrong\n.TP\n.B 3\nnot comparable, inconclusive, or cannot tell\n"
      ".TP\n.B 4\nVarve, its input or the measured command failed\n";
  return page;
}
}  // namespace

Command declare_completions() {
  auto shell = std::make_shared<std::string>();
  Command command{.name = "completions", .summary = "completions for bash, zsh or fish"};
  command.flags = {{.names = "SHELL",
                    .target = shell.get(),
                    .help = "the shell that will read them",
                    .check = one_of({"bash", "zsh", "fish"}),
                    .required = true}};
  command.act = [shell] {
    const std::vector<Command> verbs = all_verbs();
    if (*shell == "zsh") return print_answer(zsh_completions(verbs));
    return print_answer(*shell == "fish" ? fish_completions(verbs) : bash_completions(verbs));
  };
  return command;
}

Command declare_man() {
  return {.name = "man", .summary = "the manual page (troff)", .act = [] {
            return print_answer(manual_page(declare_overview(), all_verbs()));
          }};
}

}  // namespace varve
