// The NVIDIA kernel module that is installed, which after an update without a restart is not the one that is loaded.
#include "capture/gpu/kernel_module.h"

#include "base/text.h"
#include "binary/elf/note_sections.h"
#include "capture/gpu/collect_gpu.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kId = "driver.kernel_mode.installed";
constexpr const char* kModuleFolder = "/lib/modules";
constexpr const char* kDkms = "/var/lib/dkms/nvidia";
constexpr std::size_t kMostDependencies = std::size_t{16} << 20;
constexpr std::uint64_t kMostModinfo = std::uint64_t{1} << 20;

// modules.dep(5) has one line a module, "updates/dkms/nvidia.ko.xz: kernel/…", relative to its folder. Debian calls the
// module nvidia-current.ko, a legacy branch nvidia-tesla-470.ko.
bool is_nvidia_module(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view stem = name.substr(0, name.find(".ko"));
  if (stem.size() == name.size()) return false;
  return stem == "nvidia" || stem == "nvidia-current" || stem.starts_with("nvidia-tesla") ||
         stem.starts_with("nvidia-legacy");
}

}  // namespace

std::vector<std::string> installed_modules(const Files& files, const std::string& release) {
  const std::string folder = std::string(kModuleFolder) + "/" + release;
  const Looked<std::string> dependencies = files.read(folder + "/modules.dep", kMostDependencies);
  std::vector<std::string> modules;
  if (!dependencies) return modules;
  for (const std::string_view line : split(*dependencies, '\n')) {
    const std::string_view path = line.substr(0, line.find(':'));
    if (is_nvidia_module(path)) modules.push_back(folder + "/" + std::string(path));
  }
  return modules;
}

namespace {

// .modinfo is a run of NUL-ended "key=value" (include/linux/moduleparam.h).
std::optional<std::string> module_information(const FileReader& file, const std::string& where, std::string_view key) {
  const Result<std::vector<NamedSection>> sections = read_named_sections(file, where);
  if (!sections) return std::nullopt;
  for (const auto& [name, header] : *sections) {
    if (name != ".modinfo" || header.sh_size > kMostModinfo || !file.holds(header.sh_offset, header.sh_size)) continue;
    const std::string text = file.start(header.sh_offset, header.sh_size).value_or("");
    for (const std::string_view row : split(text, '\0')) {
      if (row.size() > key.size() && row.starts_with(key) && row[key.size()] == '=') {
        return clean_utf8(row.substr(key.size() + 1), 64);
      }
    }
  }
  return std::nullopt;
}

Fact module_fact(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(path);
  if (!file) return missing_because(file, path);
  if (!path.ends_with(".ko")) {
    return missing_fact(Missing::unsupported, path, "compressed modules are not opened");
  }
  const std::optional<std::string> version = module_information(*file, path, "version");
  if (!version) return missing_fact(Missing::unreadable, path, "no version in its .modinfo");
  Fact fact = known_fact(*version, path + ": .modinfo");
  const std::optional<std::string> license = module_information(*file, path, "license");
  if (license) fact.detail = *license == "NVIDIA" ? "proprietary module" : "open module, license " + *license;
  return fact;
}

// DKMS keeps what it builds below a folder named by the version.
std::optional<Fact> dkms_fact(const Files& files) {
  const Looked<std::vector<std::string>> names = files.list(kDkms);
  std::vector<std::string> versions;
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    if (!name.empty() && name[0] >= '0' && name[0] <= '9') versions.push_back(clean_utf8(name, 64));
  }
  if (versions.empty()) return std::nullopt;
  return known_fact(join(versions, ", "), kDkms, Standing::inferred);
}

std::vector<std::string> kernel_releases(const Subject& subject) {
  if (subject.options.kind == SubjectKind::host || subject.is_snapshot) {
    const Looked<std::string> running = read_value(subject.files, "/proc/sys/kernel/osrelease");
    if (running) return {*running};
  }
  return subject.files.list(kModuleFolder).value.value_or(std::vector<std::string>{});
}
}  // namespace

void collect_kernel_module(const Subject& subject, Facts& facts) {
  std::optional<Fact> unread;
  for (const std::string& release : kernel_releases(subject)) {
    for (const std::string& path : installed_modules(subject.files, release)) {
      const Fact fact = module_fact(subject.files, path);
      if (fact.is_known()) {
        facts[kId] = fact;
        return;
      }
      unread = fact;
    }
  }
  const std::optional<Fact> built = dkms_fact(subject.files);
  const Fact none = missing_fact(Missing::absent, kModuleFolder, "no NVIDIA kernel module is installed");
  facts[kId] = built ? *built : unread.value_or(none);
}

}  // namespace varve
