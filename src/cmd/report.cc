#include <memory>

#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "report/html/html.h"
#include "report/text/text_report.h"

namespace varve {

namespace {
struct ReportFlags {
  std::string document, format = "html", file;  // empty: stdin, stdout
};

// A form that a document can be written in, with a writer for each kind of document.
struct Format {
  const char* word;
  std::string (*stack)(const Stack& stack);
  std::string (*check)(const Check& check);
  std::string (*run)(const Run& run);
  std::string (*comparison)(const Comparison& comparison, const Run* run);  // the run that both sides stand in, or null
  std::string (*checks)(const std::vector<Check>& checks) = nullptr;        // several as one, where that is a form
  bool may_follow = false;                                                  // one document may follow another
};

const Format kFormats[] = {
    {"html", html_page, html_page, html_page, html_page, html_page},
    {"text", [](const Stack& stack) { return text_stack(stack, output_style()); },
     [](const Check& check) { return text_check(check, true, output_style()); },
     [](const Run& run) { return text_run(run, output_style()); },
     [](const Comparison& comparison, const Run*) { return text_comparison(comparison, true, output_style()); },
     nullptr, true},
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

// Several documents: several checks as one, else one after the other where the form allows it.
Result<std::string> page_of(const std::vector<Document>& documents, const Format& format) {
  if (documents.size() == 1) return std::visit(Page{format}, documents.front());
  std::vector<Check> checks;
  for (const Document& document : documents) {
    if (const auto* check = std::get_if<Check>(&document)) checks.push_back(*check);
  }
  if (format.checks != nullptr && checks.size() == documents.size()) return format.checks(checks);
  if (!format.may_follow) {
    return Error{"writing the page", "", "these are several documents that are not all checks",
                 "Give one of them, or add --format text"};
  }
  std::string text;
  for (const Document& document : documents) {
    text += (text.empty() ? "" : "\n") + std::visit(Page{format}, document);
  }
  return text;
}

ExitStatus report(const ReportFlags& options) {
  const Result<std::vector<Document>> documents = load_documents(options.document.empty() ? "-" : options.document);
  if (!documents) return complain(documents.error());
  const Result<std::string> page = page_of(*documents, format_of(options.format));
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
       .help = "what varve capture, check, run or compare wrote; stdin by default"},
      {"--format", "FORMAT", &options->format, "the form of the page", one_of(format_words())},
      {"-o,--output", "FILE", &options->file, "where the page goes; stdout by default"},
  };
  command.act = [options] { return report(*options); };
  return command;
}

}  // namespace varve
