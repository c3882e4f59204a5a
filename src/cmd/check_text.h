#pragma once
#include <string>

#include "base/exit_status.h"
#include "cmd/document_files.h"
#include "cmd/texts.h"

namespace varve {

// What varve check says of a text that describes a machine: judged as that machine, with the errors that stand in it.
// `data`: the folder of --data, or empty. In check.cc.
ExitStatus check_text(ReadText text, const std::string& data, const OutputOptions& output);

}  // namespace varve
