#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "cmd/document_files.h"
#include "cmd/run/run_answer.h"
#include "cmd/run/run_plan.h"
#include "cmd/run_journal.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "harness/benchmark.h"
#include "harness/experiment/experiment_file.h"
#include "harness/noise_check.h"
#include "harness/sources/suggested_source.h"
#include "model/json/answers/noise_json.h"
#include "model/json/documents.h"
#include "report/card/card.h"

namespace varve {

namespace {
// Shows a run on the terminal as it happens, and keeps what it measured.
class Narrator : public RunObserver {
 public:
  Narrator(bool quiet, RunJournal* journal) : quiet_(quiet), journal_(journal) {}

  void forecast(const std::vector<std::string>& lines) override {
    bar_.hide();
    for (const std::string& line : lines) tell("varve: " + line);
  }
  void recording(const std::string& line) override {
    bar_.hide();
    tell("varve: " + line);
  }
  void remark(const std::string& line) override { recording(line); }
  void unit_started(int index, int total_units) override {
    total_ = total_units;
    bar_.show(index, total_units, "unit " + std::to_string(index + 1));
  }
  Status unit_finished(const Run& run) override {
    const Unit& unit = run.units.back();
    first_ended_ = true;
    bar_.show(unit.index + 1, total_, fmt::format("{} {}", unit.variant, format_seconds(unit.wall_seconds)));
    return journal_ != nullptr ? journal_->keep(run) : Status(Done{});
  }
  void output(std::string_view bytes) override {
    if (!quiet_) bar_.pass_through(bytes);
    if (!first_ended_) printed_ += bytes.substr(0, kKeptOutput - printed_.size());
  }
  void finish() { bar_.hide(); }
  // What the first unit printed, and commands before it; the beginning of it.
  const std::string& printed() const { return printed_; }

 private:
  static constexpr std::size_t kKeptOutput = std::size_t{256} << 10;
  ProgressBar bar_;
  bool quiet_, first_ended_ = false;
  std::string printed_;
  RunJournal* journal_;  // lent; nullptr: nothing is kept
  int total_ = 0;
};

// Where the document goes: what -o says; else a new file in the working folder, unless --json asks for it on stdout or
// that folder is not to be written to. Empty: nowhere.
// A run that is taken up again goes on in its own file.
Result<std::string> file_for(const RunFlags& options, const std::string& name, const World& world) {
  const std::string named =
      !options.output.file.empty() || options.resume.empty() ? options.output.file : document_of(options.resume);
  if (!named.empty()) {
    if (const Status writable = check_writable(named); !writable) return writable.error();
    return named;
  }
  if (options.output.json) return std::string();
  tell_of_ended_run(name);
  const std::string file = default_run_file(name, format_time(world.now()));
  if (const Status writable = check_writable(file); !writable) {
    tell("varve: nothing will be saved: " + to_text(writable.error()) + "; -o FILE names another place");
    return std::string();
  }
  return file;
}

// A file that a journal can stand beside: no device, no pipe, not standard output.
bool is_plain_file(const std::string& file) {
  struct stat status {};
  return !file.empty() && file != "-" && (stat(file.c_str(), &status) != 0 || S_ISREG(status.st_mode));
}

// Writes the document; where that fails, the journal stays, it is said where it is, and it is the file.
ExitStatus save(const Run& run, std::string& file, bool named, RunJournal& journal) {
  const Status written = write_file(file, pretty_json(to_json(run)));
  if (written) {
    journal.discard();
    if (!named) tell("varve: saved as " + file);
    return run.complete ? ExitStatus::ok : ExitStatus::tool_or_input;
  }
  file = journal.path();
  const ExitStatus status = complain(written.error());
  if (const std::string where = journal.whereabouts(); !where.empty()) tell("varve: " + where);
  return status;
}

// The limit on a file's size comes as a signal that ends a program. Handled, it is an error of write(2), and the
// measured command, which inherits no handlers, meets it as ever.
void take_size_limit_as_error() {
  std::signal(SIGXFSZ, [](int) {});
}

// Writes the experiment file that --init asks for; what stands there is left alone.
ExitStatus write_template(const std::string& named) {
  const std::string file = named.empty() ? "bench.toml" : named;
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) {
    return complain({"writing an experiment file", file, "it is there already", "Name another with -f FILE"});
  }
  if (const Status written = write_file(file, experiment_template()); !written) return complain(written.error());
  tell("varve: " + file + " is written; change it, then: varve run -f " + file);
  return ExitStatus::ok;
}

// The run that --resume names.
Result<Run> run_to_resume(const RunFlags& options) {
  Result<Document> document = load_document(options.resume);
  if (!document) return document.error();
  if (auto* run = std::get_if<Run>(&*document)) return std::move(*run);
  return Error{"taking up a run again", options.resume, "this is no run", "Name a journal or what varve run -o wrote"};
}

// Counts, rules and margin of a run are fixed before it begins: those that it began with hold.
void take_protocol(const Run& run, RunPlan& plan) {
  plan.name = run.name;
  plan.units = run.protocol.units;
  plan.margin = run.protocol.margin;
  plan.seed = run.protocol.seed;
  plan.rules.stop_seconds = run.protocol.rules.stop_seconds;
  plan.rules.stop_width = run.protocol.rules.stop_width;
  if (!run.protocol.primary_metric.empty()) plan.metric = run.protocol.primary_metric;
}

bool names_no_command(const RunFlags& options) { return options.commands.first.empty() && options.file.empty(); }

Result<RunPlan> resumed_plan(const RunFlags& options, const World& world) {
  Result<RunPlan> plan = plan_of(options, world);
  if (!plan) return plan;
  Result<Run> run = run_to_resume(options);
  if (!run) return run.error();
  if (options.add_pairs && !run->complete) {
    return Error{"adding pairs", options.resume, "the run is not finished: " + run->incomplete_reason,
                 "Finish it first: the same line without --add-pairs"};
  }
  if (!options.add_pairs && run->complete) {
    return Error{"taking up a run again", options.resume, "it is finished", "Add --add-pairs N for more pairs"};
  }
  take_protocol(*run, *plan);
  plan->continues = RunToContinue{std::move(*run), options.add_pairs.value_or(0)};
  return plan;
}

// Shows and writes what was measured, with the card that belongs beside it.
ExitStatus finish(const RunFlags& options, Run& run, const std::string& file, RunJournal& journal) {
  if (!run.complete) tell("varve: the run is not complete: " + run.incomplete_reason);
  const std::vector<Comparison> comparisons = comparisons_of(run);
  run.card = make_card(run, comparisons.empty() ? nullptr : &comparisons.front());
  const bool kept = is_plain_file(file);
  std::string place = kept ? journal.place_for_document() : file;
  const auto document = [&] { return pretty_json(to_json(run)); };
  const auto text = [&] {
    return options.full ? text_run(run, output_style())
                        : text_answer(run, run_answer(run, comparisons, kept ? place : ""), output_style());
  };
  const ExitStatus status = run.complete ? ExitStatus::ok : ExitStatus::tool_or_input;
  if (!kept) return write_answer(options.output, document, text, status);
  const ExitStatus saved = save(run, place, !options.output.file.empty(), journal);
  return write_answer({options.output.json, ""}, document, text, saved);
}

// A journal becomes a document as it is, with no further unit.
ExitStatus close_journal(const RunFlags& options, const World& world) {
  if (options.add_pairs) {
    return complain({"reading the command line", "",
                     "--add-pairs needs the command of the run behind --, or its -f FILE", "See varve run --help"},
                    ExitStatus::usage);
  }
  Result<Run> run = run_to_resume(options);
  if (!run) return complain(run.error());
  const Result<std::string> file = file_for(options, run->name, world);
  if (!file) return complain(file.error());
  RunJournal journal(*file);
  if (const Status taken = journal.take_over(options.resume); !taken) return complain(taken.error());
  return finish(options, *run, *file, journal);
}

// Units read nothing from stdin, or the first would take it from the others. Who hands a file over expects it to be
// read.
std::string unread_input() {
  struct stat input {};
  if (fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode) || input.st_size == 0) return "";
  return "units are not given the file on stdin, each reads an empty one: write it as -- sh -c 'COMMAND < FILE'";
}

ExitStatus measure(const RunFlags& options, const RunPlan& plan, const World& world) {
  for (const std::string& question : doubtful_variables(plan, world)) tell("varve: " + question);
  const Result<std::string> file = file_for(options, plan.name, world);
  if (!file) return complain(file.error());
  take_size_limit_as_error();
  RunJournal journal(*file);
  if (!options.resume.empty()) {
    if (const Status taken = journal.take_over(options.resume); !taken) return complain(taken.error());
  }
  if (const std::string lost = unread_input(); !lost.empty()) tell("varve: " + lost);
  Narrator narrator(options.quiet, is_plain_file(*file) ? &journal : nullptr);
  Result<Run> measured = run_benchmark(plan, world, narrator);
  narrator.finish();
  if (!measured) return complain(measured.error());
  const bool no_metric = !measured->protocol.metric_note.empty();
  if (const std::string source = no_metric ? suggested_source(narrator.printed()) : ""; !source.empty()) {
    tell("varve: wall time is what this program is measured by, since it wrote no metric; " + source);
  }
  return finish(options, *measured, *file, journal);
}

// How noisy the machine is, instead of a run.
ExitStatus say_how_noisy(const OutputOptions& output) {
  constexpr double kSeconds = 5;
  ProgressBar bar;
  const Result<NoiseReport> report = check_noise(host_world(), kSeconds, [&](double done) {
    bar.show(static_cast<int>(100 * done), 100, "the same work again and again");
  });
  bar.hide();
  if (!report) return complain(report.error());
  const std::string now = format_time(host_world().now());
  return write_answer(
      output, [&] { return pretty_json(noise_to_json(*report, now)); },
      [&] { return text_noise(*report, output_style()); });
}

ExitStatus run(const RunFlags& options) {
  if (options.check_noise) return say_how_noisy(options.output);
  if (options.init) return write_template(options.file);
  const World world = host_world();
  if (options.add_pairs && options.resume.empty()) {
    return complain({"reading the command line", "", "--add-pairs needs --resume FILE: the run to add them to",
                     "See varve run --help"},
                    ExitStatus::usage);
  }
  if (!options.resume.empty() && names_no_command(options)) return close_journal(options, world);
  const Result<RunPlan> plan = options.resume.empty() ? plan_of(options, world) : resumed_plan(options, world);
  if (!plan)
    return complain(plan.error(),
                    options.file.empty() && options.resume.empty() ? ExitStatus::usage : ExitStatus::tool_or_input);
  return measure(options, *plan, world);
}

constexpr const char* kFooter =
    "varve run [OPTIONS] -- CMD…\nvarve run [OPTIONS] --against-env NAME=VALUE… -- CMD…\n"
    "varve run [OPTIONS] -- CMD… --against [NAME=VALUE…] -- CMD…\nvarve run [OPTIONS] -f bench.toml\n\n"
    "The command writes its numbers as JSON lines to the file named in $VARVE_METRICS:\n"
    "{\"metric\": \"tokens/s\", \"value\": 812.5, \"unit\": \"1/s\", \"better\": \"higher\"}";
}  // namespace

Command declare_run(const MeasuredCommands& commands) {
  auto options = std::make_shared<RunFlags>();
  options->commands = commands;
  return {.name = "run",
          .summary = "benchmark a command: units, metrics, kernels, one document",
          .flags = run_flags(*options),
          .footer = kFooter,
          .act = [options] { return run(*options); }};
}

}  // namespace varve
