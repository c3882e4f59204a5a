// Two stacks beside each other by what they say: nothing was measured.
#include <fmt/format.h>

#include "report/check_summary.h"
#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
// Facts, settings and the packages of the two environments, as items of one picture.
std::vector<ControlItem> all_items(const StackComparison& comparison) {
  std::vector<ControlItem> items = comparison.items;
  const auto shown = [](const std::string& version) { return version.empty() ? std::string("not listed") : version; };
  for (const PackageItem& package : comparison.packages) {
    items.push_back({.id = "package." + package.name,
                     .layer = Layer::framework,
                     .title = package.name,
                     .a = shown(package.a),
                     .b = shown(package.b),
                     .state = package.state});
  }
  return items;
}

void write_would_run(HtmlWriter& out, const StackComparison& comparison) {
  if (comparison.would_run.empty()) return;
  Section section(out, "items-section", fmt::format("Would the software of {} run on {}", comparison.a, comparison.b));
  for (const ConsumerVerdict& consumer : comparison.would_run) {
    const std::string why = why_of_consumer(consumer);
    out.leaf("p", {{"class", "prose"}},
             fmt::format("{}: {}{}", consumer.name, to_string(consumer.state), why.empty() ? "" : "; " + why));
  }
}
}  // namespace

std::string html_page(const StackComparison& comparison) {
  HtmlWriter out;
  {
    Element section(out, "section", {{"class", "verdict"}});
    out.leaf("p", {{"class", "verdict-sentence"}}, comparison.verdict);
    for (const auto& [mark, side] : {std::pair(SideMark::a, &comparison.a), std::pair(SideMark::b, &comparison.b)}) {
      Element line(out, "p", {{"class", "note"}});
      write_side(out, mark, *side);
    }
    if (!comparison.environment_a.empty()) {
      out.leaf("p", {{"class", "note"}},
               fmt::format("Packages of {} and {}.", comparison.environment_a, comparison.environment_b));
    }
    if (!comparison.no_environment.empty()) out.leaf("p", {{"class", "note"}}, comparison.no_environment);
    for (const std::string& note : comparison.notes) out.leaf("p", {{"class", "note"}}, note);
  }
  write_would_run(out, comparison);
  write_items(out, all_items(comparison), comparison.bundles);
  const std::string digest = digest_of_document(comparison), sides = comparison.a + " → " + comparison.b;
  // What changed says more than what the files are called, which stands below it.
  return make_page({.kind = "comparison",
                    .title = comparison.bundles.empty() ? sides : comparison.bundles.front().title,
                    .subtitle = "Two stacks, " + when_text(comparison.created_at),
                    .digest = digest,
                    .footer = {{"document", "sha256:" + digest}, {"compared by", "Varve " + comparison.tool_version}}},
                   out.take());
}

}  // namespace varve
