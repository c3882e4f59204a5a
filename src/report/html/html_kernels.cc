// The accounts of a comparison: which kernels changed, and how much of the change each explains.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "model/kernels/kernel_display.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostSteps = 10;  // rows of the picture; the table has them all
constexpr std::size_t kMostNames = 6;   // kernels of one side in a cell

struct PictureRow {
  std::string label, library;
  Estimate change;
  bool is_total = false, is_quiet = false;
};

// Without one: a single unit a side, so nobody can tell whether it changed.
bool has_spread(const Estimate& change) {
  return std::isfinite(change.interval.low) || std::isfinite(change.interval.high);
}

double finite_or_zero(double value) { return std::isfinite(value) ? value : 0; }

std::vector<PictureRow> picture_rows(const KernelAccount& account) {
  std::vector<PictureRow> rows;
  PictureRow further{.label = "", .library = "", .change = {0, {NAN, NAN}}, .is_quiet = true};
  std::size_t folded = 0, named = 0;
  for (const KernelChange& row : account.rows) named += row.state == KernelState::remainder ? 0 : 1;
  std::vector<PictureRow> remainders;
  for (const KernelChange& row : account.rows) {
    const PictureRow shown{row.label, row.library, row.change, false, row.state == KernelState::remainder};
    if (shown.is_quiet) {
      remainders.push_back(shown);
    } else if (rows.size() < kMostSteps || named == kMostSteps + 1) {
      rows.push_back(shown);
    } else {
      further.change.value += finite_or_zero(row.change.value);
      ++folded;
    }
  }
  if (folded > 0) {
    further.label = fmt::format("({} more)", folded);
    rows.push_back(further);
  }
  rows.insert(rows.end(), remainders.begin(), remainders.end());
  rows.push_back({"total", "", account.total, true, false});
  return rows;
}

std::vector<Step> steps_of(const std::vector<PictureRow>& rows) {
  std::vector<Step> steps;
  double reached = 0;
  for (const PictureRow& row : rows) {
    const double start = row.is_total ? 0 : reached;
    const double change = finite_or_zero(row.change.value);
    steps.push_back({.start = start,
                     .end = start + change,
                     .interval = {start + row.change.interval.low, start + row.change.interval.high},
                     .is_total = row.is_total,
                     .is_quiet = row.is_quiet});
    if (!row.is_total) reached += change;
  }
  return steps;
}

void write_picture(HtmlWriter& out, const KernelAccount& account, const TimeUnit& unit) {
  const std::vector<PictureRow> rows = picture_rows(account);
  const std::vector<Step> steps = steps_of(rows);
  std::vector<WaterfallRow> bars;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bars.push_back({rows[i].label, rows[i].library, steps[i], rows[i].change.value});
  }
  write_waterfall(
      out, bars, unit,
      fmt::format("The change of {} a unit, B − A, in steps: each bar starts where the one above it ends, so that "
                  "they close to the total.{} To the right: more time in B; to the left: less.",
                  quantity_title(account.kind.quantity), account.recorded ? "" : " Thin lines: 95 % intervals."));
}

void write_names(HtmlWriter& out, SideMark side, const std::vector<std::string>& names) {
  if (names.empty()) {
    out.leaf("p", {{"class", "kernel-name missing"}}, side == SideMark::a ? "not in A" : "not in B");
    return;
  }
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    Element line(out, "p", {{"class", "kernel-name"}});
    out.raw(side_mark(side));
    out.text(" ");
    out.leaf("code", {{"title", names[i]}}, display_name(names[i]));
  }
  if (names.size() <= kMostNames) return;
  Element details(out, "details");
  out.leaf("summary", {}, fmt::format("{} more", names.size() - kMostNames));
  for (std::size_t i = kMostNames; i < names.size(); ++i) {
    Element line(out, "p", {{"class", "kernel-name"}});
    out.leaf("code", {{"title", names[i]}}, display_name(names[i]));
  }
}

void write_names_cells(HtmlWriter& out, const KernelChange& row) {
  if (row.state == KernelState::remainder || row.state == KernelState::unseen) {
    out.leaf("td", {{"colspan", "2"}, {"class", "missing names"}}, row.label);
    return;
  }
  if (!row.parts.empty()) {
    Element both(out, "td", {{"colspan", "2"}, {"class", "names"}});
    out.leaf("b", {}, row.label);
    if (!row.detail.empty()) out.leaf("small", {}, row.detail);
    return;
  }
  if (row.label.starts_with('(') && row.label.ends_with(')')) {  // of several kernels, or of code without a name
    Element both(out, "td", {{"colspan", "2"}, {"class", "names"}});
    out.text(row.label);
    if (!row.library.empty()) out.leaf("small", {}, row.library);
    return;
  }
  if (row.a == row.b && !row.a.empty()) {
    Element both(out, "td", {{"colspan", "2"}, {"class", "names"}});
    for (std::size_t i = 0; i < row.a.size() && i < kMostNames; ++i) {
      Element line(out, "p", {{"class", "kernel-name"}});
      out.leaf("code", {{"title", row.a[i]}}, display_name(row.a[i]));
    }
    if (row.a.size() > kMostNames) out.leaf("small", {}, fmt::format("and {} more", row.a.size() - kMostNames));
    if (!row.library.empty()) out.leaf("small", {}, row.library);
    return;
  }
  for (const SideMark side : {SideMark::a, SideMark::b}) {
    Element cell(out, "td", {{"class", "names"}});
    write_names(out, side, side == SideMark::a ? row.a : row.b);
    if (side == SideMark::a && !row.library.empty()) out.leaf("small", {}, row.library);
  }
}

// Of an operation first, then its kernels.
void write_row(HtmlWriter& out, const KernelChange& row, const TimeUnit& unit, bool shares, bool is_part) {
  Element line(out, "tr", {{"class", "kernel-" + std::string(to_string(row.state)) + (is_part ? " part" : "")}});
  write_names_cells(out, row);
  {
    Element cell(out, "td", {{"class", "state"}});
    const bool is_told = row.state != KernelState::same || has_spread(row.change);
    if (row.state != KernelState::remainder && is_told) out.text(kernel_state_title(row.state));
    out.leaf("small", {}, row.state == KernelState::remainder ? "" : to_string(row.family));
  }
  out.leaf("td", {{"class", "number"}, {"data-name", "A"}}, unit.text(row.a_seconds));
  out.leaf("td", {{"class", "number"}, {"data-name", "B"}}, unit.text(row.b_seconds));
  {
    Element cell(out, "td", {{"class", "number"}, {"data-name", "B − A"}});
    out.text(unit.signed_text(row.change.value));
    if (has_spread(row.change)) out.leaf("small", {}, unit.interval(row.change.interval));
  }
  const bool sampled = row.sampling_error > 0;
  out.leaf("td", {{"class", "number sampling"}}, sampled ? "±" + unit.text(row.sampling_error) : "");
  if (!shares) return;
  Element cell(out, "td", {{"class", "number"}, {"data-name", "share"}});
  if (!row.share) {
    out.text("–");
    return;
  }
  out.text(share_text(row.share->value));
  const std::string whole = share_text(*row.share);
  const std::size_t begin = whole.find('(');
  out.leaf("small", {}, whole.substr(begin + 1, whole.size() - begin - 2));
}

void write_total(HtmlWriter& out, const KernelAccount& account, const TimeUnit& unit, bool shares) {
  Element line(out, "tr", {{"class", "total"}});
  out.leaf("th", {{"colspan", "3"}, {"scope", "row"}, {"class", "names"}}, "total");
  out.leaf("td", {{"class", "number"}, {"data-name", "A"}}, unit.text(account.a_seconds));
  out.leaf("td", {{"class", "number"}, {"data-name", "B"}}, unit.text(account.b_seconds));
  {
    Element cell(out, "td", {{"class", "number"}, {"data-name", "B − A"}});
    out.text(unit.signed_text(account.total.value));
    if (has_spread(account.total)) out.leaf("small", {}, unit.interval(account.total.interval));
  }
  out.leaf("td", {{"class", "number sampling"}}, "");
  if (shares) out.leaf("td", {{"class", "number"}, {"data-name", "share"}}, "100 %");
}

void write_account_table(HtmlWriter& out, const KernelAccount& account, const TimeUnit& unit, bool shares) {
  Element scroll(out, "div", {{"class", "scroll"}, {"tabindex", "0"}});
  Element table(out, "table", {{"class", "numbers kernels-table"}});
  {
    Element head(out, "thead");
    Element row(out, "tr");
    const char* what = account.by_operation ? "operation, kernel of " : "kernel of ";
    for (const auto& [side, name] :
         {std::pair{SideMark::a, std::string(what) + "A"}, std::pair{SideMark::b, std::string("kernel of B")}}) {
      Element cell(out, "th", {{"scope", "col"}});
      write_side(out, side, name);
    }
    out.leaf("th", {{"scope", "col"}}, "");
    out.leaf("th", {{"scope", "col"}, {"class", "number"}}, "A, " + unit.name);
    out.leaf("th", {{"scope", "col"}, {"class", "number"}}, "B, " + unit.name);
    out.leaf("th", {{"scope", "col"}, {"class", "number"}}, "B − A, " + unit.name);
    out.leaf("th", {{"scope", "col"}, {"class", "number"}}, "sampling");
    if (shares) out.leaf("th", {{"scope", "col"}, {"class", "number"}}, "share");
  }
  Element body(out, "tbody");
  for (const KernelChange& row : account.rows) {
    write_row(out, row, unit, shares, false);
    for (const KernelChange& part : row.parts) write_row(out, part, unit, shares, true);
  }
  write_total(out, account, unit, shares);
}
}  // namespace

void write_account(HtmlWriter& out, const KernelAccount& account, const MetricComparison& primary) {
  Section section(out, "kernels", account_title(account));
  if (!account.available) {
    out.leaf("p", {{"class", "lead"}}, "There is no account of the kernels.");
    out.leaf("p", {{"class", "prose"}}, account.why.empty() ? "No reason was given." : account.why);
    for (const std::string& note : account.notes) out.leaf("p", {{"class", "note"}}, note);
    return;
  }
  const bool shares = account.shares_withheld.empty();
  const std::string sentence = exchange_sentence(account);
  if (!sentence.empty()) out.leaf("p", {{"class", "lead"}}, sentence);
  const std::string agreement = agreement_sentence(account, primary);
  if (!agreement.empty()) out.leaf("p", {{"class", "note"}}, agreement);
  if (!shares) {
    Element line(out, "p", {{"class", "warning-line"}});
    out.leaf("b", {}, "Shares are withheld: ");
    out.text(account.shares_withheld);
  }
  const TimeUnit unit = time_unit_for(account);
  write_picture(out, account, unit);
  write_account_table(out, account, unit, shares);
  out.leaf("p", {{"class", "note"}},
           account.recorded
               ? fmt::format("The {} {}, {}. It is no part of the other accounts.",
                             quantity_title(account.kind.quantity), account.of, counted_text(account))
               : fmt::format("Mean {} {} over {}. Small numbers below a change or a share: its 95 % interval. "
                             "Sampling: the standard error of the change from counting samples alone.",
                             quantity_title(account.kind.quantity), account.of.empty() ? "a unit" : account.of,
                             counted_text(account)));
  for (const std::string& note : account.notes) out.leaf("p", {{"class", "note"}}, note);
}

}  // namespace varve
