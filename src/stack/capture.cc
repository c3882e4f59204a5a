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
constexpr std::size_t kMostCpuInfo = std::size_t{16} << 20;
constexpr std::size_t kMostEnvironment = std::size_t{4} << 20;

Result<Subject> make_subject(const World& world, const CaptureOptions& options) {
  Subject subject{.world = world,
                  .identify = options.identify,
                  .process = options.process,
                  .proc = "/proc/self",
                  .home = environment_value(world.environment, "HOME"),
                  .environment = world.environment,
                  .cpuinfo = world.files.read("/proc/cpuinfo", kMostCpuInfo),
                  .libraries = {}};
  if (!options.process) return subject;
  subject.proc = fmt::format("/proc/{}", *options.process);
  if (*options.process <= 0 || !world.files.exists(subject.proc)) {
    return Error{"capturing a process", subject.proc, "there is no such process", "See the running ones with: ps -e"};
  }
  subject.environment.clear();
  return subject;
}

// The settings in force: our own, or those the process was started with.
void record_settings(Subject& subject, Facts& facts) {
  std::string source = "environment";
  if (subject.process) {
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
  if (!subject.process) {
    fact = missing_fact(Missing::not_applicable, source, "the host was captured, not a process");
    return;
  }
  Result<std::vector<Library>> libraries = mapped_libraries(subject.world, *subject.process);
  if (!libraries) {
    const Missing why = to_missing(subject.world.files.read(source, kMostCpuInfo).failure);
    fact = missing_fact(why, source, libraries.error().found);
    return;
  }
  subject.libraries = std::move(*libraries);
  fact = known_fact(static_cast<std::int64_t>(subject.libraries.size()), source);
}

// A fact of the catalogue that no collector set is a gap of this Varve, and says so.
void fill_gaps(Facts& facts) {
  for (const FactDefinition& definition : fact_catalog()) {
    if (definition.id.ends_with('*') || facts.contains(definition.id)) continue;
    facts[definition.id] = missing_fact(Missing::unsupported, "", "this Varve has no collector for it");
  }
}
}  // namespace

Result<Stack> capture_stack(const World& world, const CaptureOptions& options) {
  Result<Subject> subject = make_subject(world, options);
  if (!subject) return subject.error();

  Stack stack;
  stack.captured_at = format_time(world.now());
  stack.tool_version = tool_version();
  if (options.process) stack.subject = fmt::format("process {}", *options.process);

  record_settings(*subject, stack.facts);
  record_libraries(*subject, stack.facts);
  for (const Collector& collector : collectors()) collector.collect(*subject, stack.facts);
  fill_gaps(stack.facts);
  stack.libraries = std::move(subject->libraries);
  return stack;
}

}  // namespace varve
