#include "harness/protocol/failures.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace varve {

bool Failures::add(Finding finding, Run& run) {
  if (++count_ > allowed_) return false;
  if (!told_.insert(run.units.back().variant + finding.id).second) return true;
  finding.consequence = "the unit enters no ratio; the run went on, as --keep-going allows";
  run.findings.push_back(std::move(finding));
  return true;
}

void Failures::close(Run& run) const {
  if (count_ == 0 || allowed_ == 0) return;
  std::vector<std::string> sides;
  for (const Variant& variant : run.variants) {
    int failed = 0, all = 0;
    for (const Unit& unit : run.units) {
      if (unit.variant != variant.name || unit.role == UnitRole::evidence) continue;
      ++all;
      failed += unit.end.ok() ? 0 : 1;
    }
    sides.push_back(fmt::format("{} of {} units failed on {}", failed, all, variant.name));
  }
  Finding finding;
  finding.id = "VRV-RUN-KEPT-GOING";
  finding.severity = Severity::warning;
  finding.mender = Mender::application;
  finding.evidence = join(sides, ", ");
  finding.consequence =
      "they enter no ratio, and neither do their partners; a program that fails at times may be "
      "faster only when it does not";
  finding.fix = "mend what makes units fail, and run again";
  run.findings.push_back(finding);
  if (!run.complete) return;
  run.complete = false;
  run.incomplete_reason = finding.evidence;
}

}  // namespace varve
