// Completions and the manual page, both made from the options that the verbs declare.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "base/version.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

namespace varve {

namespace {
std::vector<const CLI::App*> verbs_of(const CLI::App& program) {
  std::vector<const CLI::App*> verbs;
  for (const CLI::App* verb : program.get_subcommands({})) verbs.push_back(verb);
  return verbs;
}

std::vector<std::string> long_names(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string verb_words(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs_of(program)) names.push_back(verb->get_name());
  return join(names, " ");
}

std::string bash_completions(const CLI::App& program) {
  std::string cases;
  for (const CLI::App* verb : verbs_of(program)) {
    cases += fmt::format("    {}) words=\"{}\" ;;\n", verb->get_name(), join(long_names(*verb), " "));
  }
  return fmt::format(
      "_varve() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} words=\"{}\"\n"
      "  if [ \"$COMP_CWORD\" -gt 1 ]; then case ${{COMP_WORDS[1]}} in\n{}    *) words= ;;\n  esac; fi\n"
      "  case $word in -*) ;; *) [ \"$COMP_CWORD\" -gt 1 ] && words= ;; esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "}}\ncomplete -o default -F _varve varve\n",
      verb_words(program), cases);
}

// Inside single quotes of a shell.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string zsh_completions(const CLI::App& program) {
  std::string verbs, cases;
  for (const CLI::App* verb : verbs_of(program)) {
    verbs += "    " + quoted(verb->get_name() + ":" + verb->get_description()) + "\n";
    std::string specifications;
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        std::string text = option->get_description();
        std::erase_if(text, [](char c) { return c == '[' || c == ']' || c == ':'; });
        const char* value = option->get_expected_max() > 0 ? ":value:_files" : "";
        specifications += " " + quoted("--" + name + "[" + text + "]" + value);
      }
    }
    cases += fmt::format("    {}) _arguments{} '*:file:_files' ;;\n", verb->get_name(), specifications);
  }
  return fmt::format(
      "#compdef varve\n_varve() {{\n  local -a verbs=(\n{}  )\n  if (( CURRENT == 2 )); then _describe verb verbs; "
      "return; fi\n"
      "  local verb=$words[2]; shift words; (( CURRENT-- ))\n  case $verb in\n{}  esac\n}}\n_varve \"$@\"\n",
      verbs, cases);
}

std::string fish_completions(const CLI::App& program) {
  std::string text;
  for (const CLI::App* verb : verbs_of(program)) {
    text += fmt::format("complete -c varve -n __fish_use_subcommand -f -a {} -d {}\n", verb->get_name(),
                        quoted(verb->get_description()));
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        text += fmt::format("complete -c varve -n '__fish_seen_subcommand_from {}' -l {}{} -d {}\n", verb->get_name(),
                            name, option->get_expected_max() > 0 ? " -r" : "", quoted(option->get_description()));
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

std::string option_entry(const CLI::Option& option) {
  std::string name = option.get_name(true, true);
  if (name.empty()) name = option.get_name();
  const std::string type = option.get_type_name();
  const bool has_value = option.get_expected_max() > 0 && !type.empty() && option.nonpositional();
  std::string entry = ".TP\n.B " + troff(name) + (has_value ? " \\fI" + troff(type) + "\\fR" : "") + "\n";
  return entry + troff(option.get_description()) + "\n";
}

std::string manual_page(const CLI::App& program) {
  std::string page = fmt::format(".TH VARVE 1 \"\" \"varve {}\"\n.SH NAME\nvarve \\- {}\n", tool_version(),
                                 troff(program.get_description()));
  page += ".SH SYNOPSIS\n.B varve\n.I VERB\n[\\fIOPTIONS\\fR]\n";
  for (const CLI::App* verb : verbs_of(program)) {
    page += ".SH \"varve " + verb->get_name() + "\"\n" + troff(verb->get_description()) + ".\n";
    for (const CLI::Option* option : verb->get_options()) page += option_entry(*option);
  }
  page +=
      ".SH EXIT STATUS\n.TP\n.B 0\nsound, same, faster; a document was written\n"
      ".TP\n.B 1\na rule of severity error failed, or a regression in a controlled comparison\n"
      ".TP\n.B 2\nthe command line was wrong\n.TP\n.B 3\nnot comparable, inconclusive, or cannot tell\n"
      ".TP\n.B 4\nVarve, its input or the measured command failed\n";
  return page;
}

ExitStatus print(const std::string& text) {
  const Status written = write_file("-", text);
  return written ? ExitStatus::ok : complain(written.error());
}
}  // namespace

Action declare_completions(CLI::App& command, const MeasuredCommands&) {
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell, program = command.get_parent()] {
    if (*shell == "zsh") return print(zsh_completions(*program));
    return print(*shell == "fish" ? fish_completions(*program) : bash_completions(*program));
  };
}

Action declare_man(CLI::App& command, const MeasuredCommands&) {
  return [program = command.get_parent()] { return print(manual_page(*program)); };
}

}  // namespace varve
