#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cmd/compared_sides.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/texts/described_sides.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "report/text/text_report.h"
#include "world/world.h"

namespace varve {

namespace {
struct CompareFlags {
  std::string a, b;
  std::vector<std::string> more;              // to be compared with A as well
  std::vector<std::string> files_a, files_b;  // traces of ranks
  std::optional<double> margin_percent;
  CompareOptions compare;
  bool explain = false, assumptions = false;
  OutputOptions output;
};

// "run.json@B" names one variant of a run; a run with a single one needs no name.
struct RunName {
  std::string file, variant;
};

RunName run_name(const std::string& text) {
  const std::size_t at = text.rfind('@');
  const bool is_file = access(text.c_str(), F_OK) == 0;
  if (is_file || at == std::string::npos || at + 1 == text.size()) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

// Texts, captured stacks, or this machine: by what they say, nothing was measured.
Result<ComparedAnswer> compare_sides_described(const CompareFlags& options, const std::string& b) {
  Result<StackComparison> compared = compare_described(options.a, b);
  if (!compared) return compared.error();
  const auto comparison = std::make_shared<const StackComparison>(std::move(*compared));
  return ComparedAnswer{
      .document = [comparison] { return to_json(*comparison); },
      .text = [comparison,
               explain = options.explain] { return text_stack_comparison(*comparison, explain, output_style()); },
      .status = exit_status(*comparison)};
}

// Nothing where both sides are traces, or none is.
std::optional<Error> lone_trace(const std::string& a, const std::string& b, bool a_is_it, bool b_is_it) {
  if (a_is_it == b_is_it) return std::nullopt;
  const std::string& file = a_is_it ? a : b;
  if (b.empty()) {
    return Error{"comparing", file, "this is a trace, and there is nothing to compare it with", "Give another trace"};
  }
  const std::string& other = a_is_it ? b : a;
  if (other != "here" && access(other.c_str(), F_OK) != 0) {
    return Error{"comparing", other, "there is no such file", "Give another trace"};
  }
  return Error{"comparing", file, "this is a trace, and the other side is none", "Give two traces, or two runs"};
}

ExitStatus compare_ranks(const CompareFlags& options) {
  const bool alone = options.files_a.empty() || options.files_b.empty() || !options.a.empty() || !options.b.empty();
  if (alone) {
    return complain({"reading the command line", "", "--a and --b name all traces of both sides",
                     "Give both of them, and nothing else to compare"},
                    ExitStatus::usage);
  }
  const Result<ComparedAnswer> answer =
      compare_trace_sides({options.files_a, options.files_b, options.explain, options.compare.created_at});
  if (!answer) return complain(answer.error());
  return write_compared({*answer}, "", options.explain, options.output);
}

Result<Run> load_run(const std::string& file) {
  Result<Document> document = load_document(file);
  if (!document) return document.error();
  if (auto* run = std::get_if<Run>(&*document)) return std::move(*run);
  return Error{"comparing", file, "this is no run", "Give what varve run -o wrote"};
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat of_a {
  }, of_b{};
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

ComparedAnswer answer_of(const CompareFlags& options, Comparison compared) {
  const auto comparison = std::make_shared<const Comparison>(std::move(compared));
  const auto text = [comparison, explain = options.explain, assumptions = options.assumptions] {
    const std::string shown = text_comparison(*comparison, explain, output_style());
    return assumptions ? shown + text_assumptions(*comparison, output_style()) : shown;
  };
  return {[comparison] { return to_json(*comparison); }, text, exit_status(*comparison), comparison};
}

// A run that stands alone: its variants, each against the first.
Result<std::vector<ComparedAnswer>> compare_alone(const CompareFlags& options, const Run& run) {
  Result<std::vector<Comparison>> all = compare_all_variants(run, options.compare);
  if (!all) return all.error();
  std::vector<ComparedAnswer> answers;
  for (Comparison& comparison : *all) answers.push_back(answer_of(options, std::move(comparison)));
  return answers;
}

Result<Comparison> compare_two(const CompareFlags& options, const Run& first, const RunName& name,
                               const std::string& second_name) {
  const RunName other = run_name(second_name);
  // Two variants of one run were measured in turns.
  if (!name.variant.empty() && !other.variant.empty() && same_file(name.file, other.file)) {
    return compare_variants(first, options.compare, name.variant, other.variant);
  }
  const Result<Run> second = load_run(other.file);
  if (!second) return second.error();
  const auto side = [](const Run& run, const RunName& named, const std::string& label) -> Result<Side> {
    if (named.variant.empty() && run.variants.size() > 1) {
      return Error{"comparing", named.file, "it holds several variants",
                   "Name one of them, as in " + named.file + "@A, or give this document alone"};
    }
    return Side{&run, named.variant.empty() ? run.variants.front().name : named.variant, label};
  };
  const Result<Side> a = side(first, name, options.a);
  if (!a) return a.error();
  const Result<Side> b = side(*second, other, second_name);
  if (!b) return b.error();
  return compare_runs(*a, *b, options.compare);
}

// A against one other subject; `b` is empty where A stands alone.
Result<std::vector<ComparedAnswer>> compare_with(const CompareFlags& options, const std::string& b) {
  const auto one = [](Result<ComparedAnswer> answer) -> Result<std::vector<ComparedAnswer>> {
    if (!answer) return answer.error();
    return std::vector{std::move(*answer)};
  };
  const bool a_is_trace = names_traces(options.a), b_is_trace = !b.empty() && names_traces(b);
  if (const std::optional<Error> lone = lone_trace(options.a, b, a_is_trace, b_is_trace)) return *lone;
  if (a_is_trace) {
    return one(compare_trace_sides({{options.a}, {b}, options.explain, options.compare.created_at}));
  }
  if (are_described(options.a, b)) return one(compare_sides_described(options, b));
  const RunName name = run_name(options.a);
  if (b.empty() && !name.variant.empty()) {
    return Error{"comparing", options.a, "this is one variant, and there is nothing to compare it with",
                 "Name another one, or the file alone"};
  }
  const Result<Run> run = load_run(name.file);
  if (!run) return run.error();
  if (b.empty()) return compare_alone(options, *run);
  Result<Comparison> comparison = compare_two(options, *run, name, b);
  if (!comparison) return comparison.error();
  return std::vector{answer_of(options, std::move(*comparison))};
}

ExitStatus compare(CompareFlags& options) {
  if (options.margin_percent) options.compare.margin = *options.margin_percent / 100;
  options.compare.created_at = format_time(host_world().now());
  if (!options.files_a.empty() || !options.files_b.empty()) return compare_ranks(options);
  if (options.a.empty()) {
    return complain({"reading the command line", "", "A is required", "See varve compare --help"}, ExitStatus::usage);
  }
  std::vector<std::string> others{options.b};
  others.insert(others.end(), options.more.begin(), options.more.end());
  std::vector<ComparedAnswer> answers;
  for (const std::string& other : others) {
    Result<std::vector<ComparedAnswer>> found = compare_with(options, other);
    if (!found) return complain(found.error());
    answers.insert(answers.end(), found->begin(), found->end());
  }
  return write_compared(answers, run_name(options.a).file, options.explain, options.output);
}

std::vector<Flag> flags_of(CompareFlags& options) {
  const std::vector<Flag> own = {
      {.names = "A",
       .target = &options.a,
       .help =
           "a run, whose variants are compared with its first where it stands alone; a trace, or a folder of those of "
           "all ranks; a captured stack; or a text that describes a machine"},
      {.names = "B",
       .target = &options.b,
       .help =
           "another run, of which FILE@B names one variant (A may be FILE@A of the same run); another trace, stack or "
           "text; or here, this machine as it is now"},
      {.names = "C", .target = &options.more, .help = "more of these, each compared with A"},
      {.names = "--a",
       .value = "FILES",
       .target = &options.files_a,
       .help = "the traces of all ranks of one side, in the place of A",
       .list = ListValues::all_words},
      {.names = "--b",
       .value = "FILES",
       .target = &options.files_b,
       .help = "those of the other side",
       .list = ListValues::all_words},
      {"--metric", "NAME", &options.compare.metric, "the metric of the verdict"},
      {"--margin", "P", &options.margin_percent, "what counts as the same, in percent", between(0.001, 100)},
      {"--variable", "ID", &options.compare.variable,
       "what is under test (settings.NAME, a fact, library.NAME, command, packages, or one package with what came "
       "along "
       "with it): the one thing that may differ"},
      {"--explain", "", &options.explain, "say why, and what would decide it; all rows, every note"},
      {"--assumptions", "", &options.assumptions, "list what a single number of these takes for granted"},
  };
  return join_flags({own, output_flags(options.output)});
}
}  // namespace

Command declare_compare() {
  auto options = std::make_shared<CompareFlags>();
  return {.name = "compare",
          .summary = "what differs, is it controlled, which kernels changed, how much each explains",
          .flags = flags_of(*options),
          .act = [options] { return compare(*options); }};
}

}  // namespace varve
