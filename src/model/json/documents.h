#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/answers/check_result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/stack_comparison.h"
#include "model/answers/trace_comparison.h"
#include "model/comparison.h"
#include "model/run_record.h"
#include "model/stack.h"

namespace varve {

// What the documents say they are. A change after which older documents cannot be read, or older programs would
// misread new ones, counts the version up here and in schema/.
inline constexpr const char* kStackSchema = "varve/stack/1";
inline constexpr const char* kRunSchema = "varve/run/3";
inline constexpr const char* kComparisonSchema = "varve/comparison/2";
inline constexpr const char* kCheckSchema = "varve/check/1";
inline constexpr const char* kKernelsSchema = "varve/kernels/1";
inline constexpr const char* kTraceComparisonSchema = "varve/trace_comparison/1";
inline constexpr const char* kStackComparisonSchema = "varve/stack_comparison/1";

// The documents Varve writes and reads. Every one carries "schema": "varve/<kind>/<version>"; the schemas stand in
// schema/. Readers ignore fields they do not know and report what is missing or of the wrong type with its path.
Json to_json(const Stack& stack);
Json to_json(const Run& run);
Json to_json(const Comparison& comparison);
Json to_json(const Check& check);
Json to_json(const KernelsRecord& record);
Json to_json(const TraceComparison& comparison);
Json to_json(const StackComparison& comparison);

using Document = std::variant<Stack, Run, Comparison, Check, KernelsRecord, TraceComparison, StackComparison>;

// Any Varve document; the journal of a run that was ended is a run. `where` names the source in messages. Error for
// several of them, and for a version that this Varve does not read.
Result<Document> document_from_json(std::string_view text, const std::string& where);

// One document, or the list of them that varve check --json writes of several subjects. At least one.
Result<std::vector<Document>> documents_from_json(std::string_view text, const std::string& where);

}  // namespace varve
