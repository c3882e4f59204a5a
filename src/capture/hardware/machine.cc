#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kDmi = "/sys/class/dmi/id/";
constexpr std::string_view kNoDmi = "the firmware describes no machine (no DMI), as in small virtual machines";

// Several fields joined by blanks, or the reason why the first one is missing. Serial numbers are never read.
Fact joined_fact(const Files& files, std::initializer_list<const char*> names) {
  std::vector<std::string> parts;
  std::string source;
  for (const char* name : names) {
    if (const Looked<std::string> part = read_value(files, std::string(kDmi) + name)) parts.push_back(*part);
    source += source.empty() ? std::string(kDmi) + name : std::string(", ") + name;
  }
  if (!parts.empty()) return known_fact(join(parts, " "), source);
  return missing_because(read_value(files, std::string(kDmi) + *names.begin()), source, kNoDmi);
}
}  // namespace

void collect_machine(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  facts["machine.product"] = joined_fact(files, {"sys_vendor", "product_name"});
  facts["machine.firmware"] = joined_fact(files, {"bios_vendor", "bios_version", "bios_date"});
  // Machines described by a device tree (Arm boards, Jetson) name themselves there, ended by a NUL.
  if (facts["machine.product"].is_known()) return;
  const std::string path = "/proc/device-tree/model";
  Looked<std::string> model = files.read(path, 4096);
  if (!model) return;
  std::erase(*model, '\0');
  facts["machine.product"] = known_fact(clean_utf8(trim(*model)), path);
}

}  // namespace varve
