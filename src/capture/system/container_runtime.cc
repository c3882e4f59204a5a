// How containers on this machine get at its GPUs: NVIDIA's container runtime and its CDI specifications.
#include <fmt/format.h>

// A file that is no TOML is an error to be told, in debug builds too.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <map>
#include <set>

#include "base/text.h"
#include "capture/system/cdi_specification.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kConfiguration = "/etc/nvidia-container-runtime/config.toml";
constexpr const char* kSpecifications[] = {"/etc/cdi", "/var/run/cdi", "/run/cdi"};

// "nvidia-container-runtime.mode" of the toolkit's configuration: auto, legacy, cdi, jit-cdi or csv.
Fact mode_fact(const Files& files) {
  const std::string source = std::string(kConfiguration) + ": nvidia-container-runtime.mode";
  const Looked<std::string> text = files.read(kConfiguration);
  if (!text) return missing_because(text, kConfiguration, "the NVIDIA container toolkit is not configured here");
  try {
    const toml::table table = toml::parse(std::string_view(*text));
    const auto mode = table["nvidia-container-runtime"]["mode"].value<std::string>();
    if (mode) return known_fact(clean_utf8(*mode, 64), source);
    return missing_fact(Missing::absent, source, "the file does not say; the default is auto");
  } catch (const toml::parse_error& error) {
    return missing_fact(Missing::unreadable, source, clean_utf8(error.description(), 200));
  }
}

// The driver versions in the file names that a specification mounts: "libcuda.so.550.54.15".
std::set<std::string> mounted_drivers(std::string_view text) {
  constexpr std::string_view kName = "libcuda.so.";
  std::set<std::string> versions;
  for (std::size_t at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1)) {
    const std::string_view rest = text.substr(at + kName.size());
    const std::string_view version = rest.substr(0, rest.find_first_not_of("0123456789."));
    if (version.find('.') != std::string_view::npos) versions.insert(clean_utf8(version, 32));
  }
  return versions;
}

constexpr std::size_t kMostNamed = 4;  // of what is not there

// "2 files that are not there: /usr/lib/libcuda.so.550.54.15, …"; empty: all are there.
std::string not_there(const Files& files, const std::vector<std::string>& paths, const char* what) {
  std::set<std::string> missing;
  for (const std::string& path : paths) {
    if (const Looked<FileKind> kind = files.kind(path); !kind && kind.failure == LookFailure::absent) {
      missing.insert(path);
    }
  }
  if (missing.empty()) return {};
  std::vector<std::string> named(missing.begin(), missing.end());
  if (named.size() > kMostNamed) named.resize(kMostNamed);
  return fmt::format("{} {}{} not there: {}{}", missing.size(), what, missing.size() == 1 ? "" : "s", join(named, ", "),
                     missing.size() > kMostNamed ? ", …" : "");
}

struct Specifications {
  std::set<std::string> rows, faults;         // /var/run is a link to /run on most machines
  std::map<std::string, std::string> owners;  // by folder, kind and device: which file names it
};

// Two files of one folder that name one device leave it unresolvable; of several folders the later one holds
// (container-device-interface, pkg/cdi/cache.go).
void add_devices(const std::string& path, const CdiSpecification& specification, Specifications& found) {
  const std::string folder = path.substr(0, path.rfind('/'));
  std::set<std::string> others;
  for (const std::string& device : specification.devices) {
    const std::string named = specification.kind + "=" + device;
    const auto [owner, is_new] = found.owners.emplace(folder + " " + named, path);
    if (is_new || owner->second == path || !others.insert(owner->second).second) continue;
    found.faults.insert(fmt::format("{} names {}, which {} names too: neither is taken", clean_utf8(path, 256),
                                    clean_utf8(named, 256), clean_utf8(owner->second, 256)));
  }
}

void add_specification(const Files& files, const std::string& path, const std::string& text, Specifications& found) {
  const std::string shown = clean_utf8(path, 256);
  const Result<CdiSpecification> specification = read_cdi_specification(text, shown);
  // Other vendors' specifications say nothing about these GPUs.
  const bool of_nvidia = specification && !specification->kind.empty()
                             ? specification->kind.find("nvidia.com/") != std::string::npos
                             : text.find("nvidia") != std::string::npos || path.find("nvidia") != std::string::npos;
  if (!of_nvidia) return;
  if (!specification) {
    found.faults.insert(shown + " cannot be read: " + specification.error().found);
    return;
  }
  add_devices(path, *specification, found);
  const std::set<std::string> drivers = mounted_drivers(text);
  found.rows.insert(shown + (drivers.empty() ? "" : " (driver " + join({drivers.begin(), drivers.end()}, ", ") + ")"));
  for (const std::string& missing :
       {not_there(files, specification->nodes, "device node"), not_there(files, specification->files, "file")}) {
    if (!missing.empty()) found.faults.insert(shown + " names " + missing);
  }
}

void collect_specifications(const Files& files, Facts& facts) {
  Specifications found;
  for (const char* folder : kSpecifications) {
    const Looked<std::string> resolved = files.resolve(folder);
    if (!resolved) continue;
    for (const std::string& name : files.list(*resolved).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".yaml") && !name.ends_with(".json")) continue;
      const std::string path = *resolved + "/" + name;
      if (const Looked<std::string> text = files.read(path, std::size_t{4} << 20)) {
        add_specification(files, path, *text, found);
      }
    }
  }
  const std::string source = "/etc/cdi, /var/run/cdi";
  const auto fact = [&](const std::set<std::string>& rows, const char* none) {
    return rows.empty() ? missing_fact(Missing::absent, source, none)
                        : known_fact(std::vector<std::string>(rows.begin(), rows.end()), source);
  };
  facts["container.gpu_runtime.specifications"] = fact(found.rows, "no CDI specification");
  facts["container.gpu_runtime.specification_faults"] = fact(found.faults, "none");
}
}  // namespace

void collect_container_runtime(const Subject& subject, Facts& facts) {
  facts["container.gpu_runtime.mode"] = mode_fact(subject.files);
  collect_specifications(subject.files, facts);
}

}  // namespace varve
