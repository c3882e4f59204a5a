#include "report/text/text_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "model/answers/kernels_record.h"
#include "report/printable.h"
#include "report/text_table.h"
#include "report/wording.h"

namespace varve {

namespace {
// What rows that are shown as one come to.
struct Shown {
  std::string name, family, library;
  std::int64_t total_ns = 0;
  std::uint64_t samples = 0, count = 0;
};

std::vector<Shown> shown_rows(const KernelsRecord& kernels, const Profile& profile, KernelGrouping grouping) {
  std::map<std::string, Shown> groups;
  for (const ProfileRow& row : profile.rows) {
    const Kernel& kernel = kernels.record.kernels[row.key.kernel];
    const std::string family(to_string(kernel.meaning.family));
    const bool by_family = grouping == KernelGrouping::family;
    Shown& shown = groups[by_family ? family : kernel.key.name + '\n' + kernel.key.library];
    shown.family = family;
    if (!by_family) shown.name = short_name(kernel.key.name);
    if (!by_family) shown.library = file_name(kernel.key.library);
    shown.total_ns = add_ns(shown.total_ns, row.time.total_ns);
    shown.samples = add_counts(shown.samples, row.samples);
    shown.count = add_counts(shown.count, row.time.count);
  }
  std::vector<Shown> rows;
  for (auto& [key, shown] : groups) rows.push_back(std::move(shown));
  std::stable_sort(rows.begin(), rows.end(), [](const Shown& a, const Shown& b) {
    return std::pair(a.total_ns, a.samples) > std::pair(b.total_ns, b.samples);
  });
  return rows;
}

std::string share_of(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "–";
}

std::string profile_table(const KernelsRecord& kernels, const Profile& profile, const KernelView& view,
                          const TextStyle& style) {
  const std::vector<Shown> rows = shown_rows(kernels, profile, view.grouping);
  const bool timed = profile.whole_ns > 0, sampled = profile.samples() > 0;
  const TimeUnit unit = time_unit_for(1e-9 * static_cast<double>(rows.empty() ? 0 : rows.front().total_ns));
  const auto share = [&](std::int64_t ns, std::uint64_t samples) {
    return timed ? share_of(static_cast<double>(ns), static_cast<double>(profile.whole_ns))
                 : share_of(static_cast<double>(samples), static_cast<double>(profile.samples()));
  };
  std::vector<Column> columns = {{"share", true}};
  if (timed) columns.push_back({unit.name, true});
  columns.push_back({sampled ? "samples" : "times", true});
  columns.push_back({"family"});
  const bool by_name = view.grouping == KernelGrouping::name;
  if (by_name) {
    columns.push_back({"kernel"});
    columns.push_back({"library"});
  }
  TextTable table(columns);
  const auto add = [&](const Shown& row, Tone tone) {
    std::vector<Cell> cells = {{share(row.total_ns, row.samples), tone}};
    if (timed) cells.push_back({unit.text(1e-9 * static_cast<double>(row.total_ns)), tone});
    cells.push_back({std::to_string(sampled ? row.samples : row.count), tone});
    cells.push_back({row.family, tone});
    if (by_name) {
      cells.push_back({row.name, tone});
      cells.push_back({row.library, tone});
    }
    table.add(std::move(cells));
  };
  const std::size_t most = view.most == 0 ? rows.size() : std::min(view.most, rows.size());
  for (std::size_t i = 0; i < most; ++i) add(rows[i], Tone::plain);
  const auto labelled = [&](const std::string& text) { return by_name ? Shown{.name = text} : Shown{.family = text}; };
  Shown rest = labelled(count_text(rows.size() - most, "other", "others")), whole = labelled("in all");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (Shown* sum : {i >= most ? &rest : nullptr, &whole}) {
      if (sum == nullptr) continue;
      sum->total_ns = add_ns(sum->total_ns, rows[i].total_ns);
      sum->samples = add_counts(sum->samples, rows[i].samples);
      sum->count = add_counts(sum->count, rows[i].count);
    }
  }
  if (most < rows.size()) add(rest, Tone::dim);
  if (profile.remainder_ns() != 0) {
    Shown outside = labelled("outside these");
    outside.total_ns = profile.remainder_ns();
    add(outside, Tone::dim);
  }
  whole.total_ns = profile.whole_ns;
  add(whole, Tone::bold);
  return table.render(style);
}
}  // namespace

std::string text_kernels(const KernelsRecord& kernels, const KernelView& view, const TextStyle& style) {
  std::string out;
  for (const TraceSource& source : kernels.sources) {
    out += fmt::format("{}: {}", printable(source.file), source.format);
    if (source.damaged > 0) {
      out += fmt::format("; {} passed over, the first at byte {}: {}",
                         count_text(source.damaged, "part was", "parts were"), source.damage.front().at,
                         printable(source.damage.front().what));
    }
    out += '\n';
    for (const auto& [id, fact] : source.facts) {
      out += fmt::format("  {}: {}\n", fact_title(id), printable(shown_fact(id, fact)));
    }
  }
  for (const auto& [kind, profile] : kernels.record.profiles.by_kind) {
    out += '\n' +
           paint(fmt::format("{}, seen by {}", quantity_title(kind.quantity), to_string(kind.witness)), Tone::bold,
                 style) +
           '\n';
    out += profile_table(kernels, profile, view, style);
    if (profile.lost > 0) out += fmt::format("  lost: {}\n", count_text(profile.lost, "record", "records"));
    for (const std::string& reason : profile.unseen) out += paragraph("Not seen: " + reason, 2, Tone::dim, style);
  }
  for (const auto& [absent, times] : kernels.record.profiles.absent) {
    out += paragraph(fmt::format("No {} by {}: {}", quantity_title(absent.kind.quantity),
                                 to_string(absent.kind.witness), absent.reason),
                     0, Tone::dim, style);
  }
  return out;
}

}  // namespace varve
