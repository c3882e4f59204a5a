#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "rules/judgement.h"
#include "tables/error_patterns.h"

namespace varve {

// One meaning of what was asked about.
struct Explanation {
  std::string kind;   // "rule", "error", "kernel"
  std::string id;     // "VRV-DRIVER-HALVES", "cuda-803", the kernel's name
  std::string title;  // the rule's statement; of an error its names, number and message; of a kernel its family
  std::string found;  // what of the text it explains; empty for an id
  std::string category, layer;   // as in documents; may be empty
  std::string severity, mender;  // of a rule
  std::string cause;             // of an error its cause, of a rule the consequence
  std::string fix;
  std::vector<std::string> also;   // other categories that may stand behind an error
  std::vector<std::string> rules;  // rules that tell whether it is so on a stack
  std::vector<std::string> facts;  // of a kernel: "family: gemm"
  std::string source;
};

struct ExplanationAnswer {
  std::vector<Explanation> explanations;  // the most specific first
  std::vector<std::string> nearest;       // ids, when there is none
};

// Tries a rule's id, then an error: a number of CUDA or Xid, a name, or a message as it was printed, in any text.
// Kernel names are not known here (a floor above): see explain_kernel in cmd/explain.cc.
ExplanationAnswer explain_text(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge);

// Ids that share letters or words with the text: of rules, of patterns, names of CUDA errors. At most five, best first.
std::vector<std::string> nearest_ids(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge);

Json to_json(const Explanation& explanation);

}  // namespace varve
