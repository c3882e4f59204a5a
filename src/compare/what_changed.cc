#include "compare/what_changed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compare/not_measured.h"

namespace varve {

namespace {
constexpr std::size_t kLongest = 60;  // of a value in a title

std::string cut(const std::string& text) {
  if (text.size() <= kLongest) return text;
  std::size_t at = kLongest;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;  // not inside a character
  return text.substr(0, at) + "…";
}

// The arguments that are not the same in both commands, where they are as many.
std::string change_of_command(const Variant& a, const Variant& b) {
  std::vector<std::string> of_a, of_b;
  const std::size_t common = std::min(a.command.size(), b.command.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a.command[i] == b.command[i]) continue;
    // Of a program its name tells most, where the names are not the same.
    const bool by_name = i == 0 && file_name(a.command[i]) != file_name(b.command[i]);
    of_a.push_back(by_name ? file_name(a.command[i]) : a.command[i]);
    of_b.push_back(by_name ? file_name(b.command[i]) : b.command[i]);
  }
  for (std::size_t i = common; i < a.command.size(); ++i) of_a.push_back(a.command[i]);
  for (std::size_t i = common; i < b.command.size(); ++i) of_b.push_back(b.command[i]);
  const auto text = [](const std::vector<std::string>& words) {
    return words.empty() ? std::string("(nothing)") : cut(join(words, " "));
  };
  return text(of_a) + " → " + text(of_b);
}

// Two programs by their files; their digests stand in the table.
std::string change_of_program(const Variant& a, const Variant& b) {
  const std::string name_a = file_name(a.program), name_b = file_name(b.program);
  if (name_a.empty() || name_a != name_b) return cut(name_a) + " → " + cut(name_b);
  return "another build of " + cut(name_a);
}

std::string change_of_item(const Sides& sides, const ControlItem& item) {
  if (item.id == "program") return change_of_program(*sides.variant_a, *sides.variant_b);
  if (item.id == "command") return change_of_command(*sides.variant_a, *sides.variant_b);
  return fmt::format("{}: {} → {}", item_name(item), cut(item.a), cut(item.b));
}
}  // namespace

std::string change_of(const Sides& sides, const ControlVerdict& verdict) {
  std::vector<std::string> changes;
  for (const ControlItem& item : verdict.items) {
    if (item.state != ItemState::different) continue;
    const auto bundle = std::find_if(verdict.bundles.begin(), verdict.bundles.end(),
                                     [&](const Bundle& each) { return each.item == item.id; });
    changes.push_back(bundle != verdict.bundles.end() ? bundle->title : change_of_item(sides, item));
  }
  if (changes.empty()) return "";
  // What was meant to change comes first; more than two are counted.
  const std::string more = changes.size() > 2    ? fmt::format(" and {} more differences", changes.size() - 1)
                           : changes.size() == 2 ? "; " + changes[1]
                                                 : "";
  return changes[0] + more;
}

}  // namespace varve
