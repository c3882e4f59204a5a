// What a plan declares, as control items: the values that it scans, and what its protocol says of caches, clients and
// the lines around units.
#include "base/text.h"
#include "compare/items/command_difference.h"
#include "compare/items/items.h"

namespace varve {

namespace {
constexpr const char* kNotNamed = "(not named)";

// What nobody named may be the same or not.
ControlItem named_item(const char* id, const char* title, const std::string& a, const std::string& b) {
  ItemState state = ItemState::different;
  if (a == b) state = ItemState::same;
  if (a.empty() || b.empty()) state = ItemState::unknown;
  return {id, Layer::settings, title, a.empty() ? kNotNamed : a, b.empty() ? kNotNamed : b, state, false};
}

// A line of the shell stands before units or it does not: none is as known as one.
ControlItem line_item(const char* id, const char* title, const std::string& a, const std::string& b) {
  const char* none = "(none)";
  return {id,
          Layer::settings,
          title,
          a.empty() ? none : a,
          b.empty() ? none : b,
          a == b ? ItemState::same : ItemState::different,
          false};
}
}  // namespace

void add_scanned_items(const Sides& sides, std::vector<ControlItem>& items) {
  if (!differs_by_scan_alone(sides)) return;
  const ScannedValues& a = sides.variant_a->scanned;
  const ScannedValues& b = sides.variant_b->scanned;
  for (const auto& [name, value] : a.values) {
    const std::string& other = b.values.at(name);
    if (value != other) {
      items.push_back({"scanned." + name, Layer::settings, name, value, other, ItemState::different, false});
    }
  }
}

void add_protocol_items(const Sides& sides, std::vector<ControlItem>& items) {
  if (sides.one_document) return;
  const Protocol& a = sides.run_a->protocol;
  const Protocol& b = sides.run_b->protocol;
  if (!a.cache_state.empty() || !b.cache_state.empty()) {
    items.push_back(named_item("protocol.cache", "cache state", a.cache_state, b.cache_state));
  }
  if (!a.client_path.empty() || !b.client_path.empty()) {
    items.push_back(named_item("protocol.client", "path of clients", a.client_path, b.client_path));
  }
  if (!a.rules.prepare.empty() || !b.rules.prepare.empty()) {
    items.push_back(line_item("protocol.prepare", "line before each unit", a.rules.prepare, b.rules.prepare));
  }
  if (!a.rules.cleanup.empty() || !b.rules.cleanup.empty()) {
    items.push_back(line_item("protocol.cleanup", "line after each unit", a.rules.cleanup, b.rules.cleanup));
  }
}

}  // namespace varve
