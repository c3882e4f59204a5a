#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/finding.h"

namespace varve {

// One meaning of what `varve explain` was asked about. Texts may be empty, fields without a value do not apply.
struct Explanation {
  enum class Kind { rule, finding, error, kernel };
  Kind kind = Kind::error;
  std::string id;     // "VRV-DRIVER-HALVES", "cuda-803", the kernel's name
  std::string title;  // the rule's statement, what a finding says; of an error its names, number and message; of a
                      // kernel its family
  std::string found;  // what of the text it explains; empty for an id
  FaultCategory category = FaultCategory::none;
  std::optional<Layer> layer;
  std::optional<Severity> severity;  // of a rule, of a finding
  std::optional<Mender> mender;      // of a rule
  std::string cause;                 // of an error its cause, of a rule the consequence
  std::string fix;
  std::vector<FaultCategory> also;        // other categories that may stand behind an error
  std::vector<std::string> other_causes;  // of an error: what else it may come of, and what would tell
  std::vector<std::string> rules;         // rules that tell whether it is so on a stack
  // What the name of a kernel says of the whole of it.
  struct Fact {
    std::string what;           // "family", "made_by", "precision" …
    std::string value;          // "gemm"; empty where it is a matter of yes or no
    std::optional<bool> holds;  // "matrix_units": no; without either the name does not say
    std::string source;         // of the rule by which it is known
  };
  std::vector<Fact> facts;
  // A part of the name. Without a meaning it is not known, and all but the text is empty.
  struct Part {
    std::string text, meaning;
    std::string what, value;  // "tile", "128x64"
    std::string known;        // by what: "scheme: cuBLAS and cuDNN until Ampere"
  };
  std::vector<Part> parts;  // of a kernel's name, in its order
  std::string source;
};

struct ExplanationAnswer {
  std::vector<Explanation> explanations;  // the most specific first
  std::vector<std::string> nearest;       // ids, when there is none
};

// What `varve explain --json` prints; written only.
Json to_json(const ExplanationAnswer& answer);

}  // namespace varve
