#include <fmt/format.h>

#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
bool is_quiet(const ControlItem& item) {
  return item.state == ItemState::same || item.state == ItemState::shared || item.state == ItemState::not_applicable;
}

std::string word_of(ItemState state) {
  switch (state) {
    case ItemState::follows:
      return "follows from it";
    case ItemState::shared:
      return "same: one machine";
    case ItemState::not_applicable:
      return "not applicable";
    default:
      return std::string(to_string(state));
  }
}

void write_item(HtmlWriter& out, const ControlItem& item) {
  Element row(out, "tr", {{"class", "state-" + std::string(to_string(item.state))}});
  out.leaf("th", {{"scope", "row"}, {"title", item.id}}, shown_item_name(item));
  if (is_quiet(item) && item.a == item.b) {
    out.leaf("td", {{"colspan", "2"}, {"data-name", "both"}}, item.a);
  } else {
    out.leaf("td", {{"data-name", "A"}}, item.a);
    out.leaf("td", {{"data-name", "B"}}, item.b);
  }
  Element state(out, "td", {{"class", "state"}});
  out.leaf("span", {{"class", "sign"}}, state_sign(item.state));
  out.text(word_of(item.state));
}

void write_group(HtmlWriter& out, const std::string& title, const std::vector<const ControlItem*>& items) {
  if (items.empty()) return;
  Element body(out, "tbody");
  {
    Element row(out, "tr", {{"class", "group"}});
    out.leaf("th", {{"colspan", "4"}, {"scope", "rowgroup"}}, title);
  }
  for (const ControlItem* item : items) write_item(out, *item);
}

using IsShown = bool (*)(const ControlItem&);

// Libraries that came with a setting or a command: one line to open, so that the account is not far below.
bool is_library_that_came(const ControlItem& item) {
  return item.state == ItemState::follows && item.id.starts_with("library.");
}
bool is_loud(const ControlItem& item) { return !is_quiet(item) && !is_library_that_came(item); }

void write_table(HtmlWriter& out, const std::vector<ControlItem>& items, IsShown is_shown) {
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "items"}});
  {
    Element head(out, "thead");
    Element row(out, "tr");
    out.leaf("th", {{"scope", "col"}}, "what");
    for (const auto& [side, name] : {std::pair{SideMark::a, "A"}, std::pair{SideMark::b, "B"}}) {
      Element cell(out, "th", {{"scope", "col"}});
      write_side(out, side, name);
    }
    out.leaf("th", {{"scope", "col"}}, "");
  }
  std::vector<const ControlItem*> under_test;
  for (const ControlItem& item : items) {
    if (item.under_test && is_shown(item)) under_test.push_back(&item);
  }
  write_group(out, "under test", under_test);
  for (int layer = 0; layer <= static_cast<int>(Layer::kernels); ++layer) {
    std::vector<const ControlItem*> of_layer;
    for (const ControlItem& item : items) {
      if (static_cast<int>(item.layer) == layer && !item.under_test && is_shown(item)) of_layer.push_back(&item);
    }
    write_group(out, layer_title(static_cast<Layer>(layer)), of_layer);
  }
}
// The layers of the stack from top to bottom: what moved, what did not, what is unknown.
void write_layers(HtmlWriter& out, const std::vector<ControlItem>& items) {
  Element list(out, "ul", {{"class", "layers"}});
  for (int layer = static_cast<int>(Layer::kernels); layer >= 0; --layer) {
    std::size_t moved = 0, unknown = 0, all = 0;
    for (const ControlItem& item : items) {
      if (static_cast<int>(item.layer) != layer || item.state == ItemState::not_applicable) continue;
      ++all;
      moved += item.state == ItemState::different || item.state == ItemState::follows ? 1 : 0;
      unknown += item.state == ItemState::unknown ? 1 : 0;
    }
    if (all == 0) continue;
    const char* state = moved > 0 ? "moved" : unknown > 0 ? "unknown" : "same";
    Element line(out, "li", {{"class", state}});
    out.leaf("span", {{"class", "layer-name"}}, layer_title(static_cast<Layer>(layer)));
    std::string counts = moved > 0 ? fmt::format("≠ {} of {} moved", moved, all) : "= the same";
    if (unknown > 0) counts = (moved > 0 ? counts + ", " : "") + fmt::format("? {} of {} unknown", unknown, all);
    out.leaf("span", {}, counts);
  }
}

void write_bundle(HtmlWriter& out, const Bundle& bundle) {
  if (bundle.members.size() < 2 && bundle.unknown.empty()) return;
  out.leaf("h3", {}, bundle.title);
  if (!bundle.unknown.empty()) {
    out.leaf("p", {{"class", "prose"}}, "What is in it is not known: " + bundle.unknown + ".");
    return;
  }
  out.leaf("p", {{"class", "prose"}},
           fmt::format("{} components moved together. No member of the bundle is established as the cause of a change: "
                       "exchange them one at a time to tell them apart.",
                       bundle.members.size()));
  Element details(out, "details");
  out.leaf("summary", {}, count_text(bundle.members.size(), "member", "members"));
  ScrollTable table(out, "numbers bundle", {"what", "A", "B", ""});
  Element body(out, "tbody");
  for (const BundleMember& member : bundle.members) {
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, member.name);
    out.leaf("td", {}, member.a.empty() ? "not there" : member.a);
    out.leaf("td", {}, member.b.empty() ? "not there" : member.b);
    out.leaf("td", {}, member.because.empty() ? "" : "came along with " + member.because);
  }
}
}  // namespace

void write_items(HtmlWriter& out, const std::vector<ControlItem>& items, const std::vector<Bundle>& bundles) {
  Section section(out, "items-section", "What is the same, what differs");
  out.leaf("p", {{"class", "lead"}}, difference_sentence(items));
  std::size_t quiet = 0, inapplicable = 0, shared = 0, came = 0;
  for (const ControlItem& item : items) {
    quiet += is_quiet(item) ? 1 : 0;
    came += is_library_that_came(item) ? 1 : 0;
    inapplicable += item.state == ItemState::not_applicable ? 1 : 0;
    shared += item.state == ItemState::shared ? 1 : 0;
  }
  if (shared > 0) {
    out.leaf("p", {{"class", "note"}},
             "Both sides ran in turns on one machine: what the machine is, known or not, cannot differ between them.");
  }
  write_layers(out, items);
  for (const Bundle& bundle : bundles) write_bundle(out, bundle);
  if (quiet + came < items.size()) write_table(out, items, is_loud);
  if (came > 0) {
    Element details(out, "details");
    out.leaf("summary", {}, count_text(came, "library follows from it", "libraries follow from it"));
    write_table(out, items, is_library_that_came);
  }
  if (quiet == 0) return;
  Element details(out, "details");
  std::string summary = count_text(quiet - inapplicable, "item is the same", "items are the same");
  if (inapplicable > 0) summary += fmt::format(", {} not apply", count_text(inapplicable, "does", "do"));
  out.leaf("summary", {}, summary);
  write_table(out, items, is_quiet);
}

}  // namespace varve
