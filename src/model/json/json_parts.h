#pragma once
#include <cstdint>
#include <limits>
#include <map>

#include "model/answers/check_result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/stack_comparison.h"
#include "model/answers/trace_comparison.h"
#include "model/comparison.h"
#include "model/json/json_fields.h"
#include "model/run_record.h"

namespace varve {

// The parts that several documents share.
Json fact_to_json(const Fact& fact);
Fact fact_from(const Fields& fields);
Json facts_to_json(const std::map<std::string, Fact>& facts);
std::map<std::string, Fact> facts_from(const Fields& fields, const char* key);
Json libraries_to_json(const std::vector<Library>& libraries);
Library library_from(const Fields& fields);
Json findings_to_json(const std::vector<Finding>& findings);
std::vector<Finding> findings_from(const Fields& fields, const char* key);
Json kernels_to_json(const KernelTable& kernels);
// Reads a table of kernels into one; answers which ids its rows have there.
KernelIdMap kernels_from(const Fields& fields, const char* key, KernelTable& kernels);
Json profiles_to_json(const Profiles& profiles);
Profiles profiles_from(const Fields& fields, const KernelIdMap& kernels);
std::map<Part, std::int64_t> parts_from(const Fields& fields, const char* key);
KernelsRecord kernels_record_from(const Fields& fields);
// A number that is at least `otherwise` and fits; `otherwise` where it is absent.
template <class Number>
Number small_number(const Fields& fields, const char* key, std::int64_t otherwise) {
  const std::int64_t value = fields.integer(key, otherwise);
  if (value < otherwise || value > std::numeric_limits<Number>::max()) {
    fields.reject(key, "this is out of range");
    return static_cast<Number>(otherwise);
  }
  return static_cast<Number>(value);
}
Json recorders_to_json(const std::vector<RecorderChoice>& recorders);
std::vector<RecorderChoice> recorders_from(const Fields& fields, const char* key);
Json recording_to_json(const UnitRecording& recording);
UnitRecording recording_from(const Fields& fields);
Json packages_to_json(const ImportedPackages& packages);
ImportedPackages packages_from(const Fields& fields);
Json tool_to_json(const std::string& version);
Stack stack_from(const Fields& fields);
Run run_from(const Fields& fields);
Comparison comparison_from(const Fields& fields);
TraceComparison trace_comparison_from(const Fields& fields);
Json control_item_to_json(const ControlItem& item);
ControlItem control_item_from(const Fields& fields);
Json bundle_to_json(const Bundle& bundle);
Bundle bundle_from(const Fields& fields);
StackComparison stack_comparison_from(const Fields& fields);
Json consumer_verdict_to_json(const ConsumerVerdict& consumer);
ConsumerVerdict consumer_verdict_from(const Fields& fields);
Check check_from(const Fields& fields);

// What the machine did around and while a unit ran, and what the user's own checks of a unit found.
Json conditions_to_json(const UnitConditions& conditions);
UnitConditions conditions_from(const Fields& fields);
Json outputs_to_json(const std::vector<OutputCheck>& outputs);
OutputCheck output_check_from(const Fields& fields);
Json canaries_to_json(const std::vector<Canary>& canaries);
Canary canary_from(const Fields& fields);
Json card_to_json(const std::vector<CardLine>& card);
CardLine card_line_from(const Fields& fields);

}  // namespace varve
