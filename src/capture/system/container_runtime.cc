// How containers on this machine get at its GPUs: NVIDIA's container runtime and its CDI specifications.
#include <toml++/toml.h>

#include <set>

#include "base/text.h"
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

Fact specifications_fact(const Files& files) {
  std::set<std::string> rows;  // /var/run is a link to /run on most machines
  std::string source;
  for (const char* folder : kSpecifications) {
    const Looked<std::string> resolved = files.resolve(folder);
    if (!resolved) continue;
    for (const std::string& name : files.list(*resolved).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".yaml") && !name.ends_with(".json")) continue;
      const Looked<std::string> text = files.read(*resolved + "/" + name, std::size_t{4} << 20);
      if (!text) continue;
      const std::set<std::string> drivers = mounted_drivers(*text);
      std::string row = clean_utf8(*resolved + "/" + name, 256);
      if (!drivers.empty()) row += " (driver " + join({drivers.begin(), drivers.end()}, ", ") + ")";
      rows.insert(row);
    }
  }
  if (rows.empty()) return missing_fact(Missing::absent, "/etc/cdi, /var/run/cdi", "no CDI specification");
  return known_fact(std::vector<std::string>(rows.begin(), rows.end()), "/etc/cdi, /var/run/cdi");
}
}  // namespace

void collect_container_runtime(const Subject& subject, Facts& facts) {
  facts["container.gpu_runtime.mode"] = mode_fact(subject.files);
  facts["container.gpu_runtime.specifications"] = specifications_fact(subject.files);
}

}  // namespace varve
