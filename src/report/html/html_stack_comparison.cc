// Two stacks beside each other by what they say: nothing was measured.
#include <fmt/format.h>

#include <algorithm>

#include "report/check_summary.h"
#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
void write_package_rows(HtmlWriter& out, const StackComparison& comparison, ItemState state) {
  ScrollTable table(out, "numbers", {"package", "A", "B"});
  Element body(out, "tbody");
  for (const PackageItem& item : comparison.packages) {
    if (item.state != state) continue;
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, item.name);
    for (const std::string* version : {&item.a, &item.b}) {
      out.leaf("td", {}, version->empty() ? "not listed" : *version);
    }
  }
}

void write_packages(HtmlWriter& out, const StackComparison& comparison) {
  if (comparison.packages.empty() && comparison.no_environment.empty()) return;
  Section section(out, "items-section", "Packages");
  if (!comparison.no_environment.empty()) {
    out.leaf("p", {{"class", "prose"}}, comparison.no_environment);
    return;
  }
  out.leaf("p", {{"class", "note"}}, fmt::format("Of {} and {}.", comparison.environment_a, comparison.environment_b));
  if (count_packages(comparison, ItemState::different) > 0) {
    write_package_rows(out, comparison, ItemState::different);
  }
  for (const auto& [state, words] : {std::pair(ItemState::unknown, "listed by one side only, or not to the end"),
                                     std::pair(ItemState::same, "the same")}) {
    const std::size_t count = count_packages(comparison, state);
    if (count == 0) continue;
    Element details(out, "details");
    out.leaf("summary", {}, fmt::format("{} {}", count, words));
    write_package_rows(out, comparison, state);
  }
}

void write_would_run(HtmlWriter& out, const StackComparison& comparison) {
  if (comparison.would_run.empty()) return;
  Section section(out, "items-section", fmt::format("Would the software of {} run on {}", comparison.a, comparison.b));
  ScrollTable table(out, "numbers", {"what", "it is", "why"});
  Element body(out, "tbody");
  for (const ConsumerVerdict& consumer : comparison.would_run) {
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, consumer.name);
    out.leaf("td", {}, std::string(to_string(consumer.state)));
    out.leaf("td", {}, why_of_consumer(consumer));
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
    for (const std::string& note : comparison.notes) out.leaf("p", {{"class", "note"}}, note);
  }
  write_would_run(out, comparison);
  write_items(out, comparison.items, comparison.bundles);
  write_packages(out, comparison);
  const std::string digest = digest_of_document(comparison);
  return make_page({.kind = "comparison",
                    .title = comparison.a + " → " + comparison.b,
                    .subtitle = "Two stacks, " + when_text(comparison.created_at),
                    .digest = digest,
                    .footer = {{"document", "sha256:" + digest}, {"compared by", "Varve " + comparison.tool_version}}},
                   out.take());
}

}  // namespace varve
