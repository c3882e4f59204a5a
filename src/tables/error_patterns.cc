#include "tables/error_patterns.h"

#include <algorithm>

#include "base/text.h"
#include "model/words/names.h"
#include "tables/pattern_engine.h"
#include "tables/table.h"

namespace varve {

namespace {
struct CategoryTitle {
  std::string_view word, title;
};
constexpr CategoryTitle kCategoryTitles[] = {
    {"driver_ceiling", "a driver that is too old for what runs on it"},
    {"kernel_coverage", "GPU code that does not fit the GPU"},
    {"user_kernel_mismatch", "user and kernel halves of the driver that do not fit"},
    {"library_mix", "libraries that do not belong together"},
    {"framework_bundle", "the build of the framework or of an extension"},
    {"host_toolkit", "the CUDA toolkit or compiler of the host"},
    {"container", "how the container gets the GPU"},
    {"device_handshake", "what stands between the driver and the GPU"},
    {"silent_slowdown", "a setting or version that costs speed"},
};

constexpr TableWord<PatternLookup> kLookups[] = {{"number", PatternLookup::number},
                                                 {"name", PatternLookup::name},
                                                 {"message", PatternLookup::message},
                                                 {"xid", PatternLookup::xid}};

std::vector<std::string_view> category_words() {
  std::vector<std::string_view> words;
  for (const CategoryTitle& row : kCategoryTitles) words.push_back(row.word);
  return words;
}

// A word through its enumeration's own table.
template <class Enum>
Enum word_from(const TableRow& row, const char* key, std::optional<Enum> (*from)(std::string_view), const char* what) {
  const std::string text = row.required(key);
  const std::optional<Enum> value = from(text);
  if (!value) row.reject(key, text, what);
  return value.value_or(Enum{});
}

PatternFact fact_from_row(const TableRow& row) {
  PatternFact fact{.fact = row.required("fact"),
                   .group = row.integer("group", 1, 9),
                   .form = row.one_of("form", {"text", "api_level", "capability", "indexed"}),
                   .index = row.integer("index", 0, 9)};
  if (fact.form.empty()) fact.form = "text";
  return fact;
}

ErrorPattern pattern_from(const TableRow& row) {
  const std::string severity = row.text("severity");
  ErrorPattern read{.id = row.required("id"),
                    .component = row.required("component"),
                    .pattern = row.text("pattern"),
                    .examples = row.texts("examples"),
                    .category = row.one_of("category", category_words()),
                    .also = row.texts("also"),
                    .layer = word_from(row, "layer", layer_from, "a layer"),
                    .severity = severity.empty() ? Severity::error
                                                 : word_from(row, "severity", severity_from, "error, warning or note"),
                    .cause = row.text("cause"),
                    .fix = row.text("fix"),
                    .priority = row.integer("priority", 50, 100),
                    .explained_by = row.texts("explained_by"),
                    .facts = {},
                    .lookup = row.word("lookup", kLookups, PatternLookup::none),
                    .is_error = row.flag("is_error", true),
                    .source = row.required("source")};
  row.each("facts", [&](const TableRow& fact) { read.facts.push_back(fact_from_row(fact)); });
  for (const std::string& category : read.also) {
    if (!is_category(category)) row.reject("also", category, "a category");
  }
  return read;
}

Layer layer_of_category(std::string_view category) {
  if (category == "driver_ceiling" || category == "user_kernel_mismatch") return Layer::user_driver;
  if (category == "kernel_coverage") return Layer::kernels;
  if (category == "library_mix") return Layer::kernel_library;
  if (category == "framework_bundle") return Layer::framework;
  if (category == "host_toolkit") return Layer::host_toolkit;
  if (category == "container") return Layer::container;
  if (category == "device_handshake") return Layer::handshake;
  return Layer::settings;
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
  }
}

}  // namespace

Result<ErrorPatterns> load_error_patterns(const Knowledge& knowledge, const std::string& folder) {
  const Result<TableSource> source = open_tables(folder);
  if (!source) return source.error();
  ErrorPatterns patterns;
  const Result<std::string> date = read_table(*source, "error_patterns", [&](const TableRow& table) {
    table.required_rows("rows", [&](const TableRow& row) { patterns.rows.push_back(pattern_from(row)); });
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

std::string category_title(std::string_view category) {
  for (const CategoryTitle& row : kCategoryTitles) {
    if (row.word == category) return std::string(row.title);
  }
  return category.empty() ? "the program itself, not the stack under it" : std::string(category);
}

bool is_category(std::string_view word) {
  return std::any_of(std::begin(kCategoryTitles), std::end(kCategoryTitles),
                     [&](const CategoryTitle& row) { return row.word == word; });
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
