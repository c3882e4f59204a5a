#include "rules/speed/speed_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/text.h"

namespace varve {

namespace {
std::string numbered_gpu(const Situation& situation, std::size_t index) {
  const std::vector<std::string> models = list_of(situation, "gpu.models");
  return fmt::format("GPU {}{}", index, index < models.size() ? " (" + models[index] + ")" : "");
}

// The number at the start of "700 W" or "1980 MHz", or behind a word.
std::optional<double> number_in(std::string_view text, std::string_view word = {}) {
  const std::size_t at = word.empty() ? 0 : text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  text = trim(text.substr(at + word.size()));
  return parse_number(text.substr(0, text.find_first_not_of("0123456789.")));
}

// CPUs that the process may use at once: the set it is bound to, else those that are online.
std::optional<double> usable_cpus(const Situation& situation) {
  for (const char* id : {"process.affinity", "cgroup.cpuset"}) {
    const std::optional<std::string> list = text_of(situation, id);
    if (!list) continue;
    double count = 0;
    for (const std::string_view piece : split(*list, ',')) {
      const std::size_t dash = piece.find('-');
      const auto first = parse_integer(trim(piece.substr(0, dash)));
      const auto last = dash == std::string_view::npos ? first : parse_integer(trim(piece.substr(dash + 1)));
      if (!first || !last || *last < *first) return number_of(situation, "cpu.threads");
      count += static_cast<double>(*last - *first + 1);
    }
    if (count > 0) return count;
  }
  return number_of(situation, "cpu.threads");
}

std::string gibibytes(double bytes) { return fmt::format("{:.1f} GiB", bytes / (1024.0 * 1024 * 1024)); }
}  // namespace

std::vector<Found> slow_governor(const Situation& situation) {
  const std::string governor = text_of(situation, "cpu.frequency.governor").value_or("");
  if (governor.find("powersave") == std::string::npos && governor.find("conservative") == std::string::npos) return {};
  const std::string driver = text_of(situation, "cpu.frequency.driver").value_or("");
  // intel_pstate and amd-pstate choose the frequency themselves: their powersave is the ordinary setting.
  const bool chooses = driver.find("pstate") != std::string::npos && driver != "intel_cpufreq";
  Found found{.evidence = fmt::format("The frequency governor is {} (driver {})", governor,
                                      driver.empty() ? "not known" : driver)};
  if (chooses) {
    found.consequence =
        "The processor decides its frequency by load; single short kernels may start below the highest clock";
  } else if (governor.find("powersave") != std::string::npos) {
    found.severity = Severity::warning;
    found.consequence = "The processor stays at its lowest clock";
  }
  return {std::move(found)};
}

std::vector<Found> power_below_default(const Situation& situation) {
  const std::vector<std::string> now = list_of(situation, "gpu.power_limit");
  const std::vector<std::string> delivered = list_of(situation, "gpu.power_limit_default");
  std::vector<Found> found;
  for (std::size_t i = 0; i < std::min(now.size(), delivered.size()); ++i) {
    const auto watts = number_in(now[i]), most = number_in(delivered[i]);
    if (!watts || !most || *watts >= *most) continue;
    found.push_back({.evidence = fmt::format("{} is limited to {}, {} as delivered", numbered_gpu(situation, i), now[i],
                                             delivered[i])});
  }
  return found;
}

std::vector<Found> ecc_unlike(const Situation& situation) {
  const std::vector<std::string> modes = list_of(situation, "gpu.ecc");
  const std::set<std::string> different(modes.begin(), modes.end());
  const bool pending = std::any_of(modes.begin(), modes.end(), [](const std::string& mode) {
    return mode.find("after a reset") != std::string::npos;
  });
  if (different.size() < 2 && !pending) return {};
  return {{.evidence = "ECC of GPU memory is " + join(modes, ", ")}};
}

std::vector<Found> partitioned_gpus(const Situation& situation) {
  const std::vector<std::string> modes = list_of(situation, "gpu.mig");
  std::vector<std::string> partitioned;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (modes[i].starts_with("enabled")) partitioned.push_back(numbered_gpu(situation, i));
  }
  if (partitioned.empty()) return {};
  return {{.evidence = join(partitioned, ", ") + (partitioned.size() == 1 ? " is" : " are") + " partitioned (MIG)"}};
}

std::vector<Found> clocks_below_best(const Situation& situation) {
  const std::vector<std::string> clocks = list_of(situation, "gpu.application_clocks");
  const std::vector<std::string> best = list_of(situation, "gpu.clock_sm_max");
  std::vector<Found> found;
  for (std::size_t i = 0; i < std::min(clocks.size(), best.size()); ++i) {
    const auto now = number_in(clocks[i], "SM"), most = number_in(best[i]);
    if (!now || !most || *now >= *most) continue;
    found.push_back({.evidence = fmt::format("{} has application clocks of {}; the highest SM clock is {}",
                                             numbered_gpu(situation, i), clocks[i], best[i])});
  }
  return found;
}

std::vector<Found> link_below_best(const Situation& situation) {
  const std::vector<std::string> now = list_of(situation, "gpu.pcie"), best = list_of(situation, "gpu.pcie_max");
  std::vector<Found> found;
  for (std::size_t i = 0; i < std::min(now.size(), best.size()); ++i) {
    const auto lanes = number_in(now[i], "x"), most = number_in(best[i], "x");
    if (!lanes || !most || *lanes >= *most) continue;
    found.push_back(
        {.evidence = fmt::format("{} is linked by PCIe {}, at best {}", numbered_gpu(situation, i), now[i], best[i])});
  }
  return found;
}

std::vector<Found> cpu_quota_below_cpus(const Situation& situation) {
  const std::optional<double> quota = number_of(situation, "cgroup.cpu_quota");
  const std::optional<double> cpus = usable_cpus(situation);
  if (!quota || !cpus || *quota >= *cpus) return {};
  Found found{.evidence =
                  fmt::format("The cgroup grants {:g} CPUs of time, and {:g} CPUs are to be seen", *quota, *cpus)};
  const std::optional<std::string> threads = setting_of(situation, "OMP_NUM_THREADS");
  const auto asked = threads ? parse_number(*threads) : std::nullopt;
  if (asked && *asked <= std::ceil(*quota)) {
    found.consequence =
        "Programs that ask OMP_NUM_THREADS (" + *threads + ") stay within it; others start more threads";
  }
  return {std::move(found)};
}

std::vector<Found> memory_limited(const Situation& situation) {
  const std::optional<double> limit = number_of(situation, "cgroup.memory_limit");
  const std::optional<double> total = number_of(situation, "memory.total");
  if (!limit || !total || *limit >= *total) return {};
  return {{.evidence = fmt::format("The cgroup grants {} of {} of memory", gibibytes(*limit), gibibytes(*total))}};
}

std::vector<Found> threads_unlike_cpus(const Situation& situation) {
  const std::optional<double> cpus = usable_cpus(situation);
  if (!cpus) return {};
  std::vector<Found> found;
  for (const char* name : {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"}) {
    const std::optional<std::string> value = setting_of(situation, name);
    const auto threads = value ? parse_integer(trim(*value)) : std::nullopt;
    if (!threads || *threads <= 0) continue;
    const auto count = static_cast<double>(*threads);
    if (count == 1 && *cpus > 1) {
      found.push_back({.evidence = fmt::format("{}=1, and {:g} CPUs may be used", name, *cpus)});
    } else if (count > *cpus) {
      found.push_back({.evidence = fmt::format("{}={}, and only {:g} CPUs may be used", name, *threads, *cpus),
                       .consequence = "Threads wait for each other: slower than with as many threads as CPUs"});
    }
  }
  return found;
}

}  // namespace varve
