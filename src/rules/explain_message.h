#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/answers/explanation.h"
#include "rules/judgement.h"
#include "tables/messages/error_patterns.h"

namespace varve {

// Tries the id of a rule or of another finding, then an error: a number of CUDA or Xid, a name, or a message as it was
// printed, in any text. Kernel names are not known here (a floor above): see explain_kernel in cmd/explain.cc.
ExplanationAnswer explain_text(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge);

// Ids that share letters or words with the text: of rules, of patterns, names of CUDA errors. At most five, best first.
std::vector<std::string> nearest_ids(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge);

}  // namespace varve
