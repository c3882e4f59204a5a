#include <memory>

#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "kernels/files/trace_files.h"
#include "report/card/card.h"
#include "report/html/html.h"
#include "report/text/text_kernels.h"
#include "report/text/text_report.h"
#include "world/world.h"

namespace varve {

namespace {
struct ReportFlags {
  std::string document, format = "html", file;  // empty: stdin, stdout
  bool card = false;
};

// A form that a document can be written in, with a writer for each kind of document that it is a form of.
struct Format {
  const char* word;
  std::string (*kernels)(const KernelsRecord& kernels);
  std::string (*stack)(const Stack& stack);
  std::string (*check)(const Check& check);
  std::string (*run)(const Run& run);
  std::string (*comparison)(const Comparison& comparison, const Run* run);  // the run that both sides stand in, or null
  std::string (*checks)(const std::vector<Check>& checks) = nullptr;        // several as one, where that is a form
  std::string (*traces)(const TraceComparison& comparison) = nullptr;
  std::string (*stacks)(const StackComparison& comparison) = nullptr;
  bool may_follow = false;  // one document may follow another
};

const Format kFormats[] = {
    {"html", html_page, html_page, html_page, html_page, html_page, html_page, html_page, html_page},
    {"text", [](const KernelsRecord& kernels) { return text_kernels(kernels, {}, output_style()); },
     [](const Stack& stack) { return text_stack(stack, output_style()); },
     [](const Check& check) { return text_check(check, true, output_style()); },
     [](const Run& run) { return text_run(run, output_style()); },
     [](const Comparison& comparison, const Run*) { return text_comparison(comparison, true, output_style()); },
     nullptr, [](const TraceComparison& comparison) { return text_trace_comparison(comparison, true, output_style()); },
     [](const StackComparison& comparison) { return text_stack_comparison(comparison, true, output_style()); }, true},
    {"markdown", [](const KernelsRecord& kernels) { return markdown_kernels(kernels, {}); }, nullptr, nullptr, nullptr,
     nullptr, nullptr, nullptr, nullptr, true},
};

std::vector<std::string> format_words() {
  std::vector<std::string> words;
  for (const Format& format : kFormats) words.emplace_back(format.word);
  words.emplace_back("svg");
  return words;
}

const Format& format_of(const std::string& word) {
  return *std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Format& one) { return one.word == word; });
}

// Shows a document in a format that has a form of it; else an empty text. A run of two variants is shown as their
// comparison.
struct Page {
  const Format& format;

  std::string operator()(const KernelsRecord& kernels) const { return format.kernels(kernels); }
  std::string operator()(const Stack& stack) const { return format.stack ? format.stack(stack) : ""; }
  std::string operator()(const Check& check) const { return format.check ? format.check(check) : ""; }
  std::string operator()(const Comparison& comparison) const {
    return format.comparison ? format.comparison(comparison, nullptr) : "";
  }
  std::string operator()(const TraceComparison& comparison) const {
    return format.traces ? format.traces(comparison) : "";
  }
  std::string operator()(const StackComparison& comparison) const {
    return format.stacks ? format.stacks(comparison) : "";
  }
  std::string operator()(const Run& run) const {
    if (format.run == nullptr) return "";
    if (run.variants.size() != 2) return format.run(run);
    const Result<Comparison> comparison = compare_variants(run, {.created_at = run.created_at});
    // Too little was measured to compare: what there is still makes a page.
    return comparison ? format.comparison(*comparison, &run) : format.run(run);
  }
};

// Several documents: several checks as one, else one after the other where the form allows it.
Result<std::string> page_of(const std::vector<Document>& documents, const Format& format) {
  std::vector<Check> checks;
  for (const Document& document : documents) {
    if (const auto* check = std::get_if<Check>(&document)) checks.push_back(*check);
  }
  const bool several = documents.size() > 1;
  if (several && format.checks != nullptr && checks.size() == documents.size()) return format.checks(checks);
  if (several && !format.may_follow) {
    return Error{"writing the page", "", "these are several documents that are not all checks",
                 "Give one of them, or add --format text"};
  }
  std::string text;
  for (const Document& document : documents) {
    const std::string page = std::visit(Page{format}, document);
    if (page.empty()) {
      return Error{"writing the page", "", "only what varve kernels finds has a form in " + std::string(format.word),
                   "Choose another --format"};
    }
    text += (text.empty() ? "" : "\n") + page;
  }
  return text;
}

// A document, or the kernels of a trace.
Result<std::vector<Document>> documents_of(const std::string& path) {
  if (path.empty()) return load_documents("-");
  if (path == "-" || !holds_kernels(host_world().files, path)) return load_documents(path);
  Result<KernelsRecord> kernels = read_trace_file(host_world().files, path, {});
  if (!kernels) return kernels.error();
  return std::vector<Document>{std::move(*kernels)};
}

// The card of a run: as it was stored, or made now of a document that has none.
Result<std::string> card_of(const std::vector<Document>& documents, const std::string& format) {
  const auto* run = documents.size() == 1 ? std::get_if<Run>(&documents.front()) : nullptr;
  if (run == nullptr) return Error{"writing the card", "", "this is no run", "Give what varve run -o wrote"};
  std::vector<CardLine> card = run->card;
  if (card.empty()) {
    const Result<Comparison> comparison = compare_variants(*run, {.created_at = run->created_at});
    card = make_card(*run, comparison ? &*comparison : nullptr);
  }
  if (format == "svg") return svg_card(card);
  return format == "markdown" ? markdown_card(card) : text_card(card);
}

ExitStatus report(const ReportFlags& options) {
  const Result<std::vector<Document>> documents = documents_of(options.document);
  if (!documents) return complain(documents.error());
  if (options.format == "svg" && !options.card) {
    return complain({"writing the page", "", "only the card of a run has a form in svg", "Add --card"});
  }
  const Result<std::string> page =
      options.card ? card_of(*documents, options.format) : page_of(*documents, format_of(options.format));
  if (!page) return complain(page.error());
  const Status written = write_file(options.file.empty() ? "-" : options.file, *page);
  return written ? ExitStatus::ok : complain(written.error());
}
}  // namespace

Command declare_report() {
  auto options = std::make_shared<ReportFlags>();
  Command command{.name = "report", .summary = "a document as a page"};
  command.flags = {
      {.names = "DOC",
       .target = &options->document,
       .help = "what varve capture, check, run, compare or kernels wrote, or a trace; stdin by default"},
      {"--format", "FORMAT", &options->format, "the form of the page", one_of(format_words())},
      {"--card", "", &options->card, "the text that belongs beside the number of a run: text, markdown or svg"},
      {"-o,--output", "FILE", &options->file, "where the page goes; stdout by default"},
  };
  command.act = [options] { return report(*options); };
  return command;
}

}  // namespace varve
