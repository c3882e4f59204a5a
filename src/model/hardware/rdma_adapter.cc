#include "model/hardware/rdma_adapter.h"

#include <fmt/format.h>

#include "base/text.h"

namespace varve {

std::string rdma_adapter_text(const RdmaAdapter& adapter) {
  std::string text = adapter.name;
  if (!adapter.link_layer.empty()) text += ", " + adapter.link_layer;
  if (adapter.is_down) return text + ", down";
  return adapter.gigabits ? fmt::format("{}, {} Gb/s", text, *adapter.gigabits) : text;
}

RdmaAdapter rdma_adapter_from(const std::string& text) {
  RdmaAdapter adapter;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view word = trim(part);
    if (adapter.name.empty()) {
      adapter.name = word;
    } else if (word == "down") {
      adapter.is_down = true;
    } else if (word.ends_with(" Gb/s")) {
      const auto number = parse_integer(word.substr(0, word.size() - 5));
      if (number) adapter.gigabits = static_cast<int>(*number);
    } else {
      adapter.link_layer = word;
    }
  }
  return adapter;
}

}  // namespace varve
