#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "capture/what_if.h"
#include "cmd/check_proofs.h"
#include "cmd/check_subjects.h"
#include "cmd/output.h"
#include "cmd/subject_options.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "loading/binary_cache.h"
#include "model/json/documents.h"
#include "report/text/text_report.h"
#include "rules/advice/advice.h"
#include "rules/check_stack.h"
#include "rules/expectation.h"
#include "rules/log/log_stack.h"
#include "tables/table.h"

namespace varve {

namespace {
struct Options {
  SubjectOptions subject;
  std::vector<std::string> named;
  WhatIf what_if;
  std::string target, expect, log, data;
  bool advise = false, prove_jit = false, explain = false, no_handshake = false, no_cache = false;
  OutputOptions output;
};

// Everything that is read once, however many subjects there are.
struct Ground {
  World world = host_world();
  Knowledge knowledge;
  std::optional<Stack> machine;  // whose driver and GPUs count, for subjects that bring none of their own
  std::optional<Stack> lock;
  std::optional<ErrorPatterns> patterns;  // with a log
  LogReading log;
};

CaptureOptions capture_plan(const Options& options, const World& world, ProgressBar& bar) {
  CaptureOptions plan;
  plan.coverage = true;
  plan.exact = true;
  if (options.no_handshake) plan.handshake = false;
  if (!options.no_cache) plan.cache_folder = user_cache_folder(world.environment);
  plan.progress = [&bar](const std::string& what, double share) {
    bar.show(static_cast<int>(share * 1000), 1000, what);
  };
  return plan;
}

// Whether a stack says on what it runs: then its own driver and GPUs count.
bool has_machine(const Stack& stack) {
  const auto driver = stack.facts.find("driver.kernel_mode.version");
  return driver != stack.facts.end() && (driver->second.is_known() || !driver->second.source.empty());
}

Result<Stack> capture_named(const Ground& ground, CaptureOptions plan, NamedKind kind, const std::string& name) {
  plan.path = name;
  switch (kind) {
    case NamedKind::document:
      return stack_of_document(name);
    case NamedKind::image:
      plan.kind = SubjectKind::image;
      break;
    case NamedKind::environment:
      plan.kind = SubjectKind::environment;
      plan.path = from_root(name);
      break;
    case NamedKind::root:
      plan.kind = SubjectKind::root;
      break;
    case NamedKind::binary:
      plan.kind = SubjectKind::files;
      plan.path.clear();
      plan.files = {from_root(name)};
      break;
  }
  return capture_stack(ground.world, plan);
}

Result<std::vector<Stack>> read_subjects(const Options& options, const Ground& ground) {
  ProgressBar bar;
  CaptureOptions plan = capture_plan(options, ground.world, bar);
  std::vector<Stack> stacks;
  for (const std::string& name : options.named) {
    const Result<NamedKind> kind = kind_of_subject(ground.world, name);
    if (!kind) return kind.error();
    Result<Stack> stack = capture_named(ground, plan, *kind, name);
    if (!stack) return stack.error();
    stacks.push_back(std::move(*stack));
  }
  choose_subject(options.subject, plan);
  if (ground.lock && stacks.empty() && plan.kind == SubjectKind::host) {
    if (const Status chosen = choose_locked(ground.world, options.expect, *ground.lock, plan); !chosen) {
      return chosen.error();
    }
  }
  if (stacks.empty() || plan.kind != SubjectKind::host) {
    Result<Stack> stack = capture_stack(ground.world, plan);
    if (!stack) return stack.error();
    stacks.push_back(std::move(*stack));
  }
  return stacks;
}

// The machine of subjects that have none: a captured target, else this one, and what was supposed of it.
Result<Stack> read_machine(const Options& options, const Ground& ground) {
  ProgressBar bar;
  CaptureOptions plan = capture_plan(options, ground.world, bar);
  plan.machine_only = true;
  plan.coverage = plan.exact = false;
  Result<Stack> machine =
      options.target.empty() ? capture_stack(ground.world, plan) : stack_of_document(options.target);
  if (machine && !options.target.empty() && !has_machine(*machine)) {
    return Error{"reading the machine", options.target,
                 "this document is of " + machine->subject + " and has no machine",
                 "Give what varve capture wrote on the machine"};
  }
  if (!machine || options.what_if.empty()) return machine;
  return suppose(ground.world, std::move(*machine), options.what_if, ground.knowledge);
}

// The machine that the subject is judged on: its own, when it has one, else the target or this one; with what was
// supposed. Nothing: the subject itself, as it is.
Result<std::optional<Stack>> machine_for(const Options& options, Ground& ground, const Stack& subject) {
  if (has_machine(subject) && options.target.empty()) {
    if (options.what_if.empty()) return std::optional<Stack>();
    Result<Stack> supposed = suppose(ground.world, subject, options.what_if, ground.knowledge);
    return supposed ? Result<std::optional<Stack>>(std::move(*supposed)) : supposed.error();
  }
  if (!ground.machine) {
    Result<Stack> read = read_machine(options, ground);
    if (!read) return read.error();
    ground.machine = std::move(*read);
  }
  return ground.machine;
}

Result<Check> check_one(const Options& options, Ground& ground, Stack& subject) {
  Result<std::optional<Stack>> own_machine = machine_for(options, ground, subject);
  if (!own_machine) return own_machine.error();
  Stack& machine = *own_machine ? **own_machine : subject;
  std::vector<std::string> others;
  if (ground.patterns) {
    others = complete_stack(machine, ground.log);
    if (&machine != &subject) complete_stack(subject, ground.log);
  }
  const Situation situation = look_at_situation(machine, subject, ground.knowledge);
  Check check = check_situation(situation);
  if (ground.patterns) add_log(situation, *ground.patterns, ground.log, others, check);
  if (options.advise) check.advice = advise(situation, check.consumers, check.findings);
  if (options.prove_jit) {
    ProgressBar bar;
    const auto progress = [&bar](const std::string& what, double share) {
      bar.show(static_cast<int>(share * 1000), 1000, what);
    };
    const Status proven = add_proofs(ground.world, situation, options.what_if.driver_folder, progress, check);
    if (!proven) return proven.error();
  }
  if (ground.lock) check.drift = drift_since(*ground.lock, subject);
  check.checked_at = format_time(ground.world.now());
  return check;
}

Json documents_of(const std::vector<Check>& checks) {
  if (checks.size() == 1) return to_json(checks.front());
  Json all = Json::array();
  for (const Check& check : checks) all.push_back(to_json(check));
  return all;
}

ExitStatus worst_status(const std::vector<Check>& checks) {
  ExitStatus worst = ExitStatus::ok;
  for (const Check& check : checks) {
    const ExitStatus status = exit_status(check);
    if (status == ExitStatus::failed || worst == ExitStatus::ok) worst = status;
  }
  return worst;
}

Status read_ground(const Options& options, Ground& ground) {
  Result<Knowledge> knowledge = load_knowledge(options.data);
  if (!knowledge) return knowledge.error();
  ground.knowledge = std::move(*knowledge);
  if (!options.expect.empty()) {
    Result<Stack> lock = stack_of_document(options.expect);
    if (!lock) return lock.error();
    ground.lock = std::move(*lock);
  }
  if (options.log.empty()) return Done{};
  Result<ErrorPatterns> patterns = load_error_patterns(ground.knowledge, options.data);
  if (!patterns) return patterns.error();
  ground.patterns = std::move(*patterns);
  Result<LogReading> log = read_log_file(options.log, *ground.patterns);
  if (!log) return log.error();
  ground.log = std::move(*log);
  return Done{};
}

// What an empty part of the answer means, where somebody asked for it.
void tell_what_is_empty(const Options& options, const Ground& ground, const std::vector<Check>& checks) {
  const auto same = [](const Check& one) { return one.drift.empty(); };
  if (ground.lock && std::all_of(checks.begin(), checks.end(), same)) {
    tell("varve: the lock holds: of what both looked at, nothing has moved since " + options.expect);
  }
  if (ground.patterns && ground.log.errors.empty()) {
    tell("varve: the log has no error that is known: " + std::to_string(ground.log.lines) + " lines read");
  }
}

ExitStatus check(const Options& options) {
  if (const Status chosen = use_tables_of(options.data); !chosen) return complain(chosen.error());
  if (const Status sound = check_supposition(options.what_if); !sound) {
    return complain(sound.error(), ExitStatus::usage);
  }
  Ground ground;
  if (const Status read = read_ground(options, ground); !read) return complain(read.error());
  Result<std::vector<Stack>> subjects = read_subjects(options, ground);
  if (!subjects) return complain(subjects.error());
  std::vector<Check> checks;
  for (Stack& subject : *subjects) {
    Result<Check> done = check_one(options, ground, subject);
    if (!done) return complain(done.error());
    checks.push_back(std::move(*done));
  }
  if (!options.output.json) tell_what_is_empty(options, ground, checks);
  return write_answer(
      options.output, [&] { return pretty_json(documents_of(checks)); },
      [&] {
        std::string text;
        for (const Check& one : checks) {
          text += (text.empty() ? "" : "\n") + text_check(one, options.explain, output_style());
        }
        return text;
      },
      worst_status(checks));
}
}  // namespace

Action declare_check(CLI::App& command, const MeasuredCommands&) {
  auto options = std::make_shared<Options>();
  command
      .add_option("SUBJECT", options->named,
                  "capture documents, images, environments, root directories or binaries; this machine by default")
      ->type_name("")
      ->check(not_empty);
  declare_subject(command, options->subject);
  CLI::Option* driver =
      command.add_option("--driver", options->what_if.driver, "suppose this driver, as 550.54.15 or 550");
  driver->type_name("VERSION")->check(not_empty);
  command
      .add_option("--driver-root", options->what_if.driver_folder, "suppose the driver whose files are in this folder")
      ->type_name("DIR")
      ->check(not_empty)
      ->excludes(driver);
  command.add_option("--gpu", options->what_if.gpus, "suppose this GPU, as 9.0 or \"L40S\"")
      ->type_name("GPU")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--target", options->target, "judge against the machine of this capture document, not this one")
      ->type_name("DOC")
      ->check(not_empty);
  command.add_option("--expect", options->expect, "a capture document as a lock: what moved since; drift is a failure")
      ->type_name("DOC")
      ->check(not_empty);
  command
      .add_option("--log", options->log, "a log of a failure: its errors, and what accounts for them here; - is stdin")
      ->type_name("FILE")
      ->check(not_empty);
  command.add_flag("--prove-jit", options->prove_jit,
                   "have the driver's own compiler compile the PTX that this GPU would need, and time it");
  command.add_flag("--advise", options->advise,
                   "the newest toolkit, wheels and images that fit, and what mends the most");
  command.add_option("--data", options->data, "compatibility tables that replace those built in")
      ->type_name("DIR")
      ->check(not_empty);
  command.add_flag("--explain", options->explain, "with the facts that were missing and every rule's source");
  command.add_flag("--no-handshake", options->no_handshake, "do not touch the GPUs");
  command.add_flag("--no-cache", options->no_cache, "neither read nor write the cache of exact passes");
  declare_output(command, options->output);
  return [options] { return check(*options); };
}

}  // namespace varve
