// The kernels that are installed and which of them have an NVIDIA module, what keeps a module from loading, and how
// often the machine slept since it started.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/kernel_module.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kReleaseFolder = "/lib/modules";
constexpr const char* kEfi = "/sys/firmware/efi/efivars";
// EFI_GLOBAL_VARIABLE, UEFI Specification 3.3; efivarfs puts four bytes of attributes before the value.
constexpr const char* kSecureBoot = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
constexpr const char* kBlocked[] = {"nvidia", "nvidia_uvm", "nvidia_drm", "nvidia_modeset"};

// A folder that depmod(8) has seen, or that holds a kernel's own modules.
std::vector<std::string> installed_releases(const Files& files) {
  std::vector<std::string> releases;
  for (const std::string& name : files.list(kReleaseFolder).value.value_or(std::vector<std::string>{})) {
    const std::string folder = std::string(kReleaseFolder) + "/" + name;
    if (files.exists(folder + "/modules.dep") || files.exists(folder + "/kernel")) releases.push_back(name);
  }
  return releases;
}

void set_releases(const Files& files, Facts& facts) {
  const std::vector<std::string> releases = installed_releases(files);
  std::vector<std::string> names, with_module;
  for (const std::string& release : releases) {
    names.push_back(clean_utf8(release, 128));
    if (!installed_modules(files, release).empty()) with_module.push_back(names.back());
  }
  const Fact none = missing_fact(Missing::absent, kReleaseFolder, "no kernel's modules are installed here");
  facts["os.kernel.installed"] = names.empty() ? none : known_fact(std::move(names), kReleaseFolder);
  Fact& built = facts["driver.kernel_mode.kernels"];
  if (!with_module.empty()) {
    built = known_fact(std::move(with_module), std::string(kReleaseFolder) + "/*/modules.dep");
  } else if (has_no_gpu(facts)) {
    built = missing_fact(Missing::not_applicable, kReleaseFolder, "no GPU");
  } else {
    built =
        missing_fact(Missing::absent, std::string(kReleaseFolder) + "/*/modules.dep", "no kernel has an NVIDIA module");
  }
}

// A module signed by scripts/sign-file of the kernel ends in this text.
Fact signature_fact(const Files& files, const std::string& release) {
  constexpr std::string_view kMark = "~Module signature appended~\n";
  const std::vector<std::string> modules = installed_modules(files, release);
  if (modules.empty()) return missing_fact(Missing::absent, kReleaseFolder, "the running kernel has no NVIDIA module");
  const std::string& path = modules.front();
  if (!path.ends_with(".ko")) return missing_fact(Missing::unsupported, path, "compressed modules are not opened");
  const Looked<FileReader> file = files.open(path);
  if (!file) return missing_because(file, path);
  const bool room = file->size() >= kMark.size();
  const std::optional<std::string> end = room ? file->start(file->size() - kMark.size(), kMark.size()) : std::string();
  if (!end) return missing_fact(Missing::unreadable, path, "cannot be read");
  return known_fact(*end == kMark ? "signed" : "not signed", path);
}

Fact secure_boot_fact(const Files& files) {
  if (!files.exists(kEfi)) return missing_fact(Missing::not_applicable, kEfi, "not started by EFI, or it is hidden");
  const Looked<std::string> value = files.read(kSecureBoot, 64);
  if (!value) return missing_because(value, kSecureBoot, "the firmware has no such variable");
  if (value->size() < 5) return missing_fact(Missing::unreadable, kSecureBoot, "shorter than five bytes");
  return known_fact((*value)[4] == 1 ? "on" : "off", kSecureBoot);
}

// modprobe.d(5): "blacklist MODULE" keeps the kernel from loading it by itself, "install MODULE /bin/false" from
// loading it at all. A dash in a module's name is the same as an underscore.
Fact blocked_fact(const Files& files) {
  std::vector<std::string> blocked;
  for (const char* folder : {"/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"}) {
    for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".conf")) continue;
      const std::string text = files.read(std::string(folder) + "/" + name).value.value_or("");
      for (const std::string_view line : split(text, '\n')) {
        const std::vector<std::string_view> words = split_words(line);
        if (words.size() < 2) continue;
        const bool never =
            words[0] == "install" && words.size() > 2 && (words[2].ends_with("/false") || words[2].ends_with("/true"));
        if (words[0] != "blacklist" && !never) continue;
        std::string module(words[1]);
        std::replace(module.begin(), module.end(), '-', '_');
        const bool ours = std::find(std::begin(kBlocked), std::end(kBlocked), module) != std::end(kBlocked);
        if (ours) blocked.push_back(module + " (" + clean_utf8(std::string(folder) + "/" + name, 128) + ")");
      }
    }
  }
  std::sort(blocked.begin(), blocked.end());
  blocked.erase(std::unique(blocked.begin(), blocked.end()), blocked.end());
  return blocked.empty() ? missing_fact(Missing::absent, "/etc/modprobe.d", "no module of NVIDIA's is blocked")
                         : known_fact(std::move(blocked), "/etc/modprobe.d");
}
}  // namespace

void collect_kernel_releases(const Subject& subject, Facts& facts) {
  const Files& files = subject.files;
  set_releases(files, facts);
  facts["kernel.suspends"] = integer_fact(subject.world.files, "/sys/power/suspend_stats/success",
                                          "this kernel does not count, or cannot sleep");
  facts["os.secure_boot"] = secure_boot_fact(subject.world.files);
  facts["driver.kernel_mode.blocked"] = blocked_fact(files);
  const auto release = facts.find("os.kernel.release");
  Fact& signature = facts["driver.kernel_mode.signature"];
  if (has_no_gpu(facts)) {
    signature = missing_fact(Missing::not_applicable, kReleaseFolder, "no GPU");
  } else if (release == facts.end() || !release->second.is_known()) {
    signature = missing_fact(Missing::absent, kReleaseFolder, "the running kernel is not known");
  } else {
    signature = signature_fact(files, value_text(*release->second.value));
  }
}

}  // namespace varve
