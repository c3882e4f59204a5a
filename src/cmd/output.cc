#include "cmd/output.h"

#include <CLI/CLI.hpp>

#include "cmd/document_files.h"
#include "cmd/subject_options.h"
#include "cmd/terminal.h"

namespace varve {

void declare_output(CLI::App& command, OutputOptions& options) {
  command.add_flag("--json", options.json, "print the document as JSON instead of text");
  command.add_option("-o,--output", options.file, "write the document (JSON) to this file; - is stdout")
      ->type_name("FILE")
      ->check(not_empty);
}

ExitStatus write_answer(const OutputOptions& options, const std::function<std::string()>& document,
                        const std::function<std::string()>& text, ExitStatus status) {
  if (!options.file.empty()) {
    if (const Status written = write_file(options.file, document()); !written) status = complain(written.error());
    if (options.file == "-") return status;
  }
  if (const Status written = write_file("-", options.json ? document() : text()); !written) {
    return complain(written.error());
  }
  return status;
}

}  // namespace varve
