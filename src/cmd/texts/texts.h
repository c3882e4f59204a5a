#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/stack.h"
#include "model/texts/text_account.h"
#include "rules/log/log_reader.h"
#include "tables/knowledge.h"
#include "world/file_reader.h"

namespace varve {

// A text that may be read more than once: a file, or what came through a pipe, in a file without a name.
struct OpenText {
  std::string name;  // as people call it: the file's name without folders, "standard input"
  FileReader file;
};
// "-" is standard input. Error: there is no such file, or no room to keep a pipe's bytes.
Result<OpenText> open_text(const std::string& path);

// What a text says of a machine.
struct ReadText {
  OpenText text;
  Stack stack;                 // of standing "declared"
  TextAccount account;         // what was read, and what is left open
  bool names_machine = false;  // a driver, a GPU, a package of a GPU stack, or a kernel that does not run here
};
Result<ReadText> read_text(OpenText text, const Knowledge& knowledge);

// The same of a text that may tell of several machines one after the other ("works on A, fails on B"): each with the
// lines that are of it. Where driver and GPU become others another machine begins.
Result<std::vector<ReadText>> read_machines(OpenText text, const Knowledge& knowledge);

// The errors in it, and what their messages state.
Result<LogReading> read_errors(const OpenText& text, const ErrorPatterns& patterns);

// Whether a file is a text to be read for what it says, told by its first bytes: no binary, no archive, no document of
// Varve's. JSON of a container engine is one.
bool is_text_to_read(const std::string& path);

}  // namespace varve
