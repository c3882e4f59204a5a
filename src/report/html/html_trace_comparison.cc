// Two traces beside each other: what changed, and how it adds up.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/traces/trace_comparison_words.h"

namespace varve {

namespace {
constexpr std::size_t kMostOperationRows = 40, kMostStoryRows = 200;
constexpr double kOneNanosecond = 1e-9;

TimeUnit page_unit(const TraceComparison& comparison) {
  const TraceSideSummary &a = comparison.a, &b = comparison.b;
  TimeUnit unit = time_unit_for(
      std::max({for_one(a.window_ns, a), for_one(b.window_ns, b), for_one(a.items_ns, a), for_one(b.items_ns, b)}) *
      kOneNanosecond);
  unit.decimals = 3;
  return unit;
}

void write_window_picture(HtmlWriter& out, const TraceComparison& comparison, const TimeUnit& unit) {
  std::vector<WaterfallRow> rows;
  double reached = 0;
  for (const AccountLine& line : comparison.lines) {
    const double change = change_of(comparison, line.a_ns, line.b_ns) * kOneNanosecond, end = reached + change;
    rows.push_back({account_line_title(line.kind, comparison.of_operations),
                    "",
                    {.start = reached, .end = end, .interval = {end, end}},
                    change});
    reached = end;
  }
  rows.push_back(
      {"the window", "", {.start = 0, .end = reached, .interval = {reached, reached}, .is_total = true}, reached});
  write_waterfall(out, rows, unit,
                  "The change of the window, B − A, in steps: each bar starts where the one above it ends, so that "
                  "they close to the total. To the right: more time in B; to the left: less.");
}

constexpr std::array kRankColumns = {"window", "kernels", "collectives", "of that waiting"};

void write_amounts(HtmlWriter& out, const TraceComparison& comparison, const TimeUnit& unit, std::int64_t a_ns,
                   std::int64_t b_ns) {
  // On a narrow screen the head is not shown, and each number says what it is.
  const auto write = [&](const std::string& name, const std::string& text) {
    out.leaf("td", {{"class", "number"}, {"data-name", name}}, text);
  };
  write("A, " + unit.name, unit.text(for_one(a_ns, comparison.a) * kOneNanosecond));
  write("B, " + unit.name, unit.text(for_one(b_ns, comparison.b) * kOneNanosecond));
  write("B − A", unit.signed_text(change_of(comparison, a_ns, b_ns) * kOneNanosecond));
}

// The head of a table: the amounts and what else there is.
void write_amounts_head(HtmlWriter& out, const TimeUnit& unit, const std::vector<std::string>& others) {
  Element head(out, "thead");
  Element row(out, "tr");
  for (const std::string& title : {"A, " + unit.name, "B, " + unit.name, std::string("B − A")}) {
    out.leaf("th", {{"scope", "col"}, {"class", "number"}}, title);
  }
  for (const std::string& title : others) out.leaf("th", {{"scope", "col"}}, title);
}

std::string both_text(std::uint64_t a, std::uint64_t b) {
  return a == b ? fmt::format("{}", a) : fmt::format("{} → {}", a, b);
}

void write_lines(HtmlWriter& out, const TraceComparison& comparison, const TimeUnit& unit) {
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table changes-table"}});
  write_amounts_head(out, unit, {"items", "part"});
  Element body(out, "tbody");
  std::int64_t a_ns = 0, b_ns = 0;
  for (const AccountLine& line : comparison.lines) {
    Element row(out, "tr");
    write_amounts(out, comparison, unit, line.a_ns, line.b_ns);
    out.leaf("td", {{"class", "short"}, {"data-name", "items"}},
             line.a_items + line.b_items == 0 ? "" : both_text(line.a_items, line.b_items));
    out.leaf("td", {{"class", "what"}}, account_line_title(line.kind, comparison.of_operations));
    a_ns += line.a_ns, b_ns += line.b_ns;
  }
  Element row(out, "tr", {{"class", "total"}});
  write_amounts(out, comparison, unit, a_ns, b_ns);
  out.leaf("td", {}, "");
  out.leaf("td", {{"class", "what"}}, "in all");
}

void write_operations(HtmlWriter& out, const TraceComparison& comparison, const TimeUnit& unit) {
  Section section(out, "kernels", "Operations, by change");
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table changes-table"}});
  write_amounts_head(out, unit, {"operation"});
  Element body(out, "tbody");
  const std::size_t shown = std::min(comparison.operations.size(), kMostOperationRows);
  for (std::size_t i = 0; i < shown; ++i) {
    const OperationChange& operation = comparison.operations[i];
    Element row(out, "tr");
    write_amounts(out, comparison, unit, operation.a_ns, operation.b_ns);
    Element cell(out, "td", {{"class", "name"}});
    out.leaf("code", {}, operation_title(comparison, operation));
  }
}

void write_stories(HtmlWriter& out, const TraceComparison& comparison, const TimeUnit& unit) {
  constexpr std::size_t kNameColumns = 60;
  const std::vector<ExchangeStory> stories = exchange_stories(comparison);
  const ShownNames names = names_of_stories(stories, kMostStoryRows, kNameColumns);
  Section section(out, "kernels", "What ran, by change");
  {
    Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
    Element table(out, "table", {{"class", "numbers kernels-table changes-table"}});
    write_amounts_head(out, unit, {"times", "", "what"});
    Element body(out, "tbody");
    for (std::size_t i = 0; i < std::min(stories.size(), kMostStoryRows); ++i) {
      const ExchangeStory& story = stories[i];
      Element row(out, "tr");
      write_amounts(out, comparison, unit, story.a_ns, story.b_ns);
      out.leaf("td", {{"class", "short"}, {"data-name", "times"}}, both_text(story.a_times, story.b_times));
      out.leaf("td", {{"class", "short"}}, story_title(story));
      Element cell(out, "td", {{"class", "name"}, {"title", story.a == story.b ? story.a : story.a + " → " + story.b}});
      out.leaf("code", {},
               story_label(story, kNameColumns, story.exchange == Exchange::replaced ? ShownNames() : names));
      if (!story.operation.empty() && !story.of_operations) out.leaf("small", {}, story.operation);
    }
  }
  if (stories.size() > kMostStoryRows) {
    out.leaf("p", {{"class", "note"}}, fmt::format("{} more: in the document.", stories.size() - kMostStoryRows));
  }
}

void write_ranks(HtmlWriter& out, const TraceComparison& comparison) {
  std::int64_t largest = 0;
  for (const RankChange& rank : comparison.ranks) largest = std::max({largest, rank.a_window_ns, rank.b_window_ns});
  const TimeUnit unit = time_unit_for(static_cast<double>(largest) * kOneNanosecond);
  const auto text = [&](std::int64_t ns) {
    return ns < 0 ? std::string("not known") : unit.text(static_cast<double>(ns) * kOneNanosecond);
  };
  Section section(out, "kernels", "Ranks");
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table changes-table"}});
  {
    Element head(out, "thead");
    Element row(out, "tr");
    out.leaf("th", {{"scope", "col"}}, "rank");
    for (const char* title : kRankColumns) {
      out.leaf("th", {{"scope", "col"}, {"class", "number"}}, fmt::format("{}, {}", title, unit.name));
    }
  }
  Element body(out, "tbody");
  for (const RankChange& rank : comparison.ranks) {
    Element row(out, "tr");
    out.leaf("td", {{"class", "name"}}, rank_title(rank));
    std::size_t column = 0;
    for (const auto& [a_ns, b_ns] :
         {std::pair(rank.a_window_ns, rank.b_window_ns), std::pair(rank.a_items_ns, rank.b_items_ns),
          std::pair(rank.a_collective_ns, rank.b_collective_ns), std::pair(rank.a_waiting_ns, rank.b_waiting_ns)}) {
      out.leaf("td", {{"class", "number"}, {"data-name", kRankColumns[column++]}}, text(a_ns) + " → " + text(b_ns));
    }
  }
}

void write_measures(HtmlWriter& out, const TraceComparison& comparison) {
  Section section(out, "kernels", "Side by side, of the whole traces");
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table changes-table"}});
  {
    Element head(out, "thead");
    Element row(out, "tr");
    for (const char* title : {"A", "B"}) out.leaf("th", {{"scope", "col"}, {"class", "number"}}, title);
    out.leaf("th", {{"scope", "col"}}, "");
  }
  Element body(out, "tbody");
  for (const TraceMeasure& measure : comparison.measures) {
    Element row(out, "tr");
    out.leaf("td", {{"class", "number"}, {"data-name", "A"}}, measure_text(measure.a, measure.unit));
    out.leaf("td", {{"class", "number"}, {"data-name", "B"}}, measure_text(measure.b, measure.unit));
    out.leaf("td", {{"class", "what"}}, measure_title(measure.id));
  }
}

void write_answer_section(HtmlWriter& out, const TraceComparison& comparison) {
  Element section(out, "section", {{"class", "verdict"}});
  for (const std::string& sentence : comparison_headline(comparison)) {
    out.leaf("p", {{"class", "verdict-sentence"}}, sentence);
  }
  out.leaf("p", {{"class", "note"}}, basis_sentence(comparison));
  for (const auto& [mark, side] : {std::pair(SideMark::a, &comparison.a), std::pair(SideMark::b, &comparison.b)}) {
    Element line(out, "p", {{"class", "note"}});
    write_side(out, mark, side->label);
    out.text(fmt::format(" {}, {} {}{}", side->format, side->items, comparison.of_operations ? "operations" : "kernels",
                         side->device.empty() ? "" : " on " + side->device));
  }
}
}  // namespace

std::string html_page(const TraceComparison& comparison) {
  const TimeUnit unit = page_unit(comparison);
  HtmlWriter out;
  write_answer_section(out, comparison);
  {
    Section section(out, "known", "What explains most");
    for (const std::string& one : largest_explanations(comparison)) out.leaf("p", {{"class", "prose"}}, one);
  }
  {
    Section section(out, "kernels", "How the change adds up");
    write_window_picture(out, comparison, unit);
    write_lines(out, comparison, unit);
    if (!comparison.collectives_detail.empty()) out.leaf("p", {{"class", "note"}}, comparison.collectives_detail);
  }
  if (!comparison.ranks.empty()) write_ranks(out, comparison);
  if (!comparison.operations.empty()) write_operations(out, comparison, unit);
  write_stories(out, comparison, unit);
  if (!comparison.measures.empty()) write_measures(out, comparison);
  {
    Section section(out, "stack", "What the traces tell of the stack");
    for (const std::string& sentence : fact_sentences(comparison)) out.leaf("p", {{"class", "prose"}}, sentence);
    for (const std::string& sentence : known_change_sentences(comparison)) {
      out.leaf("p", {{"class", "prose"}}, sentence);
    }
    out.leaf("p", {{"class", "note"}}, no_verdict_sentence());
    for (const std::string& remark : comparison.remarks) out.leaf("p", {{"class", "prose"}}, remark);
  }
  const std::string digest = digest_of_document(comparison);
  return make_page({.kind = "comparison",
                    .title = comparison.a.label + " → " + comparison.b.label,
                    .subtitle = "Two traces, " + when_text(comparison.created_at),
                    .digest = digest,
                    .footer = {{"document", "sha256:" + digest}, {"compared by", "Varve " + comparison.tool_version}}},
                   out.take());
}

}  // namespace varve
