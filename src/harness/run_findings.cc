#include "harness/run_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "harness/variant.h"
#include "model/fact_catalog.h"
#include "world/world.h"

namespace varve {

namespace {

constexpr std::size_t kQuotedLines = 8;
constexpr std::size_t kQuotedLineBytes = 300;
constexpr double kMuchSteal = 0.05;

// The last lines of the program's output, fit for a document.
std::string quote_output(const std::string& output, std::string_view home) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(output, '\n')) {
    if (!trim(line).empty()) lines.push_back(clean_utf8(redact_line(trim(line), home), kQuotedLineBytes));
  }
  if (lines.empty()) return "it wrote nothing";
  if (lines.size() > kQuotedLines) lines.erase(lines.begin(), lines.end() - kQuotedLines);
  return "its output ended with:\n" + join(lines, "\n");
}

std::string signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{} ({})", name, sigdescr_np(signal)) : fmt::format("signal {}", signal);
}

Finding failure(std::string id, std::string evidence, std::string fix) {
  Finding finding;
  finding.id = std::move(id);
  finding.layer = Layer::os;
  finding.severity = Severity::error;
  finding.mender = Mender::application;
  finding.evidence = std::move(evidence);
  finding.consequence = "the run stopped there; what was measured before is kept, and it is not complete";
  finding.fix = std::move(fix);
  return finding;
}

Finding signal_finding(const std::string& what, int signal, const std::string& quoted) {
  Finding finding = failure("VRV-RUN-SIGNAL", fmt::format("{} was ended by {}; {}", what, signal_text(signal), quoted),
                            "run the command by hand and mend what ends it");
  if (signal == SIGKILL) {
    finding.mender = Mender::platform;
    finding.fix = "see dmesg and the memory limit of the container: the kernel's out-of-memory killer ends programs so";
  } else if (signal == SIGILL) {
    finding.layer = Layer::kernel_library;
    finding.mender = Mender::framework;
    finding.fix = "look for a library built for, or told to use, instructions that this CPU does not have";
  }
  return finding;
}

}  // namespace

std::optional<Finding> unit_finding(const std::string& what, const UnitOutcome& outcome, double timeout_seconds,
                                    std::string_view home) {
  const UnitEnd& end = outcome.end;
  if (end.interrupted) {
    const std::string by = outcome.interrupted_by.empty() ? "the user" : outcome.interrupted_by;
    Finding finding = failure("VRV-RUN-INTERRUPTED", fmt::format("{} was interrupted by {}", what, by),
                              "take it up again with varve run --resume, or run it again to the end");
    finding.severity = Severity::warning;
    return finding;
  }
  if (!outcome.not_started.empty()) {
    return failure("VRV-RUN-NOT-STARTED",
                   fmt::format("{} could not be started: {}", what, redact_line(outcome.not_started, home)),
                   "see that the command runs by hand from the same directory");
  }
  const std::string quoted = quote_output(outcome.last_output, home);
  if (end.server_failed) {
    return server_finding("the server ended before " + what + " did", outcome.server_fault, home);
  }
  if (end.timed_out) {
    return failure("VRV-RUN-TIMEOUT",
                   fmt::format("{} had not ended after {}; {}", what, format_seconds(timeout_seconds), quoted),
                   "find out what it waits for, or give it more time with --timeout");
  }
  if (end.signal != 0) return signal_finding(what, end.signal, quoted);
  if (end.exit_code != 0) {
    std::string fix = "run the command by hand and mend what makes it fail";
    if (end.exit_code == 127) fix = "a shell answers 127 for a program that it did not find: see its PATH";
    if (end.exit_code == 126) fix = "a shell answers 126 for a file that it may not execute: see its permissions";
    return failure("VRV-RUN-UNIT-FAILED", fmt::format("{} ended with exit status {}; {}", what, end.exit_code, quoted),
                   fix);
  }
  if (!outcome.metrics) {
    const Error& error = outcome.metrics.error();
    return failure("VRV-RUN-METRIC-UNREADABLE",
                   fmt::format("{}: {}: {}", what, error.where, redact_line(error.found, home)), error.hint);
  }
  return std::nullopt;
}

std::string interrupter(int signal, const std::map<std::string, std::string>& environment) {
  if (signal == SIGINT) return "the user (SIGINT)";
  if (signal == SIGHUP) return "the end of its terminal or connection (SIGHUP)";
  if (signal != SIGTERM) return "the user";
  constexpr std::pair<const char*, const char*> kJobs[] = {
      {"SLURM_JOB_ID", "Slurm"}, {"PBS_JOBID", "PBS"}, {"LSB_JOBID", "LSF"}, {"JOB_ID", "Grid Engine"}};
  for (const auto& [variable, scheduler] : kJobs) {
    const std::string job = environment_value(environment, variable);
    if (!job.empty()) {
      return fmt::format("SIGTERM: it runs in {} job {}, which was cancelled or reached its time limit", scheduler,
                         clean_utf8(job, 64));
    }
  }
  return "SIGTERM: a scheduler, a time limit or somebody's kill ended it";
}

Finding aside_finding(const std::string& what, const UnitOutcome& outcome, double timeout_seconds,
                      std::string_view home) {
  std::optional<Finding> finding = unit_finding(what, outcome, timeout_seconds, home);
  if (!finding) finding = failure("", what + " failed", "");
  finding->id = "VRV-RUN-ASIDE-FAILED";
  finding->fix = "run the line by hand with sh -c, from the same directory";
  return *finding;
}

Finding server_finding(const std::string& what, const std::string& why, std::string_view home) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(why, '\n')) lines.push_back(redact_line(line, home));
  return failure("VRV-RUN-SERVER-FAILED", fmt::format("{}: {}", what, join(lines, "\n")),
                 "start the server by hand with the same environment, and see what it says");
}

Finding metric_missing_finding(const std::string& what, const std::string& wanted, const Unit& unit) {
  std::vector<std::string> names;
  for (const Metric& metric : unit.metrics) names.push_back(metric.name);
  for (const std::string& name : built_in_metrics()) {
    if (find_metric(unit, name)) names.push_back(name);
  }
  const std::optional<std::string> near = nearest(wanted, names);
  return failure("VRV-RUN-METRIC-MISSING",
                 fmt::format("{} did not write the metric \"{}\"; there are: {}{}", what, wanted, join(names, ", "),
                             unit.metrics_note.empty() ? "" : ". " + unit.metrics_note),
                 near ? fmt::format("did you mean \"{}\"?", *near)
                      : "name one of these with --metric, or let the program write it to the file $VARVE_METRICS");
}

Finding metric_changed_finding(const std::string& what, const Metric& before, const Metric& now) {
  return failure("VRV-RUN-METRIC-CHANGED",
                 fmt::format("{} wrote the metric \"{}\" in \"{}\", {} is better; before it was \"{}\", {}", what,
                             now.name, now.unit, to_string(now.better), before.unit, to_string(before.better)),
                 "let the program write the same unit and \"better\" every time");
}

Finding not_kept_finding(const Error& error, std::string_view home) {
  Finding finding = failure("VRV-RUN-NOT-KEPT", redact_line(to_text(error), home), "make room, and run it again");
  finding.mender = Mender::platform;
  return finding;
}

namespace {

void add_window_finding(Run& run) {
  int units = 0;
  std::string first;
  for (const Unit& unit : run.units) {
    if (unit.window_fault.empty()) continue;
    if (++units == 1) first = fmt::format("unit {} ({}), {}", unit.index, unit.variant, unit.window_fault);
  }
  if (units == 0) return;
  Finding finding;
  finding.id = "VRV-RUN-WINDOW";
  finding.layer = Layer::settings;
  finding.severity = Severity::warning;
  finding.mender = Mender::application;
  finding.evidence = fmt::format("in {} of {} units the time that the metric speaks of is not used; {}", units,
                                 run.units.size(), first);
  finding.consequence = "what ran in those units is that of the whole process: imports and warm-up too";
  finding.fix =
      "write start_ns and end_ns by CLOCK_MONOTONIC on every line of the metric, as varve.py does; value and verdict "
      "are "
      "not touched by it";
  run.findings.push_back(std::move(finding));
}

void add_stack_finding(Run& run) {
  if (run.stack_changes.empty()) return;
  std::vector<std::string> changes;
  for (const FactChange& change : run.stack_changes) {
    changes.push_back(fmt::format("{}: {} → {}", change.id, fact_text(change.before), fact_text(change.after)));
  }
  Finding finding;
  finding.id = "VRV-RUN-STACK-CHANGED";
  const FactDefinition* definition = find_fact_definition(run.stack_changes[0].id);
  if (definition != nullptr) finding.layer = definition->layer;
  finding.severity = Severity::warning;
  finding.mender = Mender::platform;
  finding.evidence = "between before the first unit and after the last: " + join(changes, "; ");
  finding.consequence = "the units did not all run on the same stack";
  finding.fix = "keep the machine still while it is measured, and run again";
  run.findings.push_back(std::move(finding));
}

const UnitMark* find_mark(const Unit& unit, Mark mark) {
  const auto found = std::find_if(unit.marks.begin(), unit.marks.end(),
                                  [mark](const UnitMark& candidate) { return candidate.mark == mark; });
  return found == unit.marks.end() ? nullptr : &*found;
}

void add_steal_finding(Run& run) {
  int marked = 0, timed = 0;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing) continue;
    ++timed;
    marked += find_mark(unit, Mark::steal) != nullptr;
  }
  if (marked == 0) return;
  Finding finding;
  finding.id = "VRV-RUN-STEAL";
  finding.layer = Layer::hardware;
  finding.severity = Severity::warning;
  finding.mender = Mender::platform;
  finding.evidence = fmt::format("during {} of {} timing units the hypervisor gave more than {} of the CPUs to others",
                                 marked, timed, format_percent(kMuchSteal));
  finding.consequence = "wall time spreads more than the program does; CPU time is moved less";
  finding.fix = "use a machine with CPUs of its own, take more units, or compare --metric \"CPU time\"";
  finding.source = "/proc/stat: steal";
  run.findings.push_back(std::move(finding));
}

// What the machine itself did between units.
void add_canary_finding(Run& run) {
  constexpr std::size_t kFewest = 4;
  constexpr double kMuch = 0.05;
  if (run.canaries.size() < kFewest) return;
  std::vector<std::string> moved;
  const auto look = [&](const std::string& what, const std::vector<double>& seconds) {
    if (seconds.size() < kFewest) return;
    const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
    if (*least <= 0 || *most / *least - 1 <= kMuch) return;
    moved.push_back(fmt::format("{} took {} to {}", what, format_seconds(*least), format_seconds(*most)));
  };
  std::vector<double> cpu, memory;
  for (const Canary& canary : run.canaries) {
    cpu.push_back(canary.cpu_seconds);
    memory.push_back(canary.memory_seconds);
  }
  look("the same multiplications", cpu);
  look("copying the same memory", memory);
  for (const auto& [gpu, seconds] : products_by_gpu(run)) look("the same matrix product on GPU " + gpu, seconds);
  if (moved.empty()) return;
  Finding finding;
  finding.id = "VRV-RUN-CANARY";
  finding.layer = Layer::hardware;
  finding.severity = Severity::note;
  finding.mender = Mender::platform;
  finding.evidence = fmt::format("between units, {} times, {}", run.canaries.size(), join(moved, "; "));
  finding.consequence = "the machine itself changed speed meanwhile: so did the units, whatever the program does";
  finding.fix = "see varve run --check-noise; pairs that run next to each other are moved least";
  run.findings.push_back(std::move(finding));
}

void add_work_finding(Run& run) {
  int units = 0;
  std::string first;
  for (const Unit& unit : run.units) {
    if (unit.work_fault.empty()) continue;
    if (++units == 1) first = fmt::format("unit {} ({}): {}", unit.index, unit.variant, unit.work_fault);
  }
  if (units == 0) return;
  Finding finding;
  finding.id = "VRV-RUN-WORK";
  finding.layer = Layer::settings;
  finding.severity = Severity::error;
  finding.mender = Mender::application;
  finding.evidence =
      fmt::format("in {} of {} units what was counted does not fit what was timed; {}", units, run.units.size(), first);
  finding.consequence = "one of rate, time and work is wrong, and nobody can tell which: no side is called faster";
  finding.fix = "write the work of the whole window, and the rate as work divided by its time";
  run.findings.push_back(std::move(finding));
}

void add_evidence_finding(Run& run) {
  bool any_timed = false, any_sampled = false;
  std::set<std::string> reasons;
  double cpu_seconds = 0;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::warmup) continue;
    if (std::any_of(unit.profiles.by_kind.begin(), unit.profiles.by_kind.end(),
                    [](const auto& seen) { return !seen.second.rows.empty(); })) {
      return;
    }
    if (unit.role != UnitRole::timing) continue;
    any_timed = true;
    cpu_seconds += unit.user_seconds + unit.system_seconds;
    for (const auto& [unseen, times] : unit.profiles.absent) reasons.insert(unseen.reason);
    any_sampled = any_sampled || unit.profiles.by_kind.contains(kCpuSamples);
    for (const auto& [kind, profile] : unit.profiles.by_kind) {
      reasons.insert(profile.unseen.begin(), profile.unseen.end());
    }
  }
  if (!any_timed) return;
  Finding finding;
  finding.id = "VRV-RUN-NO-KERNEL-EVIDENCE";
  finding.layer = Layer::kernels;
  finding.severity = Severity::note;
  finding.mender = any_sampled ? Mender::application : Mender::platform;
  finding.evidence = reasons.empty()
                         ? fmt::format("no CPU sample fell into the timing units, which used {} of CPU time in all",
                                       format_seconds(cpu_seconds))
                         : join({reasons.begin(), reasons.end()}, "; ");
  finding.consequence = "the run does not say which kernels ran: a change of speed cannot be traced to one";
  finding.fix = any_sampled ? "let a unit run longer, or take more samples: --sampling 10000"
                            : "permit perf_event_open (perf_event_paranoid at most 2)";
  run.findings.push_back(std::move(finding));
}

// Said here and not only by compare: before the next twenty units are measured.
void add_direction_finding(Run& run) {
  for (const Unit& unit : run.units) {
    const std::optional<Metric> metric = find_metric(unit, run.protocol.primary_metric);
    if (!metric || metric->better != Better::unknown) continue;
    Finding finding;
    finding.id = "VRV-RUN-METRIC-DIRECTION";
    finding.layer = Layer::settings;
    finding.severity = Severity::warning;
    finding.mender = Mender::application;
    finding.evidence = fmt::format("whether more or less of \"{}\"{} is better, neither the program says nor its name",
                                   metric->name, metric->unit.empty() ? "" : " (" + metric->unit + ")");
    finding.consequence = "no side can be called faster or slower by it";
    finding.fix =
        fmt::format(R"(write it beside the value: {{"metric": "{}", "value": {}, "better": "higher"}} (or "lower"))",
                    metric->name, metric->value);
    run.findings.push_back(std::move(finding));
    return;
  }
}

void add_leftover_finding(Run& run) {
  int units = 0;
  std::string first;  // what the first of them left, by name
  for (const Unit& unit : run.units) {
    const UnitMark* mark = find_mark(unit, Mark::leftovers);
    if (mark == nullptr) continue;
    if (++units == 1) first = fmt::format("unit {} {}", unit.index, mark->text);
  }
  if (units == 0) return;
  Finding finding;
  finding.id = "VRV-RUN-LEFTOVERS";
  finding.severity = Severity::warning;
  finding.evidence =
      fmt::format("{} of {} units ended before processes that they had started; {}", units, run.units.size(), first);
  finding.consequence =
      "work of those processes is missing from their unit; they were ended, so that the next unit does not meet them";
  finding.fix = "let the command wait for what it starts";
  run.findings.push_back(std::move(finding));
}

// Units that share a server share its luck: address layout, caches, where its threads are.
void add_shared_server_finding(Run& run) {
  std::vector<std::string> sides;
  for (const Variant& variant : run.variants) {
    if (variant.server && variant.server->lives == "block") sides.push_back(variant.name);
  }
  if (sides.empty()) return;
  Finding finding;
  finding.id = "VRV-RUN-SERVER-SHARED";
  finding.layer = Layer::settings;
  finding.severity = Severity::note;
  finding.mender = Mender::application;
  finding.evidence = fmt::format("one server served all units of a block on {}", join(sides, " and "));
  finding.consequence =
      "units of a block are not independent: their mean is one value, and intervals count blocks; what the server had "
      "loaded before its second unit is in them";
  finding.fix = "give each unit a fresh server (--server-each unit) where its start can be afforded";
  finding.source = "Kalibera and Jones 2013, doi 10.1145/2464157.2464160";
  run.findings.push_back(std::move(finding));
}

}  // namespace

void add_closing_findings(Run& run) {
  add_shared_server_finding(run);
  add_direction_finding(run);
  add_window_finding(run);
  add_stack_finding(run);
  add_steal_finding(run);
  add_canary_finding(run);
  add_work_finding(run);
  add_evidence_finding(run);
  add_leftover_finding(run);
}

}  // namespace varve
