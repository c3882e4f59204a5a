#pragma once
#include <string>
#include <vector>

#include "rules/analysis/analysis.h"
#include "tables/known_issues.h"

namespace varve {

// A row of data/known_issues.json that no fact rules out.
struct IssueMatch {
  const KnownIssue* issue = nullptr;  // into the knowledge
  std::string where;                  // "nvidia-cublas-cu12 12.8.4.1 in /venv on NVIDIA B200 (10.0)"
  std::string environment;            // of the first release seen; empty: of none
  std::vector<std::string> unknown;   // conditions that no fact tells: its workload, a fact that is missing

  // Every condition is known to hold, and the range of releases is known.
  bool is_sure() const;
};

// The rows that may hold here, by how surely they do: all conditions known, then by how many are not, how well the
// range is known, whether anybody confirmed it, and how bad the effect is. A row about the GPU side asks for a GPU. A
// setting that is not set, or a platform that is known to be another, rules a row out; a fact that is missing does not.
std::vector<IssueMatch> match_known_issues(const Analysis& analysis);

}  // namespace varve
