#include "stack/capture.h"

#include <fmt/format.h>

#include "base/version.h"
#include "model/fact_catalog.h"
#include "stack/collectors.h"
#include "stack/loaded_libraries.h"
#include "stack/reading.h"
#include "stack/settings.h"

namespace varve {

namespace {
constexpr std::size_t kMostEnvironment = std::size_t{4} << 20;

bool is_running_machine(SubjectKind kind) { return kind == SubjectKind::host || kind == SubjectKind::process; }

bool applies(Scope scope, SubjectKind kind) {
  if (scope == Scope::machine) return is_running_machine(kind);
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
  Fact& fact = facts["process.libraries"];
  const std::string source = subject.proc + "/maps";
  if (!subject.options.process) {
    fact = missing_fact(Missing::not_applicable, source, "the host was captured, not a process");
    return;
  }
  Result<std::vector<Library>> libraries = mapped_libraries(subject.world, *subject.options.process);
  if (!libraries) {
    fact = missing_fact(to_missing(subject.world.files.open(source).failure), source, libraries.error().found);
    return;
  }
  subject.libraries = std::move(*libraries);
  fact = known_fact(static_cast<std::int64_t>(subject.libraries.size()), source);
}

// A fact of the catalogue that no collector set does not apply to this subject, or is a gap of this Varve.
void fill_gaps(const Subject& subject, Facts& facts) {
  const bool machine = is_running_machine(subject.options.kind);
  const Fact gap = machine ? missing_fact(Missing::unsupported, "", "this Varve has no collector for it")
                           : missing_fact(Missing::not_applicable, "", "only a running machine has it");
  for (const FactDefinition& definition : fact_catalog()) {
    if (!definition.id.ends_with('*')) facts.emplace(definition.id, gap);
  }
}
}  // namespace

Result<Stack> capture_stack(const World& world, const CaptureOptions& options) {
  Result<Subject> subject = open_subject(world, options);
  if (!subject) return subject.error();

  Stack stack;
  stack.captured_at = format_time(world.now());
  stack.tool_version = tool_version();
  stack.subject = subject_title(*subject);
  record_settings(*subject, stack.facts);
  record_libraries(*subject, stack.facts);
  for (const Collector& collector : collectors()) {
    if (applies(collector.scope, options.kind)) collector.collect(*subject, stack);
  }
  fill_gaps(*subject, stack.facts);
  stack.libraries = std::move(subject->libraries);
  stack.image = std::move(subject->image);
  return stack;
}

}  // namespace varve
