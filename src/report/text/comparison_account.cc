#include "report/text/comparison_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/shown_names.h"
#include "report/text/text_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
// "old → new": each half in its half of the columns.
std::string kernel_label(const KernelChange& row, const ShownNames& names, std::size_t columns) {
  constexpr std::string_view kArrow = " → ";
  const std::size_t at = row.label.find(kArrow);
  if (at == std::string::npos)
    return row.label.starts_with("(") ? without_end(row.label, columns) : shown_name(names, row.label, columns);
  const std::string a = row.label.substr(0, at), b = row.label.substr(at + kArrow.size());
  const std::size_t half = (columns - 3) / 2;
  const std::size_t of_b = std::max(half, columns - 3 - std::min(half, display_width(a)));
  return without_end(a, columns - 3 - std::min(of_b, display_width(b))) + " → " + without_end(b, of_b);
}

// The interval of an account is symmetric (Student's t), so half of its width says it all.
std::string change_with_error(const Estimate& change, const TimeUnit& unit) {
  const double half = (change.interval.high - change.interval.low) / 2;
  if (!std::isfinite(half)) return unit.signed_text(change.value);
  return unit.signed_text(change.value) + " ± " + unit.text(half);
}

struct ShownKernel {
  const KernelChange* row = nullptr;
  bool is_part = false;
};

// Operations, each with those of its kernels that have a part in the change; the remainder is not among them.
std::vector<ShownKernel> kernels_in_order(const KernelAccount& account) {
  constexpr double kWorthShowing = 0.05;  // of the change, or of the whole where there is hardly any
  const double least = kWorthShowing * std::max(std::fabs(account.total.value), 0.2 * account.a_seconds);
  std::vector<ShownKernel> shown;
  for (const KernelChange& row : account.rows) {
    if (row.state == KernelState::remainder) continue;
    shown.push_back({&row, false});
    for (const KernelChange& part : row.parts) {
      if (row.parts.size() > 1 && std::fabs(part.change.value) >= least) shown.push_back({&part, true});
    }
  }
  return shown;
}

// Of single kernels, so that no two rows of a table have one name.
ShownNames names_of_rows(const std::vector<ShownKernel>& rows, std::size_t columns) {
  std::vector<std::string> names;
  for (const ShownKernel& row : rows) {
    const std::string& label = row.row->label;
    if (!label.starts_with("(") && label.find(" → ") == std::string::npos) names.push_back(label);
  }
  return shown_names(names, columns);
}

void add_kernel(TextTable& table, const ShownKernel& shown, const ShownNames& names, std::size_t columns,
                const TimeUnit& unit, bool shares) {
  const KernelChange& row = *shown.row;
  const bool finite = std::isfinite(row.change.interval.high);  // else nobody can tell whether it changed
  const bool is_told = row.state != KernelState::remainder && (finite || row.state != KernelState::same);
  const Tone tone = row.state == KernelState::remainder || shown.is_part ? Tone::dim : Tone::plain;
  const std::size_t room = shown.is_part ? columns - 2 : columns;
  std::vector<Cell> cells = {{(shown.is_part ? "· " : "") + kernel_label(row, names, room), tone},
                             {is_told ? kernel_state_title(row.state) : "", Tone::dim},
                             {unit.text(row.a_seconds), tone},
                             {unit.text(row.b_seconds), tone},
                             {change_with_error(row.change, unit), tone}};
  if (shares) cells.push_back({row.share ? share_text(*row.share) : "–", tone});
  table.add(std::move(cells));
}

// What of the rows is not shown, as one row, so that the column still sums to the total.
KernelChange more_rows(const std::vector<ShownKernel>& all, std::size_t shown) {
  KernelChange more{.label = {}, .state = KernelState::remainder};
  std::size_t count = 0;
  for (std::size_t i = shown; i < all.size(); ++i) {
    if (all[i].is_part) continue;
    ++count;
    more.a_seconds += all[i].row->a_seconds;
    more.b_seconds += all[i].row->b_seconds;
    more.change.value += all[i].row->change.value;
  }
  more.label = fmt::format("({} more)", count);
  more.change.interval = {NAN, NAN};
  return more;
}

std::string kernel_table(const KernelAccount& account, const AccountDetail& detail, const TextStyle& style) {
  const bool shares = account.shares_withheld.empty();
  const TimeUnit unit = time_unit_for(account);
  std::vector<Column> columns = {{account.by_operation ? "operation, · kernel" : "kernel"},
                                 {""},
                                 {"A, " + unit.name, true},
                                 {"B, " + unit.name, true},
                                 {"B − A, " + unit.name, true}};
  if (shares) columns.push_back({"share", true});
  TextTable table(columns);
  const std::size_t name_columns = shares ? 34 : 48;
  const std::vector<ShownKernel> all = kernels_in_order(account);
  const std::size_t most = detail.explain ? all.size() : std::min(all.size(), detail.rows);
  const ShownNames names = names_of_rows({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most)},
                                         name_columns - 2);  // a part of an operation is indented
  for (std::size_t i = 0; i < most; ++i) add_kernel(table, all[i], names, name_columns, unit, shares);
  if (most < all.size()) {
    const KernelChange more = more_rows(all, most);
    std::vector<Cell> cells = {{more.label, Tone::dim},
                               {""},
                               {unit.text(more.a_seconds), Tone::dim},
                               {unit.text(more.b_seconds), Tone::dim},
                               {unit.signed_text(more.change.value), Tone::dim}};
    if (shares) cells.push_back({""});
    table.add(std::move(cells));
  }
  for (const KernelChange& row : account.rows) {
    if (row.state == KernelState::remainder) add_kernel(table, {&row, false}, names, name_columns, unit, shares);
  }
  std::vector<Cell> total = {{"total", Tone::bold},
                             {""},
                             {unit.text(account.a_seconds), Tone::bold},
                             {unit.text(account.b_seconds), Tone::bold},
                             {change_with_error(account.total, unit), Tone::bold}};
  if (shares) total.push_back({"100 %", Tone::bold});
  table.add(std::move(total));
  return table.render(style);
}

}  // namespace

std::string text_account(const KernelAccount& account, const MetricComparison& primary, const AccountDetail& detail,
                         const TextStyle& style) {
  std::string out = text_heading(account_title(account), style);
  if (!account.available) {
    return out +
           paragraph("No account: " + (account.why.empty() ? "no reason given" : account.why), 2, Tone::dim, style);
  }
  const std::string sentence = exchange_sentence(account);
  if (!sentence.empty()) out += paragraph(sentence, 2, Tone::plain, style);
  if (!account.shares_withheld.empty()) {
    out += paragraph("No shares: " + account.shares_withheld, 2, Tone::caution, style);
  }
  out += kernel_table(account, detail, style);
  out += paragraph(fmt::format("{}{}{}, {}{}", quantity_title(account.kind.quantity), account.of.empty() ? "" : " ",
                               account.of, account.recorded ? "" : "mean over ",
                               counted_text(account) + (account.recorded ? "" : "; ±: half of the 95 % interval")),
                   2, Tone::dim, style);
  const std::string agreement = agreement_sentence(account, primary);
  if (!agreement.empty()) out += paragraph(agreement, 2, Tone::dim, style);
  if (!detail.explain) return out;
  for (const std::string& note : account.notes) out += paragraph(note, 2, Tone::dim, style);
  return out;
}

}  // namespace varve
