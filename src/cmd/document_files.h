#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exit_status.h"
#include "base/result.h"
#include "model/json/documents.h"

namespace varve {

// The Varve document in a file, or on standard input for "-".
Result<Document> load_document(const std::string& path);

// The same for several, as varve check --json writes them of several subjects. At least one.
Result<std::vector<Document>> load_documents(const std::string& path);

// Whether write_file could write there, asked before work whose result must not be lost. Leaves nothing behind.
Status check_writable(const std::string& path);

// Writes through a temporary file beside it and a rename: a reader never sees half a document, and a failure leaves
// what stood there. A path that names a device or a pipe is written in place. "-" is standard output.
Status write_file(const std::string& path, std::string_view text);

// Where the answer of a verb goes: text for people on stdout, the document there with --json, or into a file with -o.
struct OutputOptions {
  bool json = false;
  std::string file;
};

// Writes what the options ask for. Without --json the text goes to stdout as well when -o names a file. Returns
// `status`, or tool_or_input when writing failed (said on stderr); when only the file failed, stdout still gets its
// part.
ExitStatus write_answer(const OutputOptions& options, const std::function<std::string()>& document,
                        const std::function<std::string()>& text, ExitStatus status = ExitStatus::ok);

// A text alone, on stdout.
ExitStatus print_answer(const std::string& text);

}  // namespace varve
