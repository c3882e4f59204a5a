#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "capture/what_if.h"
#include "cmd/check_proofs.h"
#include "cmd/document_files.h"
#include "cmd/subjects.h"
#include "cmd/terminal.h"
#include "cmd/texts/texts.h"
#include "cmd/verb.h"
#include "loading/binary_cache.h"
#include "model/json/documents.h"
#include "report/text/text_report.h"
#include "rules/advice/advice.h"
#include "rules/check_stack.h"
#include "rules/expectation.h"
#include "rules/log/log_reader.h"
#include "rules/log/log_stack.h"
#include "tables/table.h"

namespace varve {

namespace {
struct CheckFlags {
  SubjectOptions subject;
  std::vector<std::string> named;
  WhatIf what_if;
  std::string target, expect, log, data;
  bool here = false, advise = false, prove_jit = false, explain = false, no_handshake = false, no_cache = false;
  OutputOptions output;
};

// Everything that is read once, however many subjects there are.
struct Ground {
  World world = host_world();
  Knowledge knowledge;
  std::optional<Stack> machine;  // whose driver and GPUs count, for subjects that bring none of their own
  std::optional<Stack> lock;
  std::optional<ErrorPatterns> patterns;  // with a log or a text
  std::optional<ReadText> told;           // the log, and what it says of a machine
  std::optional<LogReading> log;          // its errors
};

CaptureOptions capture_plan(const CheckFlags& options, const World& world, ProgressBar& bar) {
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

// A log that names a machine is of that machine, and nothing of the one at hand is mixed in unless it is asked for.
const ReadText* told_machine(const CheckFlags& options, const Ground& ground) {
  return ground.told && ground.told->names_machine && !options.here ? &*ground.told : nullptr;
}

// Whether a stack says on what it runs: then its own driver and GPUs count.
bool has_machine(const Stack& stack) {
  const auto driver = stack.facts.find("driver.kernel_mode.version");
  return driver != stack.facts.end() && (driver->second.is_known() || !driver->second.source.empty());
}

Result<std::vector<NamedSubject>> read_subjects(const CheckFlags& options, const Ground& ground) {
  ProgressBar bar;
  CaptureOptions plan = capture_plan(options, ground.world, bar);
  choose_subject(options.subject, plan);
  const bool is_named = !options.named.empty() || plan.kind != SubjectKind::host;
  if (const ReadText* told = is_named ? nullptr : told_machine(options, ground)) {
    return std::vector<NamedSubject>{{told->stack, *told}};
  }
  if (ground.lock && options.named.empty() && plan.kind == SubjectKind::host) {
    if (const Status chosen = choose_locked(ground.world, options.expect, *ground.lock, plan); !chosen) {
      return chosen.error();
    }
  }
  return capture_subjects(ground.world, plan, options.named, ground.knowledge);
}

// The machine of subjects that have none: a captured target, else that of the log, else this one, and what was supposed
// of it.
Result<Stack> read_machine(const CheckFlags& options, const Ground& ground) {
  ProgressBar bar;
  CaptureOptions plan = capture_plan(options, ground.world, bar);
  plan.machine_only = true;
  plan.coverage = plan.exact = false;
  const ReadText* told = told_machine(options, ground);
  Result<Stack> machine = !options.target.empty() ? stack_of_document(options.target, ground.knowledge)
                          : told != nullptr       ? Result<Stack>(told->stack)
                                                  : capture_stack(ground.world, plan);
  if (machine && !options.target.empty() && !has_machine(*machine)) {
    return Error{"reading the machine", options.target,
                 "this document is of " + machine->subject + " and has no machine",
                 "Give what varve capture wrote on the machine"};
  }
  if (!machine || options.what_if.empty()) return machine;
  return suppose(ground.world, std::move(*machine), options.what_if, ground.knowledge);
}

// The machine that the subject is judged on: its own, when it has one, else the target or this one; with what was
// supposed. A text is judged on this machine where that was asked for. Nothing: the subject itself, as it is.
Result<std::optional<Stack>> machine_for(const CheckFlags& options, Ground& ground, const NamedSubject& named) {
  const Stack& subject = named.stack;
  const bool is_moved_here = named.text && options.here;
  if (has_machine(subject) && options.target.empty() && !is_moved_here) {
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

// The log that came with the check, else what a text says itself of errors.
Result<std::optional<LogReading>> errors_of(const Ground& ground, const NamedSubject& named) {
  if (ground.log) return ground.log;
  if (!named.text || !ground.patterns) return std::optional<LogReading>();
  Result<LogReading> read = read_errors(named.text->text, *ground.patterns);
  if (!read) return read.error();
  return std::optional(std::move(*read));
}

Result<Check> check_one(const CheckFlags& options, Ground& ground, NamedSubject& named) {
  Stack& subject = named.stack;
  Result<std::optional<Stack>> own_machine = machine_for(options, ground, named);
  if (!own_machine) return own_machine.error();
  Stack& machine = *own_machine ? **own_machine : subject;
  const Result<std::optional<LogReading>> log = errors_of(ground, named);
  if (!log) return log.error();
  std::vector<std::string> others;
  if (*log) {
    others = complete_stack(machine, **log);
    if (&machine != &subject) complete_stack(subject, **log);
    if (named.text || told_machine(options, ground) != nullptr) others.clear();  // it is of that machine
  }
  const Analysis analysis = analyse(machine, subject, ground.knowledge);
  Check check = check_analysis(analysis);
  // A report without an error is no failed search for one.
  const bool is_report = named.text && !ground.log && (*log)->errors.empty();
  if (*log && !is_report) add_log(analysis, *ground.patterns, **log, others, check);
  if (named.text) check.text = named.text->account;
  if (options.advise) check.advice = advise(analysis, check.consumers, check.findings);
  if (options.prove_jit) {
    ProgressBar bar;
    const auto progress = [&bar](const std::string& what, double share) {
      bar.show(static_cast<int>(share * 1000), 1000, what);
    };
    const Status proven = add_proofs(ground.world, analysis, options.what_if.driver_folder, progress, check);
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

Status read_ground(const CheckFlags& options, Ground& ground) {
  Result<Knowledge> knowledge = load_knowledge(options.data);
  if (!knowledge) return knowledge.error();
  ground.knowledge = std::move(*knowledge);
  if (!options.expect.empty()) {
    Result<Stack> lock = stack_of_document(options.expect, ground.knowledge);
    if (!lock) return lock.error();
    ground.lock = std::move(*lock);
  }
  const bool has_text = std::any_of(options.named.begin(), options.named.end(), is_text_to_read);
  if (options.log.empty() && !has_text) return Done{};
  Result<ErrorPatterns> patterns = load_error_patterns(ground.knowledge, options.data);
  if (!patterns) return patterns.error();
  ground.patterns = std::move(*patterns);
  if (options.log.empty()) return Done{};
  Result<OpenText> text = open_text(options.log);
  if (!text) return text.error();
  Result<LogReading> log = read_errors(*text, *ground.patterns);
  if (!log) return log.error();
  ground.log = std::move(*log);
  Result<ReadText> told = read_text(std::move(*text), ground.knowledge);
  if (!told) return told.error();
  ground.told = std::move(*told);
  return Done{};
}

// What an empty part of the answer means, where somebody asked for it.
void tell_what_is_empty(const CheckFlags& options, const Ground& ground, const std::vector<Check>& checks) {
  const auto same = [](const Check& one) { return one.drift.empty(); };
  if (ground.lock && std::all_of(checks.begin(), checks.end(), same)) {
    tell("varve: the lock holds: of what both looked at, nothing has moved since " + options.expect);
  }
}

ExitStatus answer(const CheckFlags& options, const std::vector<Check>& checks) {
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

ExitStatus check_all(const CheckFlags& options, Ground& ground, std::vector<NamedSubject>& subjects) {
  std::vector<Check> checks;
  for (NamedSubject& subject : subjects) {
    Result<Check> done = check_one(options, ground, subject);
    if (!done) return complain(done.error());
    checks.push_back(std::move(*done));
  }
  if (!options.output.json) tell_what_is_empty(options, ground, checks);
  return answer(options, checks);
}

ExitStatus check(const CheckFlags& options) {
  if (const Status chosen = use_tables_of(options.data); !chosen) return complain(chosen.error());
  if (const Status sound = check_supposition(options.what_if); !sound) {
    return complain(sound.error(), ExitStatus::usage);
  }
  Ground ground;
  if (const Status read = read_ground(options, ground); !read) return complain(read.error());
  Result<std::vector<NamedSubject>> subjects = read_subjects(options, ground);
  if (!subjects) return complain(subjects.error());
  return check_all(options, ground, *subjects);
}

std::vector<Flag> flags_of(CheckFlags& options) {
  const std::vector<Flag> own = {
      {"--driver", "VERSION", &options.what_if.driver, "suppose this driver, as 550.54.15 or 550", {}, "driver"},
      {"--driver-root",
       "DIR",
       &options.what_if.driver_folder,
       "suppose the driver whose files are in this folder",
       {},
       "driver"},
      {.names = "--gpu",
       .value = "GPU",
       .target = &options.what_if.gpus,
       .help = "suppose this GPU, as 9.0 or \"L40S\"",
       .list = ListValues::by_commas},
      {"--target", "DOC", &options.target, "judge against the machine of this capture document, not this one"},
      {"--expect", "DOC", &options.expect, "a capture document as a lock: what moved since; drift is a failure"},
      {"--log", "FILE", &options.log,
       "a log of a failure: its errors, and what accounts for them; - is stdin. One that names its machine is judged "
       "as "
       "that machine"},
      {"--here", "", &options.here, "judge texts and logs on the driver and the GPUs of this machine"},
      {"--prove-jit", "", &options.prove_jit,
       "have the driver's own compiler compile the PTX that this GPU would need, and time it"},
      {"--advise", "", &options.advise, "the newest toolkit, wheels and images that fit, and what mends the most"},
      data_flag(options.data),
      {"--explain", "", &options.explain, "with the facts that were missing and every rule's source"},
      {"--no-handshake", "", &options.no_handshake, "do not touch the GPUs"},
      no_cache_flag(options.no_cache),
  };
  const Flag subjects = {
      .names = "SUBJECT",
      .target = &options.named,
      .help =
          "capture documents, images, environments, root directories, binaries, or texts that describe a machine; this "
          "machine by default"};
  return join_flags({{subjects}, subject_flags(options.subject), own, output_flags(options.output)});
}
}  // namespace

ExitStatus check_texts(std::vector<ReadText> texts, const std::string& data, const OutputOptions& output) {
  CheckFlags options;
  options.data = data;
  options.output = output;
  Ground ground;
  if (const Status read = read_ground(options, ground); !read) return complain(read.error());
  Result<ErrorPatterns> patterns = load_error_patterns(ground.knowledge, data);
  if (!patterns) return complain(patterns.error());
  ground.patterns = std::move(*patterns);
  std::vector<NamedSubject> subjects;
  for (ReadText& text : texts) {
    Stack stack = text.stack;
    subjects.push_back({std::move(stack), std::move(text)});
  }
  return check_all(options, ground, subjects);
}

Command declare_check() {
  auto options = std::make_shared<CheckFlags>();
  return {.name = "check",
          .summary = "do driver, toolkit, runtime, libraries and GPU fit?",
          .flags = flags_of(*options),
          .act = [options] { return check(*options); }};
}

}  // namespace varve
