#include <fmt/format.h>

#include "base/text.h"
#include "report/check_summary.h"
#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostRows = 15;  // of a table, unless everything was asked for
constexpr const char* kOneSided = "Told by one side only, or not to the end";

std::string shown_version(const std::string& version) { return version.empty() ? "(not listed)" : version; }

// Rows of one state; of a comparison at length all of them.
std::string items_table(const StackComparison& comparison, ItemState state, const std::string& title, bool explain,
                        const TextStyle& style) {
  TextTable table({{"what"}, {comparison.a}, {comparison.b}});
  std::size_t rows = 0;
  for (const ControlItem& item : comparison.items) {
    if (item.state != state || (++rows > kMostRows && !explain)) continue;
    table.add({{item.title}, {printable(item.a)}, {printable(item.b)}});
  }
  if (rows == 0) return "";
  std::string out = text_heading(title, style) + table.render(style);
  if (rows > kMostRows && !explain)
    out += paragraph(fmt::format("and {} more: --json", rows - kMostRows), 2, Tone::dim, style);
  return out;
}

// What belongs to the GPU and its software stands in a table; of the rest the names are enough.
bool is_of_gpu_stack(const ControlItem& item) {
  return item.layer != Layer::os && !item.id.starts_with("cpu.") && !item.id.starts_with("numa.") &&
         !item.id.starts_with("memory.") && !item.id.starts_with("cgroup.") && !item.id.starts_with("machine.") &&
         !item.id.starts_with("process.");
}

std::string unknown_text(const StackComparison& comparison, bool explain, const TextStyle& style) {
  if (explain) return items_table(comparison, ItemState::unknown, kOneSided, true, style);
  StackComparison of_gpu{.a = comparison.a, .b = comparison.b};
  std::vector<std::string> others;
  for (const ControlItem& item : comparison.items) {
    if (item.state != ItemState::unknown) continue;
    if (is_of_gpu_stack(item)) {
      of_gpu.items.push_back(item);
    } else {
      others.push_back(item.title);
    }
  }
  std::string out = items_table(of_gpu, ItemState::unknown, kOneSided, false, style);
  if (others.empty()) return out;
  if (out.empty()) out = text_heading(kOneSided, style);
  return out + paragraph("and of the system and the processor: " + and_more(others, 8), 2, Tone::dim, style);
}

std::string packages_table(const StackComparison& comparison, bool explain, const TextStyle& style) {
  if (!comparison.no_environment.empty()) {
    return text_heading("Packages", style) + paragraph(comparison.no_environment, 2, Tone::caution, style);
  }
  if (comparison.packages.empty()) return "";
  TextTable table({{"package"}, {comparison.a}, {comparison.b}});
  std::size_t rows = 0;
  for (const PackageItem& item : comparison.packages) {
    if (item.state != ItemState::different || (++rows > kMostRows && !explain)) continue;
    table.add({{printable(item.name)}, {printable(shown_version(item.a))}, {printable(shown_version(item.b))}});
  }
  const std::size_t unknown = count_packages(comparison, ItemState::unknown);
  std::string counted = fmt::format("{} the same", count_packages(comparison, ItemState::same));
  if (unknown > 0) counted += fmt::format(", {} listed by one side only or not to the end", unknown);
  const std::string title = fmt::format("Packages of {} and {}", comparison.environment_a, comparison.environment_b);
  std::string out = text_heading(title, style);
  if (rows > 0) out += table.render(style);
  if (rows > kMostRows && !explain) {
    out += paragraph(fmt::format("and {} more that differ: --json", rows - kMostRows), 2, Tone::dim, style);
  }
  return out + paragraph(counted, 2, Tone::dim, style);
}

Tone tone_of(CheckState state) {
  if (state == CheckState::broken) return Tone::bad;
  return state == CheckState::ok ? Tone::good : Tone::caution;
}

std::string would_run_table(const StackComparison& comparison, bool explain, const TextStyle& style) {
  if (comparison.would_run.empty()) return "";
  std::string out = text_heading(fmt::format("Would the software of {} run on {}", comparison.a, comparison.b), style);
  TextTable table({{""}, {""}, {""}});
  std::size_t rows = 0;
  for (const ConsumerVerdict& consumer : comparison.would_run) {
    if (++rows > kMostRows && !explain) break;
    table.add({{consumer.name},
               {std::string(to_string(consumer.state)), tone_of(consumer.state)},
               {printable(why_of_consumer(consumer))}});
  }
  return out + table.render(style);
}
}  // namespace

std::string text_stack_comparison(const StackComparison& comparison, bool explain, const TextStyle& style) {
  std::string out = paragraph(fmt::format("{} against {}", comparison.a, comparison.b), 0, Tone::bold, style);
  out += paragraph(comparison.verdict, 2, Tone::plain, style);
  out += text_bundles(comparison.bundles, explain, style);
  for (const std::string& note : comparison.notes) out += paragraph(note, 2, Tone::dim, style);
  out += items_table(comparison, ItemState::different, "What differs", explain, style);
  out += packages_table(comparison, explain, style);
  out += would_run_table(comparison, explain, style);
  out += unknown_text(comparison, explain, style);
  if (explain) out += items_table(comparison, ItemState::same, "The same", explain, style);
  return out;
}

}  // namespace varve
