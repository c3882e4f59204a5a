#include "toolkit/shell_exports.h"

#include <algorithm>

#include "base/text.h"
#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_selection.h"

namespace varve {

namespace {
using Variables = std::map<std::string, std::string>;

std::optional<std::string> value_of(const Variables& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::nullopt : std::optional(found->second);
}

std::string without_last_slashes(std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  return std::string(folder);
}

// "/usr/local/cuda-11.8/lib64", "/opt/cuda/bin": the usual places, also where the toolkit itself is gone.
bool is_usual_place(std::string_view folder) {
  for (const std::string_view parent : {"/usr/local/", "/opt/"}) {
    if (!folder.starts_with(parent)) continue;
    const std::string_view below = folder.substr(parent.size());
    const std::string_view name = below.substr(0, below.find('/'));
    const bool versioned = name.starts_with("cuda-") && name.size() > 5 && name[5] >= '0' && name[5] <= '9';
    return name == "cuda" || versioned;
  }
  return false;
}

bool is_compat(std::string_view folder) { return folder.ends_with("/compat"); }

class Switch {
 public:
  Switch(const Files& files, const ToolkitSurvey& survey, const InstalledToolkit& chosen, const Variables& environment)
      : files_(files), survey_(survey), chosen_(chosen), environment_(environment) {}

  std::vector<VariableChange> run() {
    const std::string path = toolkit_home(chosen_);
    const ToolkitLayout& layout = chosen_.layout;
    set("CUDA_HOME", path);
    set("CUDA_PATH", path);
    for (const char* name : {"CUDA_ROOT", "CUDAToolkit_ROOT", "CUDA_TOOLKIT_ROOT_DIR"}) set_where_set(name, path);
    if (layout.has_nvcc) set_where_set("CUDACXX", layout.programs + "/nvcc");
    set_programs();
    set_list("LD_LIBRARY_PATH", layout.libraries);
    // The system's headers are found anyway, and named twice they are found in the wrong order.
    std::vector<std::string> headers = layout.headers;
    std::erase(headers, "/usr/include");
    for (const char* name : {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"}) replace_in_list(name, headers);
    replace_in_list("LIBRARY_PATH", layout.libraries);
    set_flags();
    return std::move(changes_);
  }

 private:
  void set(const std::string& name, std::optional<std::string> after) {
    std::optional<std::string> before = value_of(environment_, name);
    if (!before && !after) return;
    changes_.push_back({name, std::move(before), std::move(after)});
  }

  void set_where_set(const std::string& name, const std::string& after) {
    const std::optional<std::string> before = value_of(environment_, name);
    if (before && *before != after) set(name, after);
  }

  // Whether an entry of a list belongs to a toolkit other than the chosen one, or is one of the folders put in front.
  bool is_replaced(const std::string& entry, const std::vector<std::string>& folders) const {
    if (!entry.starts_with('/') || is_compat(entry)) return false;
    const std::string resolved = files_.resolve(entry).value.value_or(entry);
    const auto among = [&](const std::vector<std::string>& all) {
      return std::find(all.begin(), all.end(), resolved) != all.end();
    };
    if (among(folders) || resolved == kDebianCompilers) return true;
    if (is_compat(resolved) || is_inside(resolved, chosen_.toolkit.path)) return false;
    for (const InstalledToolkit& other : survey_.toolkits) {
      if (other.toolkit.path == chosen_.toolkit.path) continue;
      if (other.own_prefix && is_inside(resolved, other.toolkit.path)) return true;
      if (other.kind == ToolkitKind::conda && is_inside(resolved, other.toolkit.path + "/targets")) return true;
      if (among(other.layout.libraries)) return true;
      // A folder of headers may be the system's.
      if (other.kind == ToolkitKind::wheels && among(other.layout.headers)) return true;
    }
    return is_usual_place(entry);
  }

  // The entries that stay. An empty one is the working directory; a list that is empty as a whole has none.
  std::vector<std::string> kept(const std::string& name, const std::vector<std::string>& folders,
                                bool& replaced) const {
    std::vector<std::string> entries;
    std::vector<std::string> seen;
    const std::string value = value_of(environment_, name).value_or("");
    for (const std::string_view piece : split(value, ':')) {
      const std::string entry(piece);
      const std::string plain = without_last_slashes(entry);
      if (std::find(seen.begin(), seen.end(), plain) != seen.end()) continue;
      seen.push_back(plain);
      if (is_replaced(plain, folders)) {
        replaced = true;
      } else {
        entries.push_back(entry);
      }
    }
    return entries;
  }

  // The system's folder of programs stays where it is: what is before it on PATH is meant to be.
  void set_programs() {
    const std::string& programs = chosen_.layout.programs;
    if (!is_system_programs(programs)) {
      set_list("PATH", programs.empty() ? std::vector<std::string>{} : std::vector{programs});
      return;
    }
    bool replaced = false;
    std::vector<std::string> entries = kept("PATH", {}, replaced);
    const bool there = std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
      return entry.starts_with('/') && files_.resolve(entry).value.value_or(entry) == programs;
    });
    if (!there) entries.push_back(programs);
    set("PATH", join(entries, ":"));
  }

  void set_list(const std::string& name, const std::vector<std::string>& folders) {
    bool replaced = false;
    std::vector<std::string> entries = kept(name, folders, replaced);
    entries.insert(entries.begin(), folders.begin(), folders.end());
    set(name, entries.empty() ? std::nullopt : std::optional(join(entries, ":")));
  }

  void replace_in_list(const std::string& name, const std::vector<std::string>& folders) {
    bool replaced = false;
    std::vector<std::string> entries = kept(name, folders, replaced);
    if (!replaced) return;
    entries.insert(entries.begin(), folders.begin(), folders.end());
    const std::string after = join(entries, ":");
    if (after != value_of(environment_, name)) set(name, after.empty() ? std::nullopt : std::optional(after));
  }

  void set_flags() {
    const std::optional<std::string> before = value_of(environment_, "NVCC_PREPEND_FLAGS");
    std::vector<std::string> words = nvcc_flags(chosen_);
    const std::string value = before.value_or("");
    for (const std::string_view word : split_words(value)) {
      const bool folder = word.starts_with("-I/") || word.starts_with("-L/");
      const bool told = std::find(words.begin(), words.end(), word) != words.end();
      if (!told && !(folder && is_replaced(std::string(word.substr(2)), {}))) words.emplace_back(word);
    }
    const std::string after = join(words, " ");
    if (after != value) set("NVCC_PREPEND_FLAGS", after.empty() ? std::nullopt : std::optional(after));
  }

  const Files& files_;
  const ToolkitSurvey& survey_;
  const InstalledToolkit& chosen_;
  const Variables& environment_;
  std::vector<VariableChange> changes_;
};

// Between single quotes nothing is special but the quote itself; in fish the backslash too.
std::string quoted(std::string_view text, Shell shell) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += shell == Shell::fish ? "\\'" : "'\\''";
    } else if (c == '\\' && shell == Shell::fish) {
      out += "\\\\";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// fish keeps PATH as a list.
std::string quoted_list(std::string_view text, Shell shell) {
  std::vector<std::string> words;
  for (const std::string_view piece : split(text, ':')) words.push_back(quoted(piece, shell));
  return join(words, " ");
}
}  // namespace

std::optional<Shell> shell_from(std::string_view name) {
  if (name == "bash" || name == "sh") return Shell::bash;
  if (name == "zsh") return Shell::zsh;
  if (name == "fish") return Shell::fish;
  return std::nullopt;
}

std::vector<std::string> nvcc_flags(const InstalledToolkit& chosen) {
  const ToolkitLayout& layout = chosen.layout;
  if (!layout.has_nvcc || chosen.kind != ToolkitKind::wheels) return {};
  std::vector<std::string> flags;
  // In one folder nvcc finds the headers. Its libraries it does not: that of 13.0 looks in lib64 (nvcc.profile), and
  // the wheels have lib.
  if (layout.headers.size() > 1) {
    for (const std::string& folder : layout.headers) flags.push_back("-I" + folder);
  }
  for (const std::string& folder : layout.libraries) flags.push_back("-L" + folder);
  // nvcc divides the variable at blanks.
  const auto divided = [](const std::string& flag) { return flag.find_first_of(" \t\n\"'\\") != std::string::npos; };
  if (std::any_of(flags.begin(), flags.end(), divided)) return {};
  return flags;
}

Result<std::vector<VariableChange>> toolkit_variables(const Files& files, const ToolkitSurvey& survey,
                                                      const InstalledToolkit& chosen, const Variables& environment) {
  if (chosen.toolkit.path.find(':') != std::string::npos) {
    return Error{"setting variables for a toolkit", clean_utf8(chosen.toolkit.path),
                 "its path has a colon, which PATH cannot hold", "Lead a link without a colon to it and name that"};
  }
  return Switch(files, survey, chosen, environment).run();
}

std::string export_commands(const std::vector<VariableChange>& changes, Shell shell, bool undo) {
  std::string text;
  for (const VariableChange& change : changes) {
    const std::optional<std::string>& value = undo ? change.before : change.after;
    const bool fish = shell == Shell::fish;
    if (!value) {
      text += (fish ? "set -e " : "unset ") + change.name + ";\n";
    } else if (fish) {
      const bool list = change.name == "PATH";
      text += "set -gx " + change.name + " " + (list ? quoted_list(*value, shell) : quoted(*value, shell)) + ";\n";
    } else {
      text += "export " + change.name + "=" + quoted(*value, shell) + ";\n";
    }
  }
  return text;
}

}  // namespace varve
