#include <fmt/format.h>

#include "report/text/text_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kFewMembers = 2, kFewLeaders = 3;

std::string member_words(const BundleMember& member) {
  if (member.a.empty()) return member.name + " " + member.b + " in B only";
  if (member.b.empty()) return member.name + " " + member.a + " in A only";
  return member.name + " " + member.a + " → " + member.b;
}

// "torch 2.1.2 → 2.15.0 (with it came triton 2.1.0 → 3.9.0 and 30 more)"
std::string leader_words(const Bundle& bundle, const BundleMember& leader, bool explain) {
  std::vector<std::string> exchanged, one_sided;
  for (const BundleMember& member : bundle.members) {
    if (member.because != leader.name) continue;
    (member.a.empty() || member.b.empty() ? one_sided : exchanged).push_back(member_words(member));
  }
  exchanged.insert(exchanged.end(), one_sided.begin(), one_sided.end());
  if (exchanged.empty()) return member_words(leader);
  return fmt::format("{} (with it came {})", member_words(leader),
                     list_text(exchanged, explain ? exchanged.size() : kFewMembers));
}
}  // namespace

std::string text_bundles(const std::vector<Bundle>& bundles, bool explain, const TextStyle& style) {
  std::string out;
  for (const Bundle& bundle : bundles) {
    if (!bundle.unknown.empty()) {
      out += paragraph(fmt::format("What is in the {} is not known: {}.", bundle.item, bundle.unknown), 2, Tone::plain,
                       style);
    }
    if (bundle.members.size() < 2) continue;
    std::vector<std::string> leaders;
    for (const BundleMember& member : bundle.members) {
      if (member.because.empty()) leaders.push_back(leader_words(bundle, member, explain));
    }
    const std::string where = bundle.item == "image"               ? "image"
                              : bundle.item.starts_with("toolkit") ? "toolkit"
                              : bundle.item.starts_with("driver")  ? "driver"
                                                                   : "bundle";
    out += paragraph(fmt::format("In the {}: {}.", where, list_text(leaders, explain ? leaders.size() : kFewLeaders)),
                     2, Tone::plain, style);
  }
  return out;
}

}  // namespace varve
