#include "tables/messages/error_patterns.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "model/words/names.h"
#include "tables/messages/pattern_engine.h"
#include "tables/table.h"

namespace varve {

namespace {
constexpr TableWord<PatternLookup> kLookups[] = {{"number", PatternLookup::number},
                                                 {"name", PatternLookup::name},
                                                 {"message", PatternLookup::message},
                                                 {"xid", PatternLookup::xid}};

PatternFact fact_from_row(const TableRow& row) {
  PatternFact fact{.fact = row.required("fact"),
                   .group = row.integer("group", 1, 9),
                   .form = row.one_of("form", {"text", "api_level", "capability", "indexed"}),
                   .index = row.integer("index", 0, 9)};
  if (fact.form.empty()) fact.form = "text";
  return fact;
}

ErrorPattern pattern_from(const TableRow& row) {
  ErrorPattern read{.id = row.required("id"),
                    .component = row.required("component"),
                    .pattern = row.text("pattern"),
                    .examples = row.texts("examples"),
                    .category = row.word("category", fault_category_from, "a category", {FaultCategory::none}),
                    .also = {},
                    .layer = row.word("layer", layer_from, "a layer"),
                    .severity = row.word("severity", severity_from, "error, warning or note", {Severity::error}),
                    .cause = row.text("cause"),
                    .fix = row.text("fix"),
                    .priority = row.integer("priority", 50, 100),
                    .explained_by = row.texts("explained_by"),
                    .facts = {},
                    .lookup = row.word("lookup", kLookups, PatternLookup::none),
                    .is_error = row.flag("is_error", true),
                    .stands_alone = row.flag("stands_alone"),
                    .candidates = {},
                    .follows = row.texts("follows"),
                    .outside = row.text("outside"),
                    .source = row.required("source")};
  row.each("facts", [&](const TableRow& fact) { read.facts.push_back(fact_from_row(fact)); });
  for (const std::string& word : row.texts("also")) {
    const std::optional<FaultCategory> category = fault_category_from(word);
    if (!category) row.reject("also", word, "a category");
    read.also.push_back(category.value_or(FaultCategory::none));
  }
  return read;
}

Layer layer_of_category(FaultCategory category) {
  switch (category) {
    case FaultCategory::driver_ceiling:
    case FaultCategory::user_kernel_mismatch:
      return Layer::user_driver;
    case FaultCategory::kernel_coverage:
      return Layer::kernels;
    case FaultCategory::library_mix:
      return Layer::kernel_library;
    case FaultCategory::framework_bundle:
      return Layer::framework;
    case FaultCategory::host_toolkit:
      return Layer::host_toolkit;
    case FaultCategory::container:
      return Layer::container;
    case FaultCategory::device_handshake:
      return Layer::handshake;
    case FaultCategory::silent_slowdown:
    case FaultCategory::none:
      return Layer::settings;
  }
  return Layer::settings;
}

// The causes of the table by id; those of categories have the category's word for an id.
using Causes = std::map<std::string, Cause, std::less<>>;

Cause own_cause(const ErrorPattern& row) {
  return {.id = row.id,
          .layer = row.layer,
          .category = row.category,
          .cause = row.cause,
          .fix = row.fix,
          .decide = {},
          .confirmed_by = {},
          .speaks_for = {},
          .ruled_out_by = {}};
}

// The candidates of a row, as its struct says. `causes` are all read.
void read_candidates(const TableRow& row, const Causes& causes, ErrorPattern& pattern) {
  Cause own = own_cause(pattern);
  read_conditions(row, own);
  if (row.flag("is_candidate", true) && !own.cause.empty()) pattern.candidates.push_back(std::move(own));
  const std::vector<std::string> named = row.texts("candidates");
  for (const std::string& id : named) {
    const auto at = causes.find(id);
    if (at == causes.end()) row.reject("candidates", id, "the id of a row of \"causes\"");
    if (at != causes.end()) pattern.candidates.push_back(at->second);
  }
  if (!named.empty()) return;
  for (const FaultCategory category : pattern.also) {
    const auto at = causes.find(to_string(category));
    if (at != causes.end()) pattern.candidates.push_back(at->second);
  }
}

// Codes that no row of the table speaks of.
void add_codes(const Knowledge& knowledge, ErrorPatterns& patterns) {
  for (const ErrorCode& code : knowledge.error_codes) {
    const std::string id = "cuda-" + std::to_string(code.code);
    if (code.code == 0 || find_pattern(patterns, id) != nullptr) continue;
    patterns.rows.push_back({.id = id,
                             .component = "cuda",
                             .category = code.category,
                             .layer = layer_of_category(code.category),
                             .cause = code.meaning.empty() ? "CUDA says: " + code.message + "." : code.meaning,
                             .fix = code.fix,
                             .source = code.source});
    if (ErrorPattern& row = patterns.rows.back(); !row.cause.empty()) row.candidates = {own_cause(row)};
  }
}

}  // namespace

Result<ErrorPatterns> load_error_patterns(const Knowledge& knowledge, const std::string& folder) {
  const Result<TableSource> source = open_tables(folder);
  if (!source) return source.error();
  ErrorPatterns patterns;
  const Result<std::string> date = read_table(*source, "error_patterns", [&](const TableRow& table) {
    Causes causes;
    table.each("causes", [&](const TableRow& row) {
      Cause cause = cause_from(row);
      const std::string id = cause.id;
      if (!causes.emplace(id, std::move(cause)).second) row.reject("id", id, "an id that no other cause has");
    });
    table.required_rows("rows", [&](const TableRow& row) {
      patterns.rows.push_back(pattern_from(row));
      read_candidates(row, causes, patterns.rows.back());
    });
  });
  if (!date) return date.error();
  patterns.date = *date;
  add_codes(knowledge, patterns);
  auto compiled = compile_patterns(patterns.rows, knowledge, "error_patterns.json");
  if (!compiled) return compiled.error();
  patterns.compiled = *compiled;
  return patterns;
}

const ErrorPattern* find_pattern(const ErrorPatterns& patterns, std::string_view id) {
  const auto& rows = patterns.rows;
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const ErrorPattern& row) { return row.id == id; });
  return at == rows.end() ? nullptr : &*at;
}

std::size_t count_messages(const ErrorPatterns& patterns) {
  return static_cast<std::size_t>(
      std::count_if(patterns.rows.begin(), patterns.rows.end(),
                    [](const ErrorPattern& row) { return row.is_error && !row.pattern.empty(); }));
}

std::string_view without_sentence_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(".,;");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string fill_groups(std::string_view text, const std::vector<std::string>& groups) {
  std::string filled;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_place =
        text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' && text[i + 1] >= '1' && text[i + 1] <= '9';
    if (!is_place) {
      filled += text[i];
      continue;
    }
    const auto group = static_cast<std::size_t>(text[i + 1] - '1');
    const bool has_one = group < groups.size() && !groups[group].empty();
    filled += has_one ? without_sentence_end(groups[group]) : "(not named)";
    i += 2;
  }
  return filled;
}

}  // namespace varve
