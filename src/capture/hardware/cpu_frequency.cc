#include <algorithm>

#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kCpufreq = "/sys/devices/system/cpu/cpufreq";
constexpr std::string_view kNoControl = "the kernel offers no frequency control, as in most virtual machines";

// The different values that one file has over all policies, in order of appearance.
Looked<std::vector<std::string>> policy_values(const Files& files, const std::vector<std::string>& policies,
                                               const std::string& name) {
  std::vector<std::string> values;
  Looked<std::string> failure{std::nullopt, LookFailure::absent, std::string(kNoControl)};
  for (const std::string& policy : policies) {
    Looked<std::string> value = read_value(files, std::string(kCpufreq) + "/" + policy + "/" + name);
    if (!value) {
      failure = std::move(value);
    } else if (std::find(values.begin(), values.end(), *value) == values.end()) {
      values.push_back(*value);
    }
  }
  if (values.empty()) return {std::nullopt, failure.failure, failure.detail};
  return {std::move(values), {}, {}};
}

Fact text_fact(const Files& files, const std::vector<std::string>& policies, const std::string& name) {
  const std::string source = std::string(kCpufreq) + "/policy*/" + name;
  const auto values = policy_values(files, policies, name);
  return values ? known_fact(join(*values, ", "), source) : missing_because(values, source, kNoControl);
}

Fact maximum_fact(const Files& files, const std::vector<std::string>& policies) {
  const std::string source = std::string(kCpufreq) + "/policy*/cpuinfo_max_freq";
  const auto values = policy_values(files, policies, "cpuinfo_max_freq");
  if (!values) return missing_because(values, source, kNoControl);
  std::int64_t most = 0;
  for (const std::string& value : *values) most = std::max(most, parse_integer(value).value_or(0));
  if (most <= 0) return missing_fact(Missing::unreadable, source, "not a frequency: " + join(*values, ", "));
  return known_fact(most * 1000, source);  // the kernel writes kHz
}

// cpufreq's switch says 1 for on; intel_pstate has its own, the other way round.
Fact boost_fact(const Files& files) {
  const std::string boost = std::string(kCpufreq) + "/boost";
  const std::string no_turbo = "/sys/devices/system/cpu/intel_pstate/no_turbo";
  const Looked<std::string> by_cpufreq = read_value(files, boost);
  if (by_cpufreq) return known_fact(*by_cpufreq == "1" ? "on" : *by_cpufreq == "0" ? "off" : *by_cpufreq, boost);
  const Looked<std::string> by_pstate = read_value(files, no_turbo);
  if (by_pstate) return known_fact(*by_pstate == "0" ? "on" : *by_pstate == "1" ? "off" : *by_pstate, no_turbo);
  return missing_because(by_cpufreq, boost, kNoControl);
}
}  // namespace

void collect_cpu_frequency(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  std::vector<std::string> policies = files.list(kCpufreq).value.value_or(std::vector<std::string>{});
  std::erase_if(policies, [](const std::string& name) { return !name.starts_with("policy"); });
  facts["cpu.frequency.driver"] = text_fact(files, policies, "scaling_driver");
  facts["cpu.frequency.governor"] = text_fact(files, policies, "scaling_governor");
  facts["cpu.frequency.boost"] = boost_fact(files);
  facts["cpu.frequency.maximum"] = maximum_fact(files, policies);
}

}  // namespace varve
