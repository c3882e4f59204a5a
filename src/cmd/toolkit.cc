#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "model/json/toolkit_json.h"
#include "report/text/text_toolkits.h"
#include "toolkit/module_file.h"
#include "toolkit/shell_exports.h"
#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_link.h"
#include "toolkit/toolkit_selection.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr const char* kLink = "/usr/local/cuda";

struct ToolkitFlags {
  std::string action = "list", wanted, root, shell, link, module;
  bool undo = false, dry_run = false, force = false, lua = false;
  OutputOptions output;
};

// An option that would change nothing was meant to do something.
Status check_options(const ToolkitFlags& options) {
  const bool looks = options.action == "list" || options.action == "which";
  const bool env = options.action == "env", use = options.action == "use";
  const struct {
    bool given, fits;
    const char* name;
    const char* belongs;
  } rows[] = {
      {!options.root.empty(), looks, "--root", "list and which: another root is only looked at"},
      {!options.shell.empty(), env && options.module.empty(), "--shell", "env, without --module"},
      {options.undo, env && options.module.empty(), "--undo", "env, without --module"},
      {!options.module.empty(), env, "--module", "env"},
      {options.lua, !options.module.empty(), "--lua", "--module"},
      {!options.link.empty(), use, "--link", "use"},
      {options.dry_run, use, "--dry-run", "use"},
      {options.force, use || !options.module.empty(), "--force", "use, and to env with --module"},
  };
  for (const auto& row : rows) {
    if (row.given && !row.fits) {
      return Error{"reading the command line", row.name, std::string("it belongs to ") + row.belongs, "Leave it out"};
    }
  }
  if (looks && !options.wanted.empty()) {
    return Error{"reading the command line", options.wanted, options.action + " takes no version", "Leave it out"};
  }
  if (!looks && options.wanted.empty()) {
    return Error{"reading the command line", options.action, "it needs a version or the path of a toolkit",
                 "See them with varve toolkit list"};
  }
  return Done{};
}

std::string absolute(const std::string& name) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(name, error);
  if (error) return name;
  path = path.lexically_normal();
  std::string text = path.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

EnvironmentHints hints_here(const World& world) {
  EnvironmentHints hints{.environment = world.environment, .homes = {}, .working_directory = {}, .folders = {}};
  const std::string home = environment_value(world.environment, "HOME");
  if (!home.empty()) hints.homes.push_back(home);
  hints.working_directory = world.files.read_link("/proc/self/cwd").value.value_or("");
  return hints;
}

// A root of another machine: its home directories, none of our variables.
EnvironmentHints hints_of_root(const Files& files) {
  EnvironmentHints hints;
  hints.variables_known = false;
  hints.homes = {"/root"};
  for (const std::string& user : files.list("/home").value.value_or(std::vector<std::string>{})) {
    hints.homes.push_back("/home/" + user);
  }
  return hints;
}

ExitStatus look(const ToolkitFlags& options, const World& world) {
  std::unique_ptr<Files> other;
  if (!options.root.empty()) {
    Looked<std::unique_ptr<Files>> root = open_root(options.root);
    if (!root) {
      return complain({"looking for CUDA toolkits", options.root, root.detail,
                       "Give the directory that holds its etc, lib and usr"});
    }
    other = std::move(*root);
  }
  const Files& files = other ? *other : world.files;
  const ToolkitSurvey survey = survey_toolkits(files, other ? hints_of_root(files) : hints_here(world));
  return write_answer(
      options.output, [&] { return pretty_json(to_json(survey)); },
      [&] {
        return options.action == "list" ? text_toolkit_list(survey, output_style())
                                        : text_toolkit_which(survey, output_style());
      });
}

// What to say where the word does not mean exactly one toolkit.
ExitStatus complain_about(const ToolkitFlags& options, const ToolkitSurvey& survey,
                          const std::vector<std::size_t>& matches) {
  const std::string doing = "choosing a CUDA toolkit";
  if (matches.size() > 1) {
    std::vector<std::string> titles;
    for (const std::size_t match : matches) titles.push_back(toolkit_title(survey.toolkits[match]));
    std::set<std::string> versions;
    for (const std::size_t match : matches) versions.insert(toolkit_version_text(survey.toolkits[match].toolkit));
    const char* hint = versions.size() == matches.size() ? "Give the whole version, or the path" : "Give the path";
    return complain({doing, options.wanted, "it may mean " + join(titles, ", "), hint}, ExitStatus::inconclusive);
  }
  const std::vector<std::string> near = nearest_versions(survey, options.wanted);
  const std::string hint = near.empty() ? "No CUDA toolkit was found here; give the path of one"
                                        : "There are " + join(near, ", ") + ": see varve toolkit list";
  return complain({doing, options.wanted, "no toolkit of this version or path", hint});
}

ExitStatus write_module(const ToolkitFlags& options, const InstalledToolkit& chosen) {
  const ModuleLanguage language = options.lua ? ModuleLanguage::lua : ModuleLanguage::tcl;
  const Result<std::string> text = module_text(chosen, language);
  if (!text) return complain(text.error());
  const World world = host_world();
  const std::string file = module_file_for(world.files, absolute(options.module), chosen, language);
  const Looked<std::string> there = world.files.read(file);
  if ((there ? !is_own_module(*there) : there.failure != LookFailure::absent) && !options.force) {
    return complain({"writing a module file", file, "another file stands there", "--force replaces it"});
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
  if (const Status written = write_file(file, *text); !written) return complain(written.error());
  return write_answer(
      options.output,
      [&] {
        return pretty_json(to_json(ToolkitModule{chosen, file}));
      },
      [&] {
        const std::string name = file.substr(file.rfind("/cuda/") + 1);
        return file + "\nUse it: module use " + absolute(options.module) + "; module load " +
               (options.lua ? name.substr(0, name.size() - 4) : name) + "\n";
      });
}

// On stderr, so that the commands alone stand on stdout.
void tell_about(const InstalledToolkit& chosen, bool has_flags) {
  const std::string title = "varve: " + toolkit_title(chosen);
  if (!chosen.layout.is_complete()) tell(title + " lacks " + join(chosen.layout.missing, ", "));
  if (chosen.kind == ToolkitKind::conda) tell(title + ": PATH leads to everything of this conda environment");
  if (chosen.kind == ToolkitKind::host && !is_system_programs(chosen.layout.programs) &&
      host_world().files.exists(chosen.layout.programs + "/gcc")) {
    tell(title + ": PATH finds the gcc in its folder of programs before the others");
  }
  const bool scattered = chosen.kind == ToolkitKind::wheels && chosen.layout.headers.size() > 1;
  if (scattered && chosen.layout.has_nvcc && !has_flags) {
    tell(title + ": nvcc has to be told its headers, but NVCC_PREPEND_FLAGS cannot hold a path with blanks");
  }
}

ExitStatus print_variables(const ToolkitFlags& options, const World& world, const ToolkitSurvey& survey,
                           const InstalledToolkit& chosen) {
  const auto changes = toolkit_variables(world.files, survey, chosen, world.environment);
  if (!changes) return complain(changes.error());
  tell_about(chosen, !nvcc_flags(chosen).empty());
  const Shell shell = shell_from(options.shell).value_or(Shell::bash);
  return write_answer(
      options.output,
      [&] {
        return pretty_json(to_json(ToolkitVariables{chosen, *changes}));
      },
      [&] { return export_commands(*changes, shell, options.undo); });
}

// What stands where the link was to be, in words, when it was replaced.
std::string replaced_text(LinkPlace place, const ToolkitLink& done) {
  if (place == LinkPlace::directory) {
    return done.dry_run ? "The directory there would be kept under another name.\n"
                        : "The directory that stood there is now " + done.kept + "\n";
  }
  return place == LinkPlace::alternatives_link
             ? "update-alternatives no longer decides; update-alternatives --auto brings its link back.\n"
             : "";
}

std::string link_text(const LinkPlan& plan, const ToolkitLink& done, const ToolkitSurvey& after) {
  const InstalledToolkit& chosen = done.toolkit;
  std::string text = done.link;
  if (plan.already) {
    text += " leads to " + toolkit_title(chosen) + " already.\n";
  } else {
    text += (done.dry_run ? " would lead to " : " leads now to ") + toolkit_title(chosen);
    if (!done.before.empty()) text += "; before: " + done.before;
    text += ".\n" + replaced_text(plan.place, done);
  }
  if (!chosen.layout.is_complete()) text += "The toolkit lacks " + join(chosen.layout.missing, ", ") + ".\n";
  const std::string others = text_other_claims(after, done.target, output_style());
  if (!others.empty() && !done.dry_run) {
    text += "Still naming another:\n" + others;
    text += "For this shell: eval \"$(varve toolkit env " + chosen.toolkit.path + ")\"\n";
  }
  return text;
}

ExitStatus move_link(const ToolkitFlags& options, const World& world, const InstalledToolkit& chosen) {
  if (!chosen.layout.has_nvcc && !options.force) {
    return complain({"moving the link to a toolkit", chosen.toolkit.path,
                     "it lacks " + join(chosen.layout.missing, ", "), "--force leads the link there all the same"});
  }
  const std::string link = absolute(options.link.empty() ? kLink : options.link);
  const Result<LinkPlan> plan = plan_toolkit_link(world.files, link, chosen.toolkit.path, options.force);
  if (!plan) return complain(plan.error());
  ToolkitLink done{.toolkit = chosen,
                   .link = plan->link,
                   .target = plan->target,
                   .before = plan->before,
                   .kept = {},
                   .changed = !plan->already && !options.dry_run,
                   .dry_run = options.dry_run,
                   .others = {}};
  if (!options.dry_run) {
    const Result<LinkMove> moved = move_toolkit_link(*plan);
    if (!moved) return complain(moved.error());
    done.kept = moved->kept;
  }
  const ToolkitSurvey after = survey_toolkits(world.files, hints_here(world));
  for (const ToolkitClaim& claim : after.claims) {
    if (claim.toolkit != done.target) done.others.push_back(claim);
  }
  return write_answer(
      options.output, [&] { return pretty_json(to_json(done)); }, [&] { return link_text(*plan, done, after); });
}

ExitStatus toolkit(const ToolkitFlags& options) {
  if (const Status checked = check_options(options); !checked) return complain(checked.error(), ExitStatus::usage);
  const World world = host_world();
  if (options.action == "list" || options.action == "which") return look(options, world);
  ToolkitSurvey survey = survey_toolkits(world.files, hints_here(world));
  const bool is_path = options.wanted.find('/') != std::string::npos;
  const std::string wanted = is_path ? absolute(options.wanted) : options.wanted;
  const std::vector<std::size_t> matches = matching_toolkits(world.files, survey, wanted);
  if (matches.size() != 1) return complain_about(options, survey, matches);
  const InstalledToolkit chosen = survey.toolkits[matches.front()];
  if (options.action == "use") return move_link(options, world, chosen);
  if (!options.module.empty()) return write_module(options, chosen);
  return print_variables(options, world, survey, chosen);
}

std::vector<Flag> flags_of(ToolkitFlags& options) {
  const std::vector<Flag> own = {
      {.names = "ACTION",
       .target = &options.action,
       .help = "list: all toolkits; which: the active one and why; env: commands that make a shell use one; use: move "
               "the link /usr/local/cuda",
       .check = one_of({"list", "which", "env", "use"})},
      {.names = "VERSION",
       .target = &options.wanted,
       .help = "for env and use: 12, 12.4, 12.4.131, or the path of a toolkit or of an environment with one"},
      {"--shell", "SHELL", &options.shell, "env: the shell to print for, instead of bash",
       one_of({"bash", "sh", "zsh", "fish"})},
      {"--undo", "", &options.undo, "env: print what would bring the variables back as they are now"},
      {"--module", "DIR", &options.module,
       "env: write a module file (Environment Modules, Lmod) cuda/VERSION into this folder instead"},
      {"--lua", "", &options.lua, "with --module: a file in Lua, for Lmod alone"},
      {"--link", "PATH", &options.link, "use: the link to move, instead of /usr/local/cuda"},
      {"--dry-run", "", &options.dry_run, "use: say what would be done and do nothing"},
      {"--force", "", &options.force, "use, --module: also replace what was not made by it"},
      {"--root", "DIR", &options.root, "list, which: look into a directory that holds a whole file system"},
  };
  return join_flags({own, output_flags(options.output)});
}
}  // namespace

Command declare_toolkit() {
  auto options = std::make_shared<ToolkitFlags>();
  return {.name = "toolkit",
          .summary = "several CUDA toolkits: which there are, which is taken, make another hold",
          .flags = flags_of(*options),
          .act = [options] { return toolkit(*options); }};
}

}  // namespace varve
