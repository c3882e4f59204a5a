#include <algorithm>

#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
// "always [madvise] never": the one in brackets is in force.
Fact chosen_fact(const Files& files, const std::string& path, std::string_view absent_detail) {
  Fact fact = value_fact(files, path, absent_detail);
  if (!fact.is_known()) return fact;
  const std::string text = std::get<std::string>(*fact.value);
  const std::size_t begin = text.find('['), end = text.find(']');
  if (begin != std::string::npos && end != std::string::npos && begin < end) {
    fact.value = text.substr(begin + 1, end - begin - 1);
  }
  return fact;
}

Fact switch_fact(const Files& files, const std::string& path, std::string_view absent_detail) {
  Fact fact = value_fact(files, path, absent_detail);
  if (!fact.is_known()) return fact;
  const std::string text = std::get<std::string>(*fact.value);
  if (text == "0") fact.value = "off";
  if (text == "1") fact.value = "on";
  return fact;
}

// Parameters that change how fast code runs, by name. The rest of the line names disks and may hold secrets.
constexpr std::string_view kParameters[] = {"isolcpus",
                                            "nohz",
                                            "nohz_full",
                                            "rcu_nocbs",
                                            "mitigations",
                                            "spectre_v2",
                                            "nosmt",
                                            "maxcpus",
                                            "nr_cpus",
                                            "intel_pstate",
                                            "amd_pstate",
                                            "intel_idle.max_cstate",
                                            "processor.max_cstate",
                                            "idle",
                                            "hugepages",
                                            "hugepagesz",
                                            "default_hugepagesz",
                                            "transparent_hugepage",
                                            "numa",
                                            "numa_balancing",
                                            "iommu",
                                            "intel_iommu",
                                            "amd_iommu",
                                            "pcie_aspm",
                                            "preempt",
                                            "clocksource",
                                            "tsc",
                                            "mem",
                                            "memmap",
                                            "cgroup_disable",
                                            "systemd.unified_cgroup_hierarchy",
                                            "pti",
                                            "nopti",
                                            "nospectre_v2",
                                            "init_on_alloc"};

Fact parameters_fact(const Files& files) {
  const std::string path = "/proc/cmdline";
  const Looked<std::string> line = files.read(path, std::size_t{64} << 10);
  if (!line) return missing_because(line, path);
  std::vector<std::string> chosen;
  for (const std::string_view word : split_words(*line)) {
    const std::string_view name = word.substr(0, word.find('='));
    if (std::find(std::begin(kParameters), std::end(kParameters), name) != std::end(kParameters)) {
      chosen.push_back(clean_utf8(word, 256));
    }
  }
  Fact fact = known_fact(std::move(chosen), path);
  fact.detail = "only parameters that change speed";
  return fact;
}

// "spectre_v2: Mitigation: Retpolines; IBPB: conditional"; what the processor is not affected by is left out.
Fact mitigations_fact(const Files& files) {
  const std::string directory = "/sys/devices/system/cpu/vulnerabilities";
  const Looked<std::vector<std::string>> names = files.list(directory);
  if (!names) return missing_because(names, directory, "the kernel lists none");
  std::vector<std::string> states;
  for (const std::string& name : *names) {
    const Looked<std::string> state = read_value(files, directory + "/" + name);
    if (!state) return missing_because(state, directory + "/" + name);
    if (*state != "Not affected") states.push_back(name + ": " + *state);
  }
  return known_fact(std::move(states), directory + "/*");
}
}  // namespace

void collect_kernel_tuning(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  const std::string thp = "/sys/kernel/mm/transparent_hugepage/";
  constexpr std::string_view kNoThp = "the kernel was built without transparent huge pages";
  facts["os.transparent_hugepages"] = chosen_fact(files, thp + "enabled", kNoThp);
  facts["os.transparent_hugepages.defrag"] = chosen_fact(files, thp + "defrag", kNoThp);
  facts["os.numa_balancing"] =
      switch_fact(files, "/proc/sys/kernel/numa_balancing", "the kernel was built without NUMA balancing");
  facts["os.zone_reclaim"] = integer_fact(files, "/proc/sys/vm/zone_reclaim_mode", "the kernel was built without NUMA");
  facts["os.address_randomization"] = integer_fact(files, "/proc/sys/kernel/randomize_va_space");
  facts["os.perf_event_paranoid"] =
      integer_fact(files, "/proc/sys/kernel/perf_event_paranoid", "the kernel was built without perf events");
  facts["os.kernel.parameters"] = parameters_fact(files);
  facts["os.mitigations"] = mitigations_fact(files);
}

}  // namespace varve
