#include "model/json/run_journal_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/json/documents.h"

namespace varve {

namespace {
constexpr const char* kDoing = "reading the journal of a run";
const std::string kBeginning = fmt::format("{{\"schema\":\"{}\"", kRunJournalSchema);

std::string one_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json variants_to_json(const std::vector<Variant>& variants) {
  Json list = Json::array();
  for (const Variant& variant : variants) list.push_back(variant_to_json(variant));
  return list;
}

// What may still be learnt while units are measured.
std::string known_of(const Run& run) {
  return fmt::format("\"protocol\":{},\"variants\":{}", one_line(protocol_to_json(run.protocol)),
                     one_line(variants_to_json(run.variants)));
}

// Changes whenever a timing unit may have taught something about protocol or variants, and costs nothing to ask for:
// between two timing units that is the metric of the verdict alone. What recorders learn comes with evidence units.
std::string learnt_of(const Run& run) {
  std::string learnt = run.protocol.primary_metric;
  for (const Variant& variant : run.variants) {
    learnt +=
        fmt::format("\n{} {} {}", variant.recorders.size(), variant.framework.size(), variant.packages.has_value());
  }
  return learnt;
}

Json kernels_from_on(const KernelTable& kernels, std::size_t first) {
  KernelTable gained;
  for (std::size_t i = first; i < kernels.kernels().size(); ++i) gained.intern(kernels.kernels()[i]);
  return kernels_to_json(gained);
}

// The tables as far as they were read.
struct JournalTables {
  std::vector<Library> libraries;
  KernelIdMap kernels;
};

// Adds the unit that a line holds, or says why it cannot be read. What its tables gained stays there: nothing points
// to it.
std::optional<Error> read_unit_line(std::string_view line, const std::string& where, JournalTables& tables, Run& run) {
  const Result<Json> json = parse_json(line, kDoing, where);
  if (!json) return json.error();
  std::optional<Error> problem;
  const Fields fields(*json, "", problem);
  fields.each("libraries", [&](const Fields& row) { tables.libraries.push_back(library_from(row)); });
  const KernelIdMap added = kernels_from(fields, "kernels", run.kernels);
  tables.kernels.insert(tables.kernels.end(), added.begin(), added.end());
  if (!fields.has("unit")) fields.reject("unit", "the field is missing");
  Unit unit = unit_from(fields.object("unit"), tables.libraries, tables.kernels);
  std::optional<Protocol> protocol;
  if (fields.has("protocol")) protocol = protocol_from(fields.object("protocol"));
  std::vector<Variant> variants;
  fields.each("variants", [&](const Fields& row) { variants.push_back(variant_from(row)); });
  if (problem) return problem;
  run.units.push_back(std::move(unit));
  if (protocol) run.protocol = std::move(*protocol);
  if (!variants.empty()) run.variants = std::move(variants);
  return std::nullopt;
}

// The next line without its end; `whole` says whether it had one.
std::string_view take_line(std::string_view& text, bool& whole) {
  const std::size_t end = text.find('\n');
  whole = end != std::string_view::npos;
  const std::string_view line = text.substr(0, end);
  text = whole ? text.substr(end + 1) : std::string_view{};
  return line;
}

// As the run itself would have chosen it after its first unit.
void resolve_primary_metric(Run& run) {
  std::string& primary = run.protocol.primary_metric;
  if (!primary.empty()) return;
  const bool wrote_one = !run.units.empty() && !run.units.front().metrics.empty();
  primary = wrote_one ? run.units.front().metrics.front().name : "wall time";
}

std::string incomplete_text(const Run& run, const std::string& unreadable) {
  const std::size_t planned = run.variants.size() * static_cast<std::size_t>(std::max(0, run.protocol.units) +
                                                                             std::max(0, run.protocol.warmup));
  std::string text =
      fmt::format("it was ended before its end; its journal holds {} of {} planned units", run.units.size(), planned);
  if (!unreadable.empty()) text += "; " + unreadable + ", and what follows it is left out";
  return text;
}
}  // namespace

std::string RunJournalLines::next(const Run& run) {
  std::string lines;
  if (!begun_) {
    Run head = run;
    head.units.clear();
    head.kernels = {};
    head.complete = false;
    lines = fmt::format("{},\"run\":{}}}\n", kBeginning, one_line(to_json(head)));
    known_ = known_of(run);
    learnt_ = learnt_of(run);
    begun_ = true;
  }
  for (; units_ < run.units.size(); ++units_) lines += unit_line(run, run.units[units_]);
  return lines;
}

std::string RunJournalLines::unit_line(const Run& run, const Unit& unit) {
  const std::string of_unit = one_line(unit_to_json(unit, library_table_));  // which adds to the table
  std::string kernels = "[]", libraries = "[]";                              // as most units leave them
  if (kernels_ < run.kernels.kernels().size()) kernels = one_line(kernels_from_on(run.kernels, kernels_));
  kernels_ = run.kernels.kernels().size();
  const std::vector<Library>& rows = library_table_.rows();
  if (libraries_ < rows.size()) {
    libraries = one_line(libraries_to_json({rows.begin() + static_cast<std::ptrdiff_t>(libraries_), rows.end()}));
  }
  libraries_ = rows.size();
  std::string line = fmt::format(R"({{"kernels":{},"libraries":{},"unit":{}}})", kernels, libraries, of_unit);
  std::string learnt = learnt_of(run);
  if (unit.role == UnitRole::evidence || learnt != learnt_) {
    learnt_ = std::move(learnt);
    if (std::string known = known_of(run); known != known_) {
      line.pop_back();
      line += "," + known + "}";
      known_ = std::move(known);
    }
  }
  line += '\n';
  return line;
}

bool is_run_journal(std::string_view text) { return text.starts_with(kBeginning); }

Result<Run> run_from_journal(std::string_view text, const std::string& where) {
  bool whole = true;
  const std::string_view head = take_line(text, whole);
  const Result<Json> json = parse_json(head, kDoing, where + ", line 1");
  if (!json) return json.error();
  if (!json->is_object() || !json->contains("run")) {
    return Error{kDoing, where + ", line 1", "there is no \"run\" in it", "Look at what wrote it"};
  }
  std::optional<Error> problem;
  Run run = run_from(Fields(*json, "", problem).object("run"));
  if (problem) {
    problem->where = where + ", line 1, " + problem->where;
    return *problem;
  }
  run.units.clear();
  run.kernels = {};
  JournalTables tables;
  std::string unreadable;
  for (int number = 2; !text.empty() && unreadable.empty(); ++number) {
    const std::string_view line = take_line(text, whole);
    const std::optional<Error> fault = read_unit_line(line, fmt::format("{}, line {}", where, number), tables, run);
    // Torn off where it was being written: nobody has said that it is there.
    if (fault && !text.empty()) unreadable = fmt::format("its line {} cannot be read ({})", number, fault->found);
  }
  resolve_primary_metric(run);
  run.complete = false;
  run.incomplete_reason = incomplete_text(run, unreadable);
  return run;
}

}  // namespace varve
