#include "rules/log/candidates.h"

#include <algorithm>

#include "rules/analysis/chain_links.h"

namespace varve {

namespace {
struct Judged {
  CauseCandidate candidate;
  bool is_supported = false;  // open, and facts speak for it
};

Judged judge_cause(const Cause& cause, const ConditionGround& ground) {
  Judged judged{.candidate = {.layer = cause.layer,
                              .category = cause.category,
                              .state = CandidateState::open,
                              .cause = fill_groups(cause.cause, ground.groups),
                              .fix = fill_groups(cause.fix, ground.groups),
                              .because = {},
                              .decide = fill_groups(cause.decide, ground.groups)}};
  CauseCandidate& candidate = judged.candidate;
  const auto take = [&](const Answer& answer, CandidateState state) {
    candidate.state = state;
    candidate.because = answer.words;
    if (state != CandidateState::open) candidate.decide.clear();
  };
  if (const Answer against = ask_any(cause.ruled_out_by, ground); against.holds == Holds::yes) {
    take(against, CandidateState::excluded);
  } else if (const Answer sure = ask_any(cause.confirmed_by, ground); sure.holds == Holds::yes) {
    // What is worded as a guess is not confirmed by anything: facts make it likely.
    judged.is_supported = is_hedged(candidate.cause);
    take(sure, judged.is_supported ? CandidateState::open : CandidateState::confirmed);
  } else if (const Answer likely = ask_any(cause.speaks_for, ground); likely.holds == Holds::yes) {
    take(likely, CandidateState::open);
    judged.is_supported = true;
  }
  return judged;
}

// A finding that accounts for the message confirms the cause of its kind that facts have not ruled out; where there is
// none, it is a cause of its own. What a cause says as a guess the finding's own words replace; where they are a guess
// too, as of a finding that repeats what the kernel's log says, the cause stays likely. Answers its place.
std::size_t add_finding(std::vector<Judged>& causes, const Finding& by) {
  const auto at = std::find_if(causes.begin(), causes.end(), [&](const Judged& one) {
    return one.candidate.category == by.category && one.candidate.state != CandidateState::excluded;
  });
  CauseCandidate confirmed{.layer = by.layer,
                           .category = by.category,
                           .state = CandidateState::confirmed,
                           .cause = by.consequence,
                           .fix = by.fix,
                           .because = by.id + ": " + by.evidence,
                           .decide = {}};
  if (at != causes.end()) {
    const std::string& own = at->candidate.cause;
    if (!own.empty() && (!is_hedged(own) || is_hedged(by.consequence))) confirmed.cause = own;
    if (by.fix.empty()) confirmed.fix = at->candidate.fix;
  }
  if (is_hedged(confirmed.cause)) confirmed.state = CandidateState::open;
  if (at == causes.end()) {
    causes.insert(causes.begin(), {.candidate = std::move(confirmed)});
    return 0;
  }
  at->candidate = std::move(confirmed);
  return static_cast<std::size_t>(at - causes.begin());
}

bool is_open(const Judged& judged) { return judged.candidate.state == CandidateState::open; }

// Whether all causes that are left break the same link.
bool is_one_link(const std::vector<Judged>& causes) {
  std::optional<Layer> link;
  for (const Judged& one : causes) {
    if (!is_open(one)) continue;
    const Layer own = link_of(one.candidate.layer, one.candidate.category);
    if (link && *link != own) return false;
    link = own;
  }
  return true;
}

struct Lead {
  std::optional<std::size_t> at;
  CauseStanding standing = CauseStanding::refuted;
};

// Whether the message itself names the first of the causes: it is the row's own, and the row is no general one.
bool states_first(const ErrorPattern& row) {
  return row.priority >= kNamesCausePriority && !row.candidates.empty() && row.candidates.front().id == row.id;
}

Lead choose_lead(const std::vector<Judged>& causes, const ErrorPattern& row) {
  const auto first = [&](auto holds) -> std::optional<std::size_t> {
    const auto at = std::find_if(causes.begin(), causes.end(), holds);
    return at == causes.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - causes.begin()));
  };
  const auto confirmed = first([](const Judged& one) { return one.candidate.state == CandidateState::confirmed; });
  if (confirmed) return {confirmed, CauseStanding::confirmed};
  if (const auto likely = first([](const Judged& one) { return one.is_supported; })) {
    return {likely, CauseStanding::supported};
  }
  const auto open = first(is_open);
  if (!open) return {std::nullopt, CauseStanding::refuted};
  const auto left = std::count_if(causes.begin(), causes.end(), is_open);
  if (left == 1 && causes.size() > 1) return {open, CauseStanding::supported};
  const bool is_stated = *open == 0 && states_first(row);
  if (left == 1 || is_stated || is_one_link(causes)) return {open, CauseStanding::stated};
  return {open, CauseStanding::undecided};
}
}  // namespace

void judge_candidates(ExplainedError& error, const ErrorPattern& row, const Finding* by,
                      const ConditionGround& ground) {
  std::vector<Judged> causes;
  for (const Cause& cause : row.candidates) causes.push_back(judge_cause(cause, ground));
  Lead lead;
  if (by != nullptr) {
    const std::size_t at = add_finding(causes, *by);
    const bool is_sure = causes[at].candidate.state == CandidateState::confirmed;
    lead = {at, is_sure ? CauseStanding::confirmed : CauseStanding::supported};
  } else {
    lead = choose_lead(causes, row);
  }
  error.standing = lead.standing;
  error.candidates.clear();
  for (Judged& one : causes) error.candidates.push_back(std::move(one.candidate));
  if (!lead.at) return;
  CauseCandidate& leader = error.candidates[*lead.at];
  leader.leads = true;
  error.cause = leader.cause;
  error.fix = leader.fix;
}

const CauseCandidate* leading(const ExplainedError& error) {
  const auto at = std::find_if(error.candidates.begin(), error.candidates.end(),
                               [](const CauseCandidate& one) { return one.leads; });
  return at == error.candidates.end() ? nullptr : &*at;
}

}  // namespace varve
