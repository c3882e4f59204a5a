#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kMemInfo = "/proc/meminfo";

// "MemTotal:       24684096 kB"
Fact size_fact(const Looked<std::string>& text, const std::string& name) {
  const std::string source = std::string(kMemInfo) + ": " + name;
  if (!text) return missing_because(text, source);
  const auto value = find_field(*text, name);
  if (!value) return missing_fact(Missing::absent, source, "this kernel does not state it");
  const std::vector<std::string_view> words = split_words(*value);
  const auto kib = words.size() == 2 && words[1] == "kB" ? parse_integer(words[0]) : std::nullopt;
  if (!kib || *kib < 0) return missing_fact(Missing::unreadable, source, "not a size: " + clean_utf8(*value, 64));
  return known_fact(*kib * 1024, source);
}
}  // namespace

void collect_memory(const Subject& subject, Facts& facts) {
  const Looked<std::string> text = subject.world.files.read(kMemInfo);
  facts["memory.total"] = size_fact(text, "MemTotal");
  facts["memory.swap"] = size_fact(text, "SwapTotal");
}

}  // namespace varve
