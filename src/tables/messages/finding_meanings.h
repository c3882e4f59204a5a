#pragma once
#include <map>
#include <string>

#include "model/finding.h"

namespace varve {

// What a finding that is no rule of `varve check` says wherever it is found, and what to do: data/findings.json.
struct FindingMeaning {
  Severity severity = Severity::note;  // the gravest that it is found with
  std::string says, fix;
};

// By id: "VRV-RUN-STEAL". Empty where the table cannot be read.
const std::map<std::string, FindingMeaning>& finding_meanings();

}  // namespace varve
