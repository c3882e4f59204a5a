#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
// "32768K" as sysfs prints it.
std::optional<std::uint64_t> parse_cache_size(std::string_view text) {
  const std::uint64_t unit = text.ends_with('K') ? 1024 : text.ends_with('M') ? 1024 * 1024 : 1;
  if (unit > 1) text.remove_suffix(1);
  const auto number = parse_integer(text);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number) * unit;
}

// Exact, as it enters the digest: "48 KiB", "105 MiB".
std::string cache_size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKib = 1024, kMib = 1024 * 1024;
  if (bytes >= kMib && bytes % kMib == 0) return std::to_string(bytes / kMib) + " MiB";
  if (bytes % kKib == 0) return std::to_string(bytes / kKib) + " KiB";
  return std::to_string(bytes) + " B";
}

const char* cache_id(std::string_view level, std::string_view type) {
  if (level == "1") return type == "Instruction" ? "cpu.cache.l1i" : "cpu.cache.l1d";
  if (level == "2") return "cpu.cache.l2";
  if (level == "3") return "cpu.cache.l3";
  return nullptr;
}
}  // namespace

void collect_cpu_cache(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  const Looked<std::string> online = read_value(files, "/sys/devices/system/cpu/online");
  const std::int64_t cpu = online ? first_of_list(*online).value_or(0) : 0;
  const std::string directory = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache";
  const Looked<std::vector<std::string>> entries = files.list(directory);
  for (const char* id : {"cpu.cache.l1d", "cpu.cache.l1i", "cpu.cache.l2", "cpu.cache.l3"}) {
    facts[id] = entries ? missing_fact(Missing::absent, directory, "no such cache is listed")
                        : missing_because(entries, directory, "the kernel lists no caches");
  }
  if (!entries) return;
  for (const std::string& entry : *entries) {
    if (!entry.starts_with("index")) continue;
    const std::string path = directory + "/" + entry;
    const Looked<std::string> level = read_value(files, path + "/level");
    const Looked<std::string> type = read_value(files, path + "/type");
    const Looked<std::string> size = read_value(files, path + "/size");
    const char* id = level && type ? cache_id(*level, *type) : nullptr;
    if (id == nullptr) continue;
    const auto bytes = size ? parse_cache_size(*size) : std::nullopt;
    if (!bytes) {
      facts[id] = missing_fact(Missing::unreadable, path + "/size", size ? "not a size: " + *size : size.detail);
      continue;
    }
    facts[id] = known_fact(cache_size_text(*bytes), path + "/size");
    if (const Looked<std::string> shared = read_value(files, path + "/shared_cpu_list")) {
      facts[id].detail = "shared by CPUs " + *shared;
    }
  }
}

}  // namespace varve
