#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/json/documents.h"

namespace varve {

// The Varve document in a file, or on standard input for "-".
Result<Document> load_document(const std::string& path);

// Whether write_file could write there, asked before work whose result must not be lost. Leaves nothing behind.
Status check_writable(const std::string& path);

// Writes through a temporary file beside it and a rename: a reader never sees half a document, and a failure leaves
// what stood there. A path that names a device or a pipe is written in place. "-" is standard output.
Status write_file(const std::string& path, std::string_view text);

}  // namespace varve
