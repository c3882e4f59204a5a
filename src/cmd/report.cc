#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "report/html/html.h"

namespace varve {

namespace {
struct Options {
  std::string document, format = "html", file = "-";
};

// The page of each kind of document. A run of two variants is shown as their comparison.
struct Page {
  Result<std::string> operator()(const Stack& stack) const {
    return html ? html_page(stack) : text_stack(stack, output_style());
  }
  Result<std::string> operator()(const Check& check) const {
    return html ? html_page(check) : text_check(check, true, output_style());
  }
  Result<std::string> operator()(const Comparison& comparison) const {
    return html ? html_page(comparison, nullptr) : text_comparison(comparison, true, output_style());
  }
  Result<std::string> operator()(const Run& run) const {
    if (run.variants.size() < 2) return html ? html_page(run) : text_run(run, output_style());
    const Result<Comparison> comparison = compare_variants(run, {.created_at = run.created_at});
    // Too little was measured to compare: what there is still makes a page.
    if (!comparison) return html ? html_page(run) : text_run(run, output_style());
    return html ? html_page(*comparison, &run) : text_comparison(*comparison, true, output_style());
  }
  bool html;
};

ExitStatus report(const Options& options) {
  const Result<Document> document = load_document(options.document);
  if (!document) return complain(document.error());
  const Result<std::string> page = std::visit(Page{options.format == "html"}, *document);
  if (!page) return complain(page.error());
  const Status written = write_file(options.file, *page);
  return written ? ExitStatus::ok : complain(written.error());
}
}  // namespace

Action declare_report(CLI::App& command, const MeasuredCommands&) {
  auto options = std::make_shared<Options>();
  command.add_option("DOC", options->document, "what varve capture, run or compare wrote; - is stdin")->required();
  command.add_option("--format", options->format, "html or text")->check(CLI::IsMember({"html", "text"}));
  command.add_option("-o,--output", options->file, "where the page goes; stdout by default")->type_name("FILE");
  return [options] { return report(*options); };
}

}  // namespace varve
