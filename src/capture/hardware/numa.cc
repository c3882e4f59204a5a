#include <algorithm>

#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

void collect_numa(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  const std::string directory = "/sys/devices/system/node";
  const std::string online_path = directory + "/online";
  const Looked<std::string> online = read_value(files, online_path);
  const auto count = online ? count_list(*online) : std::nullopt;
  if (!count) {
    const Fact missing = online ? missing_fact(Missing::unreadable, online_path, "not a list: " + *online)
                                : missing_because(online, online_path, "the kernel knows no NUMA nodes");
    facts["numa.nodes"] = missing;
    facts["numa.cpus"] = missing;
    return;
  }
  facts["numa.nodes"] = known_fact(*count, online_path);
  std::vector<std::pair<std::int64_t, std::string>> nodes;
  for (const std::string& name : files.list(directory).value.value_or(std::vector<std::string>{})) {
    if (!name.starts_with("node")) continue;
    const auto number = first_of_list(std::string_view(name).substr(4));
    if (!number) continue;
    const std::string path = directory + "/" + name + "/cpulist";
    const Looked<std::string> cpus = files.read(path);
    if (!cpus) {
      facts["numa.cpus"] = missing_because(cpus, path);
      return;
    }
    const std::string_view list = trim(*cpus);  // empty for a node of memory alone
    nodes.emplace_back(*number, name.substr(4) + ": " + (list.empty() ? "none" : clean_utf8(list)));
  }
  std::sort(nodes.begin(), nodes.end());
  std::vector<std::string> texts;
  for (auto& [number, text] : nodes) texts.push_back(std::move(text));
  facts["numa.cpus"] = known_fact(std::move(texts), directory + "/node*/cpulist");
}

}  // namespace varve
