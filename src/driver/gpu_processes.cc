#include "driver/gpu_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/library_file_name.h"
#include "base/text.h"
#include "tables/libraries.h"
#include "world/process_state.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostMaps = std::size_t{64} << 20;

struct MappedName {
  std::string name;      // "libcuda"
  std::string version;   // what stands behind ".so.": "550.163.01"; may be empty
  bool deleted = false;  // the file was replaced or removed while mapped
  auto operator<=>(const MappedName&) const = default;
};

// "/usr/lib/x86_64-linux-gnu/libcuda.so.550.163.01 (deleted)". The kernel names the file itself, not the link that
// was opened, so that the version is that of the file in the process's own root.
std::optional<MappedName> cuda_library(std::string_view path) {
  MappedName found;
  found.deleted = path.ends_with(kDeletedMark);
  path = without_deleted_mark(path);
  if (path.find(".so", path.rfind('/') + 1) == path.npos) return std::nullopt;
  // What a desktop maps of the same driver (libnvidia-glcore and its like) does not mean CUDA.
  if (path.find("/stubs/") != path.npos || !has_role(path, LibraryRole::cuda)) return std::nullopt;
  LibraryFileName file = split_library_file_name(path);
  found.name = std::move(file.stem);
  found.version = std::move(file.version);
  return found;
}

// The CUDA libraries in the text of /proc/PID/maps; each line ends in the path, which begins with the first slash.
std::set<MappedName> cuda_libraries(std::string_view maps) {
  std::set<MappedName> found;
  std::string_view last;
  for (std::size_t at = 0; at < maps.size();) {
    const std::size_t end = std::min(maps.find('\n', at), maps.size());
    const std::string_view line = maps.substr(at, end - at);
    at = end + 1;
    const std::size_t slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    const std::string_view path = line.substr(slash);
    if (path == last) continue;  // a file's mappings stand together
    last = path;
    if (auto library = cuda_library(path)) found.insert(std::move(*library));
  }
  return found;
}

bool is_version(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

Fact driver_fact(const std::set<MappedName>& libraries, const std::string& source) {
  for (const MappedName& library : libraries) {
    if (library.name != "libcuda") continue;
    // "1" is the SONAME alone and "1.1" that of Jetson: no version.
    const bool states_version =
        is_version(library.version) && library.version.find('.') >= 2 && library.version.find('.') != std::string::npos;
    const std::string replaced = library.deleted ? "the file was replaced or removed while it was mapped" : "";
    if (!states_version) {
      return missing_fact(Missing::unsupported, source,
                          "its file name carries no version: libcuda.so." + library.version);
    }
    Fact fact = known_fact(library.version, source);
    fact.detail = replaced;
    return fact;
  }
  return missing_fact(Missing::absent, source, "no libcuda is mapped: it has not used the driver");
}

Fact runtimes_fact(const std::set<MappedName>& libraries, const std::string& source) {
  std::vector<std::string> versions;
  for (const MappedName& library : libraries) {
    if (library.name != "libcudart" || !is_version(library.version)) continue;
    if (std::find(versions.begin(), versions.end(), library.version) == versions.end()) {
      versions.push_back(library.version);
    }
  }
  if (!versions.empty()) return known_fact(std::move(versions), source, Standing::inferred);
  return missing_fact(Missing::absent, source, "no libcudart is mapped; a static one does not show");
}

std::string program_name(const Files& process) {
  if (const Looked<std::string> program = process.read_link("exe")) {
    return clean_utf8(file_name(std::string(without_deleted_mark(*program))), 256);
  }
  return clean_utf8(read_value(process, "comm").value.value_or("unknown"), 64);
}

GpuProcess describe(const Files& process, std::int64_t pid, const std::set<MappedName>& libraries) {
  const std::string source = fmt::format("/proc/{}/maps: file names", pid);
  GpuProcess found;
  found.pid = pid;
  found.program = program_name(process);
  found.container = container_in_cgroup(process.read("cgroup").value.value_or(""));
  found.driver = driver_fact(libraries, source);
  found.runtimes = runtimes_fact(libraries, source);
  for (const MappedName& library : libraries) {
    std::string text = clean_utf8(library.version.empty() ? library.name : library.name + " " + library.version, 128);
    if (library.deleted) text += " (deleted)";
    if (std::find(found.libraries.begin(), found.libraries.end(), text) == found.libraries.end()) {
      found.libraries.push_back(std::move(text));
    }
  }
  return found;
}

void look_at(const World& world, std::int64_t pid, GpuProcessList& list) {
  // A handle of the directory stays with this process, even when its id is given to another meanwhile.
  const Looked<std::unique_ptr<Files>> process = world.files.below(fmt::format("/proc/{}", pid));
  if (!process) return;
  const Looked<std::string> maps = (*process)->read("maps", kMostMaps);
  if (!maps) {
    if (maps.failure == LookFailure::denied && process_kind(**process, "") != ProcessKind::kernel_thread) ++list.denied;
    return;
  }
  if (maps->empty()) return;  // a kernel thread, or one that has ended
  ++list.looked_at;
  const std::set<MappedName> libraries = cuda_libraries(*maps);
  if (!libraries.empty()) list.processes.push_back(describe(**process, pid, libraries));
}

// How the parts of a cgroup path show a container's id.
struct Mark {
  std::string_view before, kind;
};
constexpr Mark kScopes[] = {
    {"docker-", "docker"},         {"cri-containerd-", "containerd"}, {"crio-", "cri-o"},
    {"libpod-", "podman"},         {"nerdctl-", "containerd"},        {"libpod-payload-", "podman"},
    {"machine-", "systemd-nspawn"}};
constexpr Mark kParents[] = {
    {"docker", "docker"}, {"lxc", "lxc"}, {"libpod_parent", "podman"}, {"containerd", "containerd"}};

bool is_container_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string named_container(std::string_view kind, std::string_view id) {
  return std::string(kind) + " " + sha256_hex(id).substr(0, 12);
}

// The container that one part of a path names; `parent` is the part before it, `kubernetes` whether one above says so.
std::string container_in_part(std::string_view part, std::string_view parent, bool kubernetes) {
  for (const Mark& mark : kScopes) {
    if (!part.starts_with(mark.before) || !part.ends_with(".scope")) continue;
    const std::string_view id = part.substr(mark.before.size(), part.size() - mark.before.size() - 6);
    if (!id.empty() && !id.starts_with("conmon")) return named_container(kubernetes ? "kubernetes" : mark.kind, id);
  }
  if (is_container_id(part) && kubernetes) return named_container("kubernetes", part);
  for (const Mark& mark : kParents) {
    if (parent == mark.before && (is_container_id(part) || mark.kind == "lxc")) return named_container(mark.kind, part);
  }
  return is_container_id(part) ? named_container("container", part) : "";
}
}  // namespace

std::string container_in_cgroup(std::string_view cgroup) {
  for (const std::string_view line : split(cgroup, '\n')) {
    const std::size_t path = line.find('/');
    if (path == std::string_view::npos) continue;
    std::string_view parent;
    bool kubernetes = false;
    for (const std::string_view part : split(line.substr(path), '/')) {
      kubernetes = kubernetes || part.starts_with("kubepods");
      if (std::string found = container_in_part(part, parent, kubernetes); !found.empty()) return found;
      parent = part;
    }
  }
  return {};
}

GpuProcessList gpu_processes(const World& world) {
  GpuProcessList list;
  const Looked<std::vector<std::string>> entries = world.files.list("/proc");
  if (!entries) {
    list.problems.push_back("the processes cannot be listed: /proc: " + entries.detail);
    return list;
  }
  std::vector<std::int64_t> pids;
  for (const std::string& entry : *entries) {
    if (const auto pid = parse_integer(entry)) pids.push_back(*pid);
  }
  std::sort(pids.begin(), pids.end());
  for (const std::int64_t pid : pids) look_at(world, pid, list);
  if (list.denied > 0) {
    const char* hint = world.user_id == 0 ? "a security module or another user namespace forbids it, even to root"
                                          : "run as root or with CAP_SYS_PTRACE";
    list.problems.push_back(fmt::format("{} process{} may not be looked at and could hold a GPU: {}", list.denied,
                                        list.denied == 1 ? "" : "es", hint));
  }
  return list;
}

}  // namespace varve
