#include "base/hash.h"
#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
// PRETTY_NAME of os-release(5): shell quoting, of which only the quotes occur in practice.
Fact name_fact(const Files& files) {
  Looked<std::string> text;
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    text = files.read(path);
    if (!text) continue;
    const std::string source = std::string(path) + ": PRETTY_NAME";
    std::string_view name = find_field(*text, "PRETTY_NAME", '=').value_or("");
    if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) {
      name = name.substr(1, name.size() - 2);
    }
    if (name.empty()) return missing_fact(Missing::absent, source, "the file does not say");
    return known_fact(clean_utf8(name), source);
  }
  return missing_because(text, "/etc/os-release");
}

// The kernel states it since Linux 6.1; before, only the system call does.
Fact architecture_fact(const World& world) {
  const std::string path = "/proc/sys/kernel/arch";
  const Looked<std::string> stated = read_value(world.files, path);
  if (stated) return known_fact(*stated, path);
  if (!world.architecture.empty()) return known_fact(world.architecture, "uname: machine");
  return missing_because(stated, path, "the kernel is older than 6.1");
}

// Jetson Linux names its release in the first line: "# R36 (release), REVISION: 3.0, GCID: …, BOARD: …".
Fact jetson_fact(const Files& files) {
  const std::string path = "/etc/nv_tegra_release";
  const Looked<std::string> text = files.read(path);
  if (!text && text.failure == LookFailure::absent) return missing_fact(Missing::not_applicable, path, "not a Jetson");
  if (!text) return missing_because(text, path);
  const std::size_t release = text->find(" R"), revision = text->find("REVISION: ");
  if (release == std::string::npos || revision == std::string::npos) {
    return missing_fact(Missing::unreadable, path, "its first line is not the usual one");
  }
  const std::string_view major = std::string_view(*text).substr(release + 2);
  const std::string_view minor = std::string_view(*text).substr(revision + 10);
  return known_fact(clean_utf8(major.substr(0, major.find_first_not_of("0123456789")), 16) + "." +
                        clean_utf8(minor.substr(0, minor.find_first_not_of("0123456789.")), 16),
                    path);
}

Fact hostname_fact(const Subject& subject) {
  Fact name = value_fact(subject.world.files, "/proc/sys/kernel/hostname");
  if (!name.is_known() || subject.options.identify) return name;
  name.value = "sha256:" + sha256_hex(std::get<std::string>(*name.value)).substr(0, 12);
  return name;
}
}  // namespace

void collect_os(const Subject& subject, Facts& facts) {
  facts["os.name"] = name_fact(subject.files);
  facts["os.jetson_linux"] = jetson_fact(subject.files);
  const bool root = subject.options.kind == SubjectKind::root && !subject.is_snapshot;
  if (root || subject.options.kind == SubjectKind::image) return;
  const Files& files = subject.world.files;
  facts["os.kernel.release"] = value_fact(files, "/proc/sys/kernel/osrelease");
  facts["os.kernel.build"] = value_fact(files, "/proc/sys/kernel/version");
  facts["os.architecture"] = architecture_fact(subject.world);
  facts["os.hostname"] = hostname_fact(subject);
  facts["os.clocksource"] = value_fact(files, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
}

}  // namespace varve
