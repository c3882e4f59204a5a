#include <memory>

#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "report/html/html.h"
#include "report/text/text_report.h"

namespace varve {

namespace {
struct Options {
  std::string document, format = "html", file;
};

// A form that a document can be written in, with a writer for each kind of document.
struct Format {
  const char* word;
  std::string (*stack)(const Stack& stack);
  std::string (*check)(const Check& check);
  std::string (*run)(const Run& run);
  std::string (*comparison)(const Comparison& comparison, const Run* run);  // the run that both sides stand in, or null
};

const Format kFormats[] = {
    {"html", html_page, html_page, html_page, html_page},
    {"text", [](const Stack& stack) { return text_stack(stack, output_style()); },
     [](const Check& check) { return text_check(check, true, output_style()); },
     [](const Run& run) { return text_run(run, output_style()); },
     [](const Comparison& comparison, const Run*) { return text_comparison(comparison, true, output_style()); }},
};

std::vector<std::string> format_words() {
  std::vector<std::string> words;
  for (const Format& format : kFormats) words.emplace_back(format.word);
  return words;
}

const Format& format_of(const std::string& word) {
  return *std::find_if(std::begin(kFormats), std::end(kFormats), [&](const Format& one) { return one.word == word; });
}

// Shows a document in a format. A run of two variants is shown as their comparison.
struct Page {
  const Format& format;

  std::string operator()(const Stack& stack) const { return format.stack(stack); }
  std::string operator()(const Check& check) const { return format.check(check); }
  std::string operator()(const Comparison& comparison) const { return format.comparison(comparison, nullptr); }
  std::string operator()(const Run& run) const {
    if (run.variants.size() < 2) return format.run(run);
    const Result<Comparison> comparison = compare_variants(run, {.created_at = run.created_at});
    // Too little was measured to compare: what there is still makes a page.
    return comparison ? format.comparison(*comparison, &run) : format.run(run);
  }
};

ExitStatus report(const Options& options) {
  const Result<Document> document = load_document(options.document);
  if (!document) return complain(document.error());
  const std::string page = std::visit(Page{format_of(options.format)}, *document);
  const Status written = write_file(options.file.empty() ? "-" : options.file, page);
  return written ? ExitStatus::ok : complain(written.error());
}
}  // namespace

Command declare_report() {
  auto options = std::make_shared<Options>();
  Command command{.name = "report", .summary = "a document as a page"};
  command.flags = {
      {.names = "DOC",
       .target = &options->document,
       .help = "what varve capture, check, run or compare wrote; - is stdin",
       .required = true},
      {"--format", "FORMAT", &options->format, "the form of the page", one_of(format_words())},
      {"-o,--output", "FILE", &options->file, "where the page goes; stdout by default"},
  };
  command.act = [options] { return report(*options); };
  return command;
}

}  // namespace varve
