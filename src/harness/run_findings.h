#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "harness/unit/executor.h"
#include "model/run_record.h"

namespace varve {

// What a run has to tell its reader about itself. Evidence is redacted; `home` becomes "~" in it.

// Why a unit did not end well, or nothing when it did. `what` names the unit: "unit 3 (A, timing)".
std::optional<Finding> unit_finding(const std::string& what, const UnitOutcome& outcome, double timeout_seconds,
                                    std::string_view home);

// Who sent Varve a signal, as far as that can be known: "the user (SIGINT)", "the scheduler (SIGTERM, Slurm job 12)".
std::string interrupter(int signal, const std::map<std::string, std::string>& environment);

// Why a command before or after a unit failed; the server of a side could not be started.
Finding aside_finding(const std::string& what, const UnitOutcome& outcome, double timeout_seconds,
                      std::string_view home);
Finding server_finding(const std::string& what, const std::string& why, std::string_view home);

// A metric that was asked for and not written by a unit, with the nearest name that was.
Finding metric_missing_finding(const std::string& what, const std::string& wanted, const Unit& unit);

// A metric whose unit or direction is not that of an earlier unit.
Finding metric_changed_finding(const std::string& what, const Metric& before, const Metric& now);

// The units cannot be written to where they are kept.
Finding not_kept_finding(const Error& error, std::string_view home);

// What can be said once all units are there: a window that is not used, the stack changed, steal, no kernel evidence,
// no partner to compare with.
void add_closing_findings(Run& run);

}  // namespace varve
