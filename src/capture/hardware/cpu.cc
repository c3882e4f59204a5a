#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kCpuInfo = "/proc/cpuinfo";

// Instruction sets that libraries ask for when they choose among their kernels, by start of the kernel's flag name:
// OpenBLAS (cpuid_x86.c, dynamic.c), oneDNN (cpu_isa_traits), glibc's memcpy (erms, fsrm).
constexpr std::string_view kX86Exact[] = {
    "sse",   "sse2", "pni",  "ssse3", "sse4_1", "sse4_2", "sse4a",  "avx",  "avx2",   "fma",       "fma4",
    "f16c",  "bmi1", "bmi2", "abm",   "popcnt", "aes",    "vaes",   "gfni", "sha_ni", "pclmulqdq", "vpclmulqdq",
    "movbe", "adx",  "erms", "fsrm",  "3dnow",  "xop",    "sha512", "sm3",  "sm4"};
constexpr std::string_view kX86Start[] = {"avx512", "avx_", "avx10", "amx_"};
constexpr std::string_view kArmStart[] = {"asimd", "sve", "sme",   "i8mm",  "bf16",  "fphp",    "aes",
                                          "pmull", "sha", "sm3",   "sm4",   "crc32", "atomics", "fcma",
                                          "neon",  "vfp", "lrcpc", "ebf16", "mops"};

std::vector<std::string> dispatch_flags(std::string_view flags, bool arm) {
  std::set<std::string> chosen;
  for (const std::string_view flag : split_words(flags)) {
    const auto starts = [&](std::string_view start) { return flag.starts_with(start); };
    const bool wanted = arm ? std::any_of(std::begin(kArmStart), std::end(kArmStart), starts)
                            : std::find(std::begin(kX86Exact), std::end(kX86Exact), flag) != std::end(kX86Exact) ||
                                  std::any_of(std::begin(kX86Start), std::end(kX86Start), starts);
    if (wanted) chosen.emplace(flag);
  }
  return {chosen.begin(), chosen.end()};
}

// The blocks of /proc/cpuinfo, one a processor, parted by empty lines.
std::vector<std::string_view> processor_blocks(std::string_view text) {
  std::vector<std::string_view> blocks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    const std::string_view block = text.substr(begin, end - begin);
    if (find_field(block, "processor")) blocks.push_back(block);
    begin = end + 2;
  }
  return blocks;
}

// Arm's and its licensees' names: Linux, arch/arm64/include/asm/cputype.h.
std::string arm_implementer(std::string_view code) {
  static const std::map<std::string_view, std::string_view> names = {
      {"0x41", "ARM"},       {"0x42", "Broadcom"},  {"0x43", "Cavium"}, {"0x46", "Fujitsu"},
      {"0x48", "HiSilicon"}, {"0x4e", "NVIDIA"},    {"0x50", "APM"},    {"0x51", "Qualcomm"},
      {"0x61", "Apple"},     {"0x6d", "Microsoft"}, {"0xc0", "Ampere"}};
  const auto found = names.find(code);
  return std::string(found == names.end() ? code : found->second);
}

std::string arm_part(std::string_view implementer, std::string_view part) {
  static const std::map<std::string_view, std::string_view> names = {
      {"0xd05", "Cortex-A55"},  {"0xd08", "Cortex-A72"},    {"0xd0b", "Cortex-A76"},   {"0xd0c", "Neoverse N1"},
      {"0xd40", "Neoverse V1"}, {"0xd41", "Cortex-A78"},    {"0xd42", "Cortex-A78AE"}, {"0xd49", "Neoverse N2"},
      {"0xd4f", "Neoverse V2"}, {"0xd83", "Neoverse V3AE"}, {"0xd84", "Neoverse V3"},  {"0xd8e", "Neoverse N3"}};
  if (implementer == "0x41") {
    if (const auto found = names.find(part); found != names.end()) return std::string(found->second);
  }
  return "part " + std::string(part);
}

Fact field_fact(std::string_view block, const std::string& name) {
  const std::string source = std::string(kCpuInfo) + ": " + name;
  const auto value = find_field(block, name);
  if (!value || value->empty()) return missing_fact(Missing::absent, source, "this kernel does not state it");
  return known_fact(clean_utf8(*value), source);
}

Fact integer_field_fact(std::string_view block, const std::string& name) {
  const Fact text = field_fact(block, name);
  if (!text.is_known()) return text;
  const std::string digits = std::get<std::string>(*text.value);
  const auto number =
      digits.starts_with("0x") ? parse_integer(std::string_view(digits).substr(2), 16) : parse_integer(digits);
  return number ? known_fact(*number, text.source)
                : missing_fact(Missing::unreadable, text.source, "not a number: " + digits);
}

void collect_x86_names(std::string_view block, Facts& facts) {
  facts["cpu.vendor"] = field_fact(block, "vendor_id");
  facts["cpu.model"] = field_fact(block, "model name");
  facts["cpu.family"] = integer_field_fact(block, "cpu family");
  facts["cpu.model_number"] = integer_field_fact(block, "model");
  facts["cpu.stepping"] = integer_field_fact(block, "stepping");
  facts["cpu.microcode"] = field_fact(block, "microcode");
}

void collect_arm_names(const std::vector<std::string_view>& blocks, Facts& facts) {
  const std::string_view first = blocks.front();
  const std::string_view implementer = find_field(first, "CPU implementer").value_or("");
  std::vector<std::string> parts;  // big.LITTLE machines have several
  for (const std::string_view block : blocks) {
    const std::string name = arm_part(implementer, find_field(block, "CPU part").value_or("?"));
    if (std::find(parts.begin(), parts.end(), name) == parts.end()) parts.push_back(clean_utf8(name));
  }
  const std::string source = kCpuInfo;
  facts["cpu.vendor"] = known_fact(clean_utf8(arm_implementer(implementer)), source + ": CPU implementer");
  facts["cpu.model"] = known_fact(join(parts, " + "), source + ": CPU part");
  facts["cpu.family"] = integer_field_fact(first, "CPU architecture");
  facts["cpu.model_number"] = integer_field_fact(first, "CPU part");
  facts["cpu.stepping"] = integer_field_fact(first, "CPU revision");
  facts["cpu.microcode"] = missing_fact(Missing::not_applicable, source, "Arm processors have none");
}

// Which package and core a logical processor belongs to, or nothing where neither /proc/cpuinfo nor sysfs says so.
using CoreName = std::tuple<std::string, std::string>;

std::optional<CoreName> core_of(const Files& files, std::string_view block) {
  const auto package = find_field(block, "physical id");
  const auto core = find_field(block, "core id");
  if (package && core) return CoreName(*package, *core);
  const std::string number(find_field(block, "processor").value_or(""));
  if (!parse_integer(number)) return std::nullopt;
  const std::string topology = "/sys/devices/system/cpu/cpu" + number + "/topology/";
  const Looked<std::string> package_id = read_value(files, topology + "physical_package_id");
  const Looked<std::string> siblings = read_value(files, topology + "thread_siblings_list");
  if (!package_id || !siblings) return std::nullopt;
  return CoreName(*package_id, *siblings);
}

void collect_topology(const Subject& subject, const std::vector<std::string_view>& blocks, Facts& facts) {
  std::map<CoreName, std::int64_t> threads;  // of each core
  std::set<std::string> packages;
  for (const std::string_view block : blocks) {
    const std::optional<CoreName> core = core_of(subject.world.files, block);
    if (!core) {
      for (const char* id : {"cpu.sockets", "cpu.cores", "cpu.threads_per_core"}) {
        facts[id] = missing_fact(Missing::absent, kCpuInfo, "the kernel states no topology");
      }
      return;
    }
    ++threads[*core];
    packages.insert(std::get<0>(*core));
  }
  std::int64_t most = 0;
  for (const auto& [core, count] : threads) most = std::max(most, count);
  const std::string source = std::string(kCpuInfo) + ": physical id, core id";
  facts["cpu.sockets"] = known_fact(static_cast<std::int64_t>(packages.size()), source);
  facts["cpu.cores"] = known_fact(static_cast<std::int64_t>(threads.size()), source);
  facts["cpu.threads_per_core"] = known_fact(most, source);
}

Fact isa_fact(const std::vector<std::string_view>& blocks, bool arm) {
  const std::string name = arm ? "Features" : "flags";
  const std::string source = std::string(kCpuInfo) + ": " + name;
  const auto flags = find_field(blocks.front(), name);
  if (!flags) return missing_fact(Missing::absent, source, "this kernel does not state it");
  Fact fact = known_fact(dispatch_flags(*flags, arm), source);
  const auto differs = [&](std::string_view block) { return find_field(block, name) != flags; };
  if (std::any_of(blocks.begin(), blocks.end(), differs)) fact.detail = "of the first processor; others differ";
  return fact;
}

Fact threads_fact(const Subject& subject, std::size_t in_cpuinfo) {
  const std::string path = "/sys/devices/system/cpu/online";
  const Looked<std::string> online = read_value(subject.world.files, path);
  if (const auto count = online ? count_list(*online) : std::nullopt) return known_fact(*count, path);
  if (in_cpuinfo > 0) return known_fact(static_cast<std::int64_t>(in_cpuinfo), kCpuInfo);
  return online ? missing_fact(Missing::unreadable, path, "not a list: " + *online) : missing_because(online, path);
}
}  // namespace

void collect_cpu(const Subject& subject, Facts& facts) {
  const std::vector<std::string_view> blocks =
      subject.cpuinfo ? processor_blocks(*subject.cpuinfo) : std::vector<std::string_view>{};
  facts["cpu.threads"] = threads_fact(subject, blocks.size());
  facts["cpu.smt"] =
      value_fact(subject.world.files, "/sys/devices/system/cpu/smt/control", "the kernel has no such switch");
  if (blocks.empty()) {
    const Fact missing = subject.cpuinfo ? missing_fact(Missing::unreadable, kCpuInfo, "no processor is listed")
                                         : missing_because(subject.cpuinfo, kCpuInfo);
    for (const char* id : {"cpu.vendor", "cpu.model", "cpu.family", "cpu.model_number", "cpu.stepping", "cpu.microcode",
                           "cpu.isa", "cpu.sockets", "cpu.cores", "cpu.threads_per_core"}) {
      facts[id] = missing;
    }
    return;
  }
  const bool arm = find_field(blocks.front(), "CPU implementer").has_value();
  arm ? collect_arm_names(blocks, facts) : collect_x86_names(blocks.front(), facts);
  facts["cpu.isa"] = isa_fact(blocks, arm);
  collect_topology(subject, blocks, facts);
}

}  // namespace varve
