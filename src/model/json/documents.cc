#include "model/json/documents.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/json/json_parts.h"
#include "model/json/run_journal_json.h"

namespace varve {

namespace {
constexpr const char* kDoing = "reading the document";

// A kind of document, in the one version that this program reads and writes, and who writes it.
struct DocumentKind {
  std::string_view schema;  // "varve/run/3"
  const char* verb;
  Document (*read)(const Fields&);
};

const std::array<DocumentKind, 7> kKinds{{
    {kStackSchema, "varve capture", [](const Fields& fields) { return Document(stack_from(fields)); }},
    {kRunSchema, "varve run", [](const Fields& fields) { return Document(run_from(fields)); }},
    {kComparisonSchema, "varve compare", [](const Fields& fields) { return Document(comparison_from(fields)); }},
    {kCheckSchema, "varve check", [](const Fields& fields) { return Document(check_from(fields)); }},
    {kKernelsSchema, "varve kernels", [](const Fields& fields) { return Document(kernels_record_from(fields)); }},
    {kTraceComparisonSchema, "varve compare",
     [](const Fields& fields) { return Document(trace_comparison_from(fields)); }},
    {kStackComparisonSchema, "varve compare",
     [](const Fields& fields) { return Document(stack_comparison_from(fields)); }},
}};

std::string schema_of(const Json& json) {
  const bool named = json.is_object() && json.contains("schema") && json.at("schema").is_string();
  return named ? clean_utf8(json.at("schema").get_ref<const std::string&>(), 60) : "";
}

std::string writer_of(const Json& json) {
  std::optional<Error> problem;
  const std::string version = Fields(json, "", problem).object("tool").text("version");
  return version.empty() ? "" : ", written by Varve " + clean_utf8(version, 40);
}

// The kind that "varve/<kind>/<version>" names. Error when it is none of ours, or of another version.
Result<const DocumentKind*> kind_of(const Json& json, const std::string& where) {
  const std::string schema = schema_of(json);
  if (!schema.starts_with("varve/")) {
    return Error{kDoing, where, "this is no Varve document: it has no \"schema\": \"varve/…\"",
                 "Give a file that varve capture, check, run, compare or kernels wrote"};
  }
  for (const DocumentKind& kind : kKinds) {
    if (schema == kind.schema) return &kind;
    const std::size_t name_end = kind.schema.rfind('/') + 1;
    if (schema.substr(0, name_end) != kind.schema.substr(0, name_end)) continue;
    const std::optional<std::int64_t> version = parse_integer(std::string_view(schema).substr(name_end));
    const std::string_view read_version = kind.schema.substr(name_end);
    const std::string found = "its schema is \"" + schema + "\"" + writer_of(json) + "; this Varve reads version " +
                              std::string(read_version) + " of it";
    return Error{kDoing, where, found,
                 version && *version < parse_integer(read_version)
                     ? "Write it again with " + std::string(kind.verb) + ", or read it with the Varve that wrote it"
                     : "Read it with the Varve that wrote it, or install a newer one here"};
  }
  return Error{kDoing, where, "its schema is \"" + schema + "\"" + writer_of(json) + ", which this Varve does not know",
               "Read it with the Varve that wrote it, or install a newer one here"};
}

Result<Document> document_from(const Json& json, const std::string& where) {
  const Result<const DocumentKind*> kind = kind_of(json, where);
  if (!kind) return kind.error();
  std::optional<Error> problem;
  Document document = (*kind)->read(Fields(json, "", problem));
  if (problem) {
    problem->where = where + (problem->where.empty() ? "" : ", " + problem->where);
    return *problem;
  }
  return document;
}

Result<Document> document_from_journal(std::string_view text, const std::string& where) {
  Result<Run> run = run_from_journal(text, where);
  if (!run) return run.error();
  return Document(std::move(*run));
}
}  // namespace

Result<Document> document_from_json(std::string_view text, const std::string& where) {
  if (is_run_journal(text)) return document_from_journal(text, where);
  const Result<Json> json = parse_json(text, kDoing, where);
  if (!json) return json.error();
  if (json->is_array()) {
    return Error{kDoing, where, "these are several documents, and one is wanted here",
                 "Give one of them; varve report reads them all"};
  }
  return document_from(*json, where);
}

Result<std::vector<Document>> documents_from_json(std::string_view text, const std::string& where) {
  if (is_run_journal(text)) {
    Result<Document> run = document_from_journal(text, where);
    if (!run) return run.error();
    return std::vector<Document>{std::move(*run)};
  }
  const Result<Json> json = parse_json(text, kDoing, where);
  if (!json) return json.error();
  std::vector<Document> documents;
  if (!json->is_array()) {
    Result<Document> only = document_from(*json, where);
    if (!only) return only.error();
    documents.push_back(std::move(*only));
    return documents;
  }
  for (const Json& each : *json) {
    const std::string place = where + ", document " + std::to_string(documents.size() + 1);
    Result<Document> document = document_from(each, place);
    if (!document) return document.error();
    documents.push_back(std::move(*document));
  }
  if (documents.empty()) return Error{kDoing, where, "this is a list without a document", "Look at what wrote it"};
  return documents;
}

}  // namespace varve
