// Adapters of InfiniBand and RoCE: /sys/class/infiniband, which the kernel's RDMA core makes (Documentation/ABI/stable/
// sysfs-class-infiniband). A container shows those of the host.
#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "model/hardware/rdma_adapter.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kDirectory = "/sys/class/infiniband";

// "4: ACTIVE", "InfiniBand", "400 Gb/sec (4X NDR)". The first port that is up speaks for the adapter.
RdmaAdapter read_adapter(const Files& files, const std::string& name) {
  RdmaAdapter adapter{.name = clean_utf8(name, 64), .link_layer = {}, .gigabits = {}, .is_down = true};
  const std::string ports = std::string(kDirectory) + "/" + name + "/ports";
  for (const std::string& port : files.list(ports).value.value_or(std::vector<std::string>{})) {
    const std::string path = ports + "/" + port;
    const Looked<std::string> link = read_value(files, path + "/link_layer");
    if (link && adapter.link_layer.empty()) adapter.link_layer = clean_utf8(*link, 32);
    const Looked<std::string> state = read_value(files, path + "/state");
    if (!state || state->find("ACTIVE") == std::string::npos) continue;
    adapter.is_down = false;
    if (link) adapter.link_layer = clean_utf8(*link, 32);
    const Looked<std::string> rate = read_value(files, path + "/rate");
    const auto number = rate ? parse_integer(rate->substr(0, rate->find_first_not_of("0123456789"))) : std::nullopt;
    if (number) adapter.gigabits = static_cast<int>(*number);
    break;
  }
  return adapter;
}
}  // namespace

void collect_rdma(const Subject& subject, Facts& facts) {
  const Files& files = subject.world.files;
  const Looked<std::vector<std::string>> names = files.list(kDirectory);
  if (!names || names->empty()) {
    facts[kRdmaAdapters] = names ? missing_fact(Missing::absent, kDirectory, "it is empty")
                                 : missing_because(names, kDirectory, "no adapter of InfiniBand or RoCE");
    return;
  }
  std::vector<std::string> texts;
  for (const std::string& name : *names) texts.push_back(rdma_adapter_text(read_adapter(files, name)));
  facts[kRdmaAdapters] = known_fact(std::move(texts), kDirectory);
}

}  // namespace varve
