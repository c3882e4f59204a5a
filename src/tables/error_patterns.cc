#include "tables/error_patterns.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/embedded.h"
#include "base/text.h"
#include "model/json/json_fields.h"
#include "model/words/names.h"
#include "tables/pattern_engine.h"
#include "world/files.h"

namespace varve {

namespace {
constexpr const char* kDoing = "reading the error patterns";
constexpr std::size_t kPatternTableCap = std::size_t{8} << 20;

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

PatternLookup lookup_from(const Fields& fields) {
  const std::string word = fields.text("lookup");
  if (word == "number") return PatternLookup::number;
  if (word == "name") return PatternLookup::name;
  if (word == "message") return PatternLookup::message;
  if (word == "xid") return PatternLookup::xid;
  if (!word.empty()) fields.reject("lookup", "\"" + word + "\" is not one of its words");
  return PatternLookup::none;
}

std::string category_from(const Fields& fields, const char* key) {
  const std::string word = fields.text(key);
  if (!word.empty() && !is_category(word)) fields.reject(key, "\"" + word + "\" is no category");
  return word;
}

int small_number(const Fields& fields, const char* key, int otherwise, int highest) {
  const std::int64_t value = fields.integer(key, otherwise);
  if (value < 0 || value > highest) fields.reject(key, "this number is out of range");
  return static_cast<int>(std::clamp<std::int64_t>(value, 0, highest));
}

PatternFact fact_from_row(const Fields& fields) {
  PatternFact fact{.fact = fields.required_text("fact"),
                   .group = small_number(fields, "group", 1, 9),
                   .form = fields.has("form") ? fields.text("form") : "text",
                   .index = small_number(fields, "index", 0, 9)};
  if (fact.form != "text" && fact.form != "api_level" && fact.form != "capability" && fact.form != "indexed") {
    fields.reject("form", "\"" + fact.form + "\" is not one of its words");
  }
  return fact;
}

ErrorPattern pattern_from(const Fields& fields) {
  ErrorPattern row{.id = fields.required_text("id"),
                   .component = fields.required_text("component"),
                   .pattern = fields.text("pattern"),
                   .examples = fields.texts("examples"),
                   .category = category_from(fields, "category"),
                   .also = fields.texts("also"),
                   .layer = fields.word("layer", layer_from),
                   .severity = fields.has("severity") ? fields.word("severity", severity_from) : Severity::error,
                   .cause = fields.text("cause"),
                   .fix = fields.text("fix"),
                   .priority = small_number(fields, "priority", 50, 100),
                   .explained_by = fields.texts("explained_by"),
                   .facts = {},
                   .lookup = lookup_from(fields),
                   .is_error = fields.flag("is_error", true),
                   .source = fields.required_text("source")};
  fields.each("facts", [&](const Fields& fact) { row.facts.push_back(fact_from_row(fact)); });
  for (const std::string& category : row.also) {
    if (!is_category(category)) fields.reject("also", "\"" + category + "\" is no category");
  }
  return row;
}

Result<std::pair<std::string, std::string>> pattern_table_text(const std::string& folder) {
  const std::string name = "error_patterns.json";
  if (folder.empty()) return std::pair{std::string(embedded_file("data/" + name)), "data/" + name};
  Looked<std::unique_ptr<Files>> opened = open_root(folder);
  if (!opened) return Error{kDoing, folder, "it is no folder that can be read", "--data takes a folder with tables"};
  if (!(*opened)->exists(name)) return pattern_table_text({});
  const std::string where = (std::filesystem::path(folder) / name).string();
  Looked<std::string> text = (*opened)->read(name, kPatternTableCap);
  if (!text) return Error{kDoing, where, text.detail, "it must be a file of at most 8 MiB"};
  return std::pair{*text, where};
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

Status read_rows(const Json& json, const std::string& where, ErrorPatterns& patterns) {
  std::optional<Error> problem;
  const Fields fields(json, "", problem);
  fields.required_text("title");
  patterns.date = fields.required_text("date");
  if (!fields.has("rows")) fields.reject("rows", "the field is missing");
  fields.each("rows", [&](const Fields& row) { patterns.rows.push_back(pattern_from(row)); });
  if (!problem) return Done{};
  problem->doing = kDoing;
  problem->where = where + ": " + problem->where;
  problem->hint = "the fields are described in the table that comes with Varve";
  return *problem;
}
}  // namespace

Result<ErrorPatterns> load_error_patterns(const Knowledge& knowledge, const std::string& folder) {
  const auto text = pattern_table_text(folder);
  if (!text) return text.error();
  const Result<Json> json = parse_json(text->first, kDoing, text->second);
  if (!json) return json.error();
  ErrorPatterns patterns;
  if (const Status read = read_rows(*json, text->second, patterns); !read) return read.error();
  add_codes(knowledge, patterns);
  auto compiled = compile_patterns(patterns.rows, knowledge, text->second);
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
