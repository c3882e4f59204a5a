// Container engines whose configuration is TOML: containerd, CRI-O, Podman.
#include <fmt/format.h>

// A file that is no TOML is an error to be told, in debug builds too.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "capture/system/container_engines.h"
#include "tables/package_table.h"
#include "world/reading.h"

namespace varve {

namespace {
// Where services find programs that are named without a folder.
constexpr const char* kProgramFolders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                           "/usr/bin",        "/sbin",          "/bin"};
constexpr std::size_t kMostEngineFiles = 64;

// Kubernetes distributions that write their own (docs.k3s.io and docs.rke2.io, NVIDIA container runtime).
constexpr struct {
  const char *engine, *path;
} kContainerds[] = {{"containerd", kContainerdFile},
                    {"containerd of k3s", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"},
                    {"containerd of RKE2", "/var/lib/rancher/rke2/agent/etc/containerd/config.toml"}};

// Nothing where there is no such file. One that is no TOML is a fault: the engine does not start.
std::optional<toml::table> read_table(const Files& files, const std::string& engine, const std::string& path,
                                      Engines& engines) {
  const Looked<std::string> text = files.read(path);
  if (!text) return std::nullopt;
  try {
    return toml::parse(std::string_view(*text));
  } catch (const toml::parse_error& error) {
    engines.faults.push_back(fmt::format("{}: {} cannot be read: line {}: {}; it does not start", engine,
                                         clean_utf8(path, 256), error.source().begin.line,
                                         clean_utf8(error.description(), 200)));
    return std::nullopt;
  }
}

std::vector<std::string> sorted_names(const Files& files, const std::string& folder) {
  std::vector<std::string> names = files.list(folder).value.value_or(std::vector<std::string>{});
  std::sort(names.begin(), names.end());
  if (names.size() > kMostEngineFiles) names.resize(kMostEngineFiles);
  return names;
}

// Files that a configuration imports: paths and patterns, beside it where they are relative.
std::vector<std::string> imported_files(const Files& files, const toml::table& table, const std::string& path) {
  std::vector<std::string> imported;
  const toml::array* imports = table["imports"].as_array();
  for (std::size_t i = 0; imports != nullptr && i < imports->size(); ++i) {
    std::string pattern = (*imports)[i].value_or(std::string());
    if (pattern.empty()) continue;
    if (!pattern.starts_with('/')) pattern = path.substr(0, path.rfind('/') + 1) + pattern;
    const std::string folder = pattern.substr(0, pattern.rfind('/'));
    for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
      if (matches_pattern(name, pattern.substr(folder.size() + 1))) imported.push_back(folder + "/" + name);
    }
  }
  return imported;
}

// What all files of one containerd say together.
struct Runtimes {
  std::set<std::string> programs;  // "BinaryName" of [plugins.….containerd.runtimes.NAME.options]
  std::set<std::string> names, defaults;
};

void find_runtimes(const toml::table& table, Runtimes& found) {
  for (const auto& [key, node] : table) {
    if (const toml::table* below = node.as_table()) {
      if (key == "runtimes") {
        for (const auto& [name, runtime] : *below) found.names.insert(std::string(name.str()));
      }
      find_runtimes(*below, found);
    }
    const auto text = node.value<std::string>();
    if (!text) continue;
    if ((key == "BinaryName" || key == "Runtime") && is_nvidia_runtime(*text)) found.programs.insert(*text);
    if (key == "default_runtime_name") found.defaults.insert(*text);
  }
}

// "no corresponding runtime configured in containerd.runtimes for default_runtime_name" (containerd,
// internal/cri/config). Of NVIDIA's alone: another one may come from where nobody looked.
void check_default(const std::string& engine, const std::string& key, const std::set<std::string>& names,
                   const std::string& chosen, Engines& engines) {
  if (!chosen.starts_with("nvidia") || names.contains(chosen)) return;
  engines.faults.push_back(
      fmt::format("{}: its {} is \"{}\", and no runtime of that name is configured; it starts no "
                  "container",
                  engine, key, clean_utf8(chosen, 64)));
}

// containerd-config.toml(5).
void look_at_one(const Files& files, const std::string& engine, const std::string& configuration, Engines& engines) {
  std::vector<std::string> open = {configuration};
  std::set<std::string> seen;
  Runtimes found;
  const std::size_t faults = engines.faults.size();
  for (std::size_t i = 0; i < open.size() && seen.size() < kMostEngineFiles; ++i) {
    const std::string path = open[i];
    if (!seen.insert(path).second) continue;
    const std::optional<toml::table> table = read_table(files, engine, path, engines);
    if (!table) continue;
    find_runtimes(*table, found);
    for (std::string& imported : imported_files(files, *table, path)) open.push_back(std::move(imported));
  }
  const bool readable = engines.faults.size() == faults;
  for (const std::string& program : found.programs) check_program(files, engine, program, engines);
  if (readable && found.defaults.size() == 1) {
    check_default(engine, "default_runtime_name", found.names, *found.defaults.begin(), engines);
  }
  engines.rows.push_back(engine + ": " +
                         std::string(!found.programs.empty() ? "runtime nvidia"
                                     : readable              ? kNotTold
                                                             : "its configuration cannot be read"));
}

// A table of CRI-O's and Podman's files, by the names of the tables around it.
const toml::table* table_at(const toml::table& table, std::initializer_list<const char*> names) {
  const toml::table* at = &table;
  for (const char* name : names) {
    const toml::node* node = at->get(name);
    at = node == nullptr ? nullptr : node->as_table();
    if (at == nullptr) return nullptr;
  }
  return at;
}
}  // namespace

bool is_nvidia_runtime(std::string_view program) {
  return std::string_view(file_name(std::string(program))).starts_with("nvidia-container-runtime");
}

bool has_program(const Files& files, const std::string& program) {
  if (program.starts_with('/')) return files.exists(program);
  return std::any_of(std::begin(kProgramFolders), std::end(kProgramFolders),
                     [&](const char* folder) { return files.exists(std::string(folder) + "/" + program); });
}

void check_program(const Files& files, const std::string& engine, const std::string& program, Engines& engines) {
  if (has_program(files, program)) return;
  engines.faults.push_back(
      fmt::format("{}: its runtime for GPUs is {}, which is not there", engine, clean_utf8(program, 256)));
}

void look_at_containerd(const Files& files, Engines& engines) {
  for (const auto& one : kContainerds) {
    if (files.exists(one.path)) look_at_one(files, one.engine, one.path, engines);
  }
}

// crio.conf(5): [crio.runtime] default_runtime, [crio.runtime.runtimes.NAME] runtime_path; drop-ins in crio.conf.d, the
// later ones over the earlier.
void look_at_crio(const Files& files, Engines& engines) {
  constexpr const char* kDropIns = "/etc/crio/crio.conf.d";
  if (!has_program(files, "crio")) return;
  std::vector<std::string> paths = {"/etc/crio/crio.conf"};
  for (const std::string& name : sorted_names(files, kDropIns)) paths.push_back(std::string(kDropIns) + "/" + name);
  std::map<std::string, std::string> programs;
  std::set<std::string> names;
  std::string chosen;
  const std::size_t faults = engines.faults.size();
  for (const std::string& path : paths) {
    const std::optional<toml::table> table = read_table(files, "CRI-O", path, engines);
    const toml::table* runtime = table ? table_at(*table, {"crio", "runtime"}) : nullptr;
    if (runtime == nullptr) continue;
    chosen = (*runtime)["default_runtime"].value_or(chosen);
    const toml::table* runtimes = table_at(*runtime, {"runtimes"});
    if (runtimes == nullptr) continue;
    for (const auto& [name, node] : *runtimes) {
      const toml::table* one = node.as_table();
      const std::string program = one == nullptr ? "" : (*one)["runtime_path"].value_or(std::string());
      names.insert(std::string(name.str()));
      if (is_nvidia_runtime(program)) programs[std::string(name.str())] = program;
    }
  }
  for (const auto& [name, program] : programs) check_program(files, "CRI-O", program, engines);
  if (engines.faults.size() == faults) check_default("CRI-O", "default_runtime", names, chosen, engines);
  if (!programs.empty()) engines.rows.emplace_back("CRI-O: runtime nvidia");
}

// containers.conf(5): [engine.runtimes] NAME = [paths, the first that is there is taken], [engine] runtime. Podman's
// own list names many that nobody has: only the chosen one has to be there.
void look_at_podman(const Files& files, Engines& engines) {
  constexpr const char* kDropIns = "/etc/containers/containers.conf.d";
  if (!has_program(files, "podman")) return;
  std::vector<std::string> paths = {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf"};
  for (const std::string& name : sorted_names(files, kDropIns)) {
    if (name.ends_with(".conf")) paths.push_back(std::string(kDropIns) + "/" + name);
  }
  std::map<std::string, std::vector<std::string>> programs;
  std::string chosen;
  for (const std::string& path : paths) {
    const std::optional<toml::table> table = read_table(files, "podman", path, engines);
    const toml::table* engine = table ? table_at(*table, {"engine"}) : nullptr;
    if (engine == nullptr) continue;
    chosen = (*engine)["runtime"].value_or(chosen);
    const toml::table* runtimes = table_at(*engine, {"runtimes"});
    if (runtimes == nullptr) continue;
    for (const auto& [name, node] : *runtimes) {
      const toml::array* list = node.as_array();
      std::vector<std::string>& of_name = programs[std::string(name.str())];
      of_name.clear();
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        if (const auto text = (*list)[i].value<std::string>()) of_name.push_back(*text);
      }
    }
  }
  const auto found = programs.find(chosen);
  if (found == programs.end() || !std::any_of(found->second.begin(), found->second.end(), is_nvidia_runtime)) return;
  engines.rows.emplace_back("podman: runtime nvidia");
  const bool there = std::any_of(found->second.begin(), found->second.end(),
                                 [&](const std::string& program) { return has_program(files, program); });
  if (!there) check_program(files, "podman", found->second.front(), engines);
}

}  // namespace varve
