#include "capture/capture_stack.h"

#include <fmt/format.h>

#include <set>

#include "base/at_once.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/version.h"
#include "capture/collectors.h"
#include "capture/software/collect_software.h"
#include "capture/subject/loaded_libraries.h"
#include "capture/subject/subject.h"
#include "model/fact_catalog.h"
#include "tables/libraries.h"
#include "tables/package_table.h"
#include "tables/settings.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostEnvironment = std::size_t{4} << 20;

bool is_machine(const Subject& subject) {
  const SubjectKind kind = subject.options.kind;
  return kind == SubjectKind::host || kind == SubjectKind::process || subject.is_snapshot;
}

bool applies(Scope scope, const Subject& subject) {
  const SubjectKind kind = subject.options.kind;
  if (scope == Scope::machine) return is_machine(subject);
  if (scope == Scope::root) return kind != SubjectKind::environment && kind != SubjectKind::files;
  return true;
}

// The settings in force: our own, or those the process was started with.
void record_settings(Subject& subject, Facts& facts) {
  std::string source = subject.image ? "image configuration: Env" : "environment";
  if (subject.options.process) {
    source = subject.proc + "/environ";
    const Looked<std::string> block = subject.world.files.read(source, kMostEnvironment);
    if (!block) {
      facts["settings.environment"] = missing_because(block, source);
      return;
    }
    subject.environment = parse_environment(*block);
    const std::string home = environment_value(subject.environment, "HOME");
    if (!home.empty()) subject.home = home;
  }
  for (auto& [name, fact] : dispatch_settings(subject.environment, subject.home)) {
    fact.source = source;
    facts["settings." + name] = std::move(fact);
  }
}

void record_libraries(Subject& subject, Facts& facts) {
  if (!is_machine(subject)) return;
  Fact& fact = facts["process.libraries"];
  const std::string source = subject.proc + "/maps";
  if (!subject.options.process) {
    const char* what =
        subject.is_snapshot ? "a root was captured, not a process" : "the host was captured, not a process";
    fact = missing_fact(Missing::not_applicable, source, what);
    return;
  }
  if (!subject.mapped) {
    fact = missing_because(subject.mapped, source);
    return;
  }
  subject.libraries = libraries_among(subject.files, *subject.mapped);
  fact = known_fact(static_cast<std::int64_t>(subject.libraries.size()), source);
}

// Where the process's own files may not be looked at, "none found" would be a claim that nobody can make.
void deny_unseen(const Fact& looked, const std::set<std::string>& before, Facts& facts) {
  for (auto& [id, fact] : facts) {
    if (fact.is_known() || !fact.is_answer() || before.contains(id)) continue;
    fact = missing_fact(Missing::denied, looked.source, looked.detail);
  }
}

bool is_of_environments(const Collector& collector) {
  return collector.collect == collect_environments || collector.collect == collect_toolkit_binaries;
}

// Collectors that read the subject's files; those of the machine say themselves what was denied.
void run_collectors(const Subject& subject, Stack& stack) {
  const Fact looked = stack.facts.contains("process.libraries") ? stack.facts.at("process.libraries") : Fact{};
  const bool denied = !looked.is_known() && looked.missing == Missing::denied;
  for (const Collector& collector : collectors()) {
    if (!applies(collector.scope, subject)) continue;
    if (subject.options.machine_only && is_of_environments(collector)) continue;
    std::set<std::string> before;
    if (denied) {
      for (const auto& [id, fact] : stack.facts) before.insert(id);
    }
    collector.collect(subject, stack);
    const bool of_files = collector.scope == Scope::root || collector.collect == collect_environments;
    if (denied && of_files) deny_unseen(looked, before, stack.facts);
  }
}

// Sources and remarks of facts, which name files, and the paths of what was mapped: the subject's home directory and
// ours stay out. Collectors have done it for the paths that they list.
void hide_homes(const Subject& subject, Stack& stack) {
  const std::string ours = environment_value(subject.world.environment, "HOME");
  const auto hide = [&](std::string& text) { text = clean_utf8(shorten_home(shorten_home(text, subject.home), ours)); };
  const auto hide_fact = [&](Fact& fact) {
    hide(fact.source);
    hide(fact.detail);
  };
  for (auto& [id, fact] : stack.facts) hide_fact(fact);
  for (DriverFile& file : stack.driver_files) {
    hide_fact(file.version);
    hide_fact(file.api_level);
  }
  for (Toolkit& toolkit : stack.toolkits) {
    for (Fact* fact : {&toolkit.version, &toolkit.nvcc, &toolkit.installer}) hide_fact(*fact);
  }
  for (Environment& environment : stack.environments) {
    hide_fact(environment.python);
    hide_fact(environment.runtimes);
    for (Package& package : environment.packages) hide_fact(package.cuda);
    for (CarriedCompiler& compiler : environment.compilers) hide_fact(compiler.version);
  }
  for (Binary& binary : stack.binaries) {
    hide_fact(binary.version);
    hide_fact(binary.runtime);
  }
  for (HandshakeStep& step : stack.handshake) hide(step.detail);
  for (Library& library : stack.libraries) hide(library.path);
}

// A fact of the catalogue that no collector set does not apply to this subject, or is a gap of this Varve.
void fill_gaps(const Subject& subject, Facts& facts) {
  const SubjectKind kind = subject.options.kind;
  const bool alone = kind == SubjectKind::environment || kind == SubjectKind::files;
  const std::string why = alone ? "nothing around it was looked at" : "only a running machine has it";
  const Fact gap = is_machine(subject) ? missing_fact(Missing::unsupported, "", "this Varve has no collector for it")
                                       : missing_fact(Missing::not_applicable, "", why);
  for (const FactDefinition& definition : fact_catalog()) {
    if (!definition.id.ends_with('*')) facts.emplace(definition.id, gap);
  }
}
}  // namespace

namespace {
Result<Stack> capture_in(const World& world, const CaptureOptions& options) {
  // Tables are parsed when they are first asked for: meanwhile the machine is looked at.
  const Aside tables([] {
    libraries();
    system_package_patterns();
    fact_catalog();
  });
  Result<Subject> subject = open_subject(world, options);
  if (!subject) return subject.error();

  Stack stack;
  stack.captured_at = format_time(world.now());
  stack.tool_version = tool_version();
  stack.subject = subject_title(*subject);
  stack.exact = options.exact;
  record_settings(*subject, stack.facts);
  record_libraries(*subject, stack.facts);
  run_collectors(*subject, stack);
  fill_gaps(*subject, stack.facts);
  stack.libraries = std::move(subject->libraries);
  hide_homes(*subject, stack);
  stack.image = std::move(subject->image);
  return stack;
}
}  // namespace

Result<Stack> capture_stack(const World& world, const CaptureOptions& options) {
  if (options.kind != SubjectKind::root) return capture_in(world, options);
  const Looked<std::unique_ptr<Files>> root = open_root(options.path);
  if (!root || !holds_machine(**root)) return capture_in(world, options);
  // A machine in a folder: nothing of the one that this program runs on counts, and nothing is asked or executed.
  const World snapshot{.files = **root,
                       .environment = snapshot_environment(**root),
                       .now = world.now,
                       .monotonic_seconds = world.monotonic_seconds,
                       .user_id = world.user_id,
                       .is_this_machine = false,
                       .architecture = {},
                       .c_library = {}};
  Result<Stack> stack = capture_in(snapshot, options);
  if (stack) stack->subject = shorten_home(stack->subject, environment_value(world.environment, "HOME"));
  return stack;
}

}  // namespace varve
