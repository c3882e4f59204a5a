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
ExitStatus compare_sides_described(const CompareFlags& options) {
  const Result<StackComparison> comparison = compare_described(options.a, options.b);
  if (!comparison) return complain(comparison.error());
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*comparison)); },
      [&] { return text_stack_comparison(*comparison, options.explain, output_style()); }, exit_status(*comparison));
}

// Nothing where both sides are traces, or none is.
std::optional<Error> lone_trace(const CompareFlags& options, bool a_is_it, bool b_is_it) {
  if (a_is_it == b_is_it) return std::nullopt;
  const std::string& file = a_is_it ? options.a : options.b;
  if (options.b.empty()) {
    return Error{"comparing", file, "this is a trace, and there is nothing to compare it with", "Give another trace"};
  }
  const std::string& other = a_is_it ? options.b : options.a;
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
  return compare_trace_sides(
      {options.files_a, options.files_b, options.explain, options.output, options.compare.created_at});
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

// The gravest of several answers.
ExitStatus exit_status(const std::vector<Comparison>& comparisons) {
  ExitStatus gravest = ExitStatus::ok;
  for (const Comparison& comparison : comparisons) {
    const ExitStatus status = exit_status(comparison);
    if (status == ExitStatus::failed || gravest == ExitStatus::ok) gravest = status;
  }
  return gravest;
}

// A run of more than two variants: a table of all against the first.
ExitStatus compare_many(const CompareFlags& options, const Run& run) {
  const Result<std::vector<Comparison>> all = compare_all_variants(run, options.compare);
  if (!all) return complain(all.error());
  const auto document = [&] {
    Json list = Json::array();
    for (const Comparison& comparison : *all) list.push_back(to_json(comparison));
    return pretty_json(list);
  };
  const auto text = [&] {
    std::string shown = text_variants(*all, options.a, output_style());
    for (const Comparison& comparison : *all) {
      if (options.explain) shown += "\n" + text_comparison(comparison, true, output_style());
    }
    return shown;
  };
  return write_answer(options.output, document, text, exit_status(*all));
}

Result<Comparison> compare_two(const CompareFlags& options, const Run& first, const RunName& name) {
  const RunName other = run_name(options.b);
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
  const Result<Side> b = side(*second, other, options.b);
  if (!b) return b.error();
  return compare_runs(*a, *b, options.compare);
}

ExitStatus compare(CompareFlags& options) {
  if (options.margin_percent) options.compare.margin = *options.margin_percent / 100;
  options.compare.created_at = format_time(host_world().now());
  if (!options.files_a.empty() || !options.files_b.empty()) return compare_ranks(options);
  if (options.a.empty()) {
    return complain({"reading the command line", "", "A is required", "See varve compare --help"}, ExitStatus::usage);
  }
  const bool a_is_trace = names_traces(options.a), b_is_trace = !options.b.empty() && names_traces(options.b);
  if (const std::optional<Error> lone = lone_trace(options, a_is_trace, b_is_trace)) return complain(*lone);
  if (a_is_trace) {
    return compare_trace_sides({{options.a}, {options.b}, options.explain, options.output, options.compare.created_at});
  }
  if (are_described(options.a, options.b)) {
    return compare_sides_described(options);
  }
  const RunName name = run_name(options.a);
  const Result<Run> run = load_run(name.file);
  if (!run) return complain(run.error());
  if (options.b.empty() && name.variant.empty() && run->variants.size() > 2) return compare_many(options, *run);
  const Result<Comparison> comparison =
      options.b.empty() ? compare_variants(*run, options.compare) : compare_two(options, *run, name);
  if (!comparison) return complain(comparison.error());
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*comparison)); },
      [&] {
        const std::string text = text_comparison(*comparison, options.explain, output_style());
        return options.assumptions ? text + text_assumptions(*comparison, output_style()) : text;
      },
      exit_status(*comparison));
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
