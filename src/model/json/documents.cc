#include "model/json/documents.h"

#include <nlohmann/json.hpp>

#include "model/json/json_parts.h"

namespace varve {

Result<Document> document_from_json(std::string_view text, const std::string& where) {
  const Result<Json> json = parse_json(text, "reading the document", where);
  if (!json) return json.error();
  const bool named = json->is_object() && json->contains("schema") && json->at("schema").is_string();
  const std::string schema = named ? json->at("schema").get<std::string>() : "";
  std::optional<Error> problem;
  const Fields fields(*json, "", problem);
  Document document;
  if (schema == kStackSchema) {
    document = stack_from(fields);
  } else if (schema == kRunSchema) {
    document = run_from(fields);
  } else if (schema == kComparisonSchema) {
    document = comparison_from(fields);
  } else if (schema == kCheckSchema) {
    document = check_from(fields);
  } else if (schema.starts_with("varve/")) {
    return Error{"reading the document", where, "its schema is \"" + schema.substr(0, 60) + "\"",
                 std::string("This Varve reads ") + kStackSchema + ", " + kRunSchema + ", " + kComparisonSchema +
                     " and " + kCheckSchema + ": use the release that wrote it, or measure again"};
  } else {
    return Error{"reading the document", where, "this is no Varve document: it has no \"schema\": \"varve/…\"",
                 "Give a file that varve capture, check, run or compare wrote"};
  }
  if (problem) {
    problem->where = where + (problem->where.empty() ? "" : ", " + problem->where);
    return *problem;
  }
  return document;
}

}  // namespace varve
