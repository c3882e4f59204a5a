#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/text_table.h"
#include "report/traces/trace_comparison_words.h"

namespace varve {

namespace {
constexpr double kSecond = 1e-9;  // of a nanosecond
constexpr std::ptrdiff_t kMostLines = 60;

// Rows of each table; all of them where everything was asked for.
struct Room {
  std::size_t stories = 10, measures = 6, ranks = 4, operations = 3, known = 2, remarks = 1;
  bool all = false;
};
constexpr std::size_t kFewestStories = 3;

// Less room than before, what matters least first; false: there is no less.
bool shrink(Room& room) {
  for (const auto& [rows, fewest] :
       {std::pair(&room.stories, std::size_t{6}), std::pair(&room.measures, std::size_t{3}),
        std::pair(&room.ranks, std::size_t{2}), std::pair(&room.stories, kFewestStories),
        std::pair(&room.operations, std::size_t{2}), std::pair(&room.measures, std::size_t{0}),
        std::pair(&room.known, std::size_t{1}), std::pair(&room.ranks, std::size_t{0}),
        std::pair(&room.remarks, std::size_t{0}), std::pair(&room.operations, std::size_t{0})}) {
    if (*rows > fewest) return --*rows, true;
  }
  return false;
}

TimeUnit unit_of(const TraceComparison& comparison) {
  const TraceSideSummary &a = comparison.a, &b = comparison.b;
  const double largest =
      std::max({for_one(a.window_ns, a), for_one(b.window_ns, b), for_one(a.items_ns, a), for_one(b.items_ns, b)}) *
      kSecond;
  // The digits of the change count: beside a window of seconds those of microseconds.
  constexpr double kMostInMilliseconds = 100, kBelowASecond = 0.999;
  TimeUnit unit = time_unit_for(largest < kMostInMilliseconds ? std::min(largest, kBelowASecond) : largest);
  unit.decimals = std::min(unit.decimals + 2, 3);
  return unit;
}

// A row of amounts: A, B and the change.
std::vector<Cell> amounts(const TraceComparison& comparison, const TimeUnit& unit, std::int64_t a_ns, std::int64_t b_ns,
                          Tone tone = Tone::plain) {
  return {{unit.text(for_one(a_ns, comparison.a) * kSecond), tone},
          {unit.text(for_one(b_ns, comparison.b) * kSecond), tone},
          {unit.signed_text(change_of(comparison, a_ns, b_ns) * kSecond), tone}};
}

std::vector<Column> amount_columns(const TimeUnit& unit) {
  return {{"A, " + unit.name, true}, {"B, " + unit.name, true}, {"B − A", true}};
}

std::string sides(const TraceComparison& comparison, const TextStyle& style) {
  TextTable table({{""}, {""}, {""}, {""}});
  for (const auto& [name, side, tone] :
       {std::tuple("A", &comparison.a, Tone::side_a), std::tuple("B", &comparison.b, Tone::side_b)}) {
    table.add({{name, tone},
               {side->label},
               {side->format, Tone::dim},
               {fmt::format("{} {}{}", side->items, comparison.of_operations ? "operations" : "kernels",
                            side->device.empty() ? "" : " on " + side->device),
                Tone::dim}});
  }
  return table.render(style);
}

std::string account(const TraceComparison& comparison, const Room& room, const TextStyle& style) {
  const TimeUnit unit = unit_of(comparison);
  std::vector<Column> columns = amount_columns(unit);
  columns.push_back({"items", true});
  columns.push_back({""});
  TextTable table(columns);
  std::int64_t left_a = comparison.a.window_ns, left_b = comparison.b.window_ns;
  for (const AccountLine& line : comparison.lines) {
    std::vector<Cell> row = amounts(comparison, unit, line.a_ns, line.b_ns);
    const std::string items = line.a_items + line.b_items == 0 ? ""
                              : line.a_items == line.b_items   ? fmt::format("{}", line.a_items)
                                                               : fmt::format("{} → {}", line.a_items, line.b_items);
    row.push_back({items, Tone::dim});
    row.push_back({account_line_title(line.kind, comparison.of_operations)});
    table.add(std::move(row));
    left_a -= line.a_ns, left_b -= line.b_ns;
  }
  const bool has_window = comparison.a.window_ns > 0 && comparison.b.window_ns > 0;
  std::vector<Cell> whole =
      amounts(comparison, unit, comparison.a.window_ns - left_a, comparison.b.window_ns - left_b, Tone::bold);
  whole.push_back({""});
  whole.push_back({has_window ? "the window" : "in all", Tone::bold});
  table.add(std::move(whole));
  std::string out = text_heading("How the change adds up", style) + table.render(style);
  if (has_window)
    out += paragraph(fmt::format("Remainder: {} ns in A, {} ns in B", left_a, left_b), 2, Tone::dim, style);
  const bool apart = std::any_of(comparison.lines.begin(), comparison.lines.end(),
                                 [](const AccountLine& line) { return line.kind == AccountLineKind::transfer; });
  if (!comparison.collectives_detail.empty() && (room.all || !apart))
    out += paragraph(comparison.collectives_detail, 2, Tone::dim, style);
  return out;
}

std::string more_row(std::size_t all, std::size_t shown) { return fmt::format("{} more", all - shown); }

std::string operations(const TraceComparison& comparison, std::size_t most, const TextStyle& style) {
  const std::vector<OperationChange>& all = comparison.operations;
  if (all.empty() || most == 0) return "";
  const TimeUnit unit = unit_of(comparison);
  std::vector<Column> columns = amount_columns(unit);
  columns.push_back({"operation"});
  TextTable table(columns);
  std::int64_t left_a = comparison.a.items_ns, left_b = comparison.b.items_ns;
  const std::size_t shown = std::min(all.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<Cell> row = amounts(comparison, unit, all[i].a_ns, all[i].b_ns);
    row.push_back({operation_title(comparison, all[i])});
    table.add(std::move(row));
    left_a -= all[i].a_ns, left_b -= all[i].b_ns;
  }
  if (shown < all.size()) {
    std::vector<Cell> row = amounts(comparison, unit, left_a, left_b, Tone::dim);
    row.push_back({more_row(all.size(), shown), Tone::dim});
    table.add(std::move(row));
  }
  return text_heading("Operations that changed most", style) + table.render(style);
}

std::string stories(const TraceComparison& comparison, std::size_t most, const TextStyle& style) {
  const std::vector<ExchangeStory> all = exchange_stories(comparison);
  const TimeUnit unit = unit_of(comparison);
  std::vector<Column> columns = amount_columns(unit);
  columns.push_back({"times", true});
  columns.push_back({""});
  columns.push_back({"what"});
  TextTable table(columns);
  constexpr std::size_t kNameColumns = 50;
  const std::size_t shown = std::min(all.size(), most);
  const ShownNames names = names_of_stories(all, shown, kNameColumns);
  std::int64_t left_a = 0, left_b = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ExchangeStory& story = all[i];
    if (i >= shown) {
      left_a += story.a_ns, left_b += story.b_ns;
      continue;
    }
    std::vector<Cell> row = amounts(comparison, unit, story.a_ns, story.b_ns);
    row.push_back({story.a_times == story.b_times ? fmt::format("{}", story.a_times)
                                                  : fmt::format("{} → {}", story.a_times, story.b_times)});
    const bool is_same = story.exchange == Exchange::same, is_replaced = story.exchange == Exchange::replaced;
    row.push_back({story_title(story), is_same ? Tone::dim : Tone::caution});
    row.push_back({is_replaced ? story_label(story, 24) : story_label(story, kNameColumns, names),
                   is_same ? Tone::dim : Tone::plain});
    table.add(std::move(row));
  }
  if (shown < all.size()) {
    std::vector<Cell> row = amounts(comparison, unit, left_a, left_b, Tone::dim);
    row.insert(row.end(), {{""}, {""}, {more_row(all.size(), shown), Tone::dim}});
    table.add(std::move(row));
  }
  return text_heading(comparison.of_operations ? "What ran, by change of its own time" : "What ran, by change", style) +
         table.render(style);
}

// The ranks whose windows changed most.
std::string ranks(const TraceComparison& comparison, std::size_t most, const TextStyle& style) {
  std::vector<const RankChange*> rows;
  std::int64_t largest = 0;
  for (const RankChange& rank : comparison.ranks) {
    rows.push_back(&rank);
    largest = std::max({largest, rank.a_window_ns, rank.b_window_ns});
  }
  if (rows.empty() || most == 0) return "";
  std::stable_sort(rows.begin(), rows.end(), [](const RankChange* x, const RankChange* y) {
    return std::abs(x->b_window_ns - x->a_window_ns) > std::abs(y->b_window_ns - y->a_window_ns);
  });
  const TimeUnit unit = time_unit_for(static_cast<double>(largest) * kSecond);
  const auto text = [&](std::int64_t ns) { return unit.text(static_cast<double>(ns) * kSecond); };
  const auto waiting = [&](std::int64_t a_ns, std::int64_t b_ns) {
    return fmt::format("{} → {}", a_ns < 0 ? "?" : text(a_ns), b_ns < 0 ? "?" : text(b_ns));
  };
  TextTable table({{""},
                   {"window " + unit.name, true},
                   {"B − A", true},
                   {"kernels", true},
                   {"collectives", true},
                   {"of that waiting", true}});
  const std::size_t shown = std::min(rows.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const RankChange& rank = *rows[i];
    table.add({{rank_title(rank)},
               {text(rank.a_window_ns) + " → " + text(rank.b_window_ns)},
               {unit.signed_text(static_cast<double>(rank.b_window_ns - rank.a_window_ns) * kSecond)},
               {text(rank.a_items_ns) + " → " + text(rank.b_items_ns)},
               {text(rank.a_collective_ns) + " → " + text(rank.b_collective_ns)},
               {waiting(rank.a_waiting_ns, rank.b_waiting_ns), Tone::dim}});
  }
  std::string out = text_heading("Ranks, by change of their windows", style) + table.render(style);
  if (shown < rows.size()) out += paragraph(more_row(rows.size(), shown), 2, Tone::dim, style);
  return out;
}

// Numbers of both traces, those that differ first where not all are shown.
std::string measures(const TraceComparison& comparison, const Room& room, const TextStyle& style) {
  TextTable table({{""}, {"A", true}, {"B", true}});
  std::size_t shown = 0;
  for (const TraceMeasure& measure : comparison.measures) {
    if (!room.all && (shown >= room.measures || !says_something(measure))) continue;
    ++shown;
    table.add({{measure_title(measure.id), Tone::dim},
               {measure_text(measure.a, measure.unit)},
               {measure_text(measure.b, measure.unit)}});
  }
  return shown == 0 ? "" : text_heading("Side by side, of the whole traces", style) + table.render(style);
}

std::string text_with(const TraceComparison& comparison, const Room& room, const TextStyle& style) {
  std::string out;
  Tone tone = Tone::bold;
  for (const std::string& sentence : comparison_headline(comparison)) {
    out += paragraph(sentence, 0, tone, style);
    tone = Tone::plain;
  }
  out += paragraph(basis_sentence(comparison), 0, Tone::dim, style) + "\n" + sides(comparison, style);
  const std::vector<std::string> explanations = largest_explanations(comparison);
  if (!explanations.empty()) out += text_heading("What explains most", style);
  for (std::size_t i = 0; i < explanations.size(); ++i) {
    out += paragraph(fmt::format("{}. {}", i + 1, explanations[i]), 2, Tone::plain, style);
  }
  out += account(comparison, room, style) + ranks(comparison, room.ranks, style) +
         operations(comparison, room.operations, style) + stories(comparison, room.stories, style) +
         measures(comparison, room, style);
  out += text_heading("What the traces tell of the stack", style);
  for (const std::string& sentence : fact_sentences(comparison)) out += paragraph(sentence, 2, Tone::plain, style);
  const std::vector<std::string> known = known_change_sentences(comparison);
  for (std::size_t i = 0; i < std::min(known.size(), room.known); ++i) {
    out += paragraph(known[i], 2, Tone::plain, style);
  }
  out += paragraph(no_verdict_sentence(), 2, Tone::dim, style);
  const std::size_t remarks = std::min(comparison.remarks.size(), room.remarks);
  for (std::size_t i = 0; i < remarks; ++i) out += paragraph(comparison.remarks[i], 2, Tone::caution, style);
  const std::size_t more = comparison.remarks.size() - remarks + known.size() - std::min(known.size(), room.known);
  if (more > 0) out += paragraph(fmt::format("{} more to be known: --explain", more), 2, Tone::dim, style);
  return out;
}

}  // namespace

// As many rows as one screen has room for.
std::string text_trace_comparison(const TraceComparison& comparison, bool explain, const TextStyle& style) {
  Room room;
  if (explain) {
    room = {.measures = SIZE_MAX,
            .ranks = comparison.ranks.size(),
            .known = comparison.known_changes.size(),
            .remarks = comparison.remarks.size(),
            .all = true};
  }
  while (true) {
    std::string text = text_with(comparison, room, style);
    if (explain || std::count(text.begin(), text.end(), '\n') <= kMostLines || !shrink(room)) return text;
  }
}

}  // namespace varve
