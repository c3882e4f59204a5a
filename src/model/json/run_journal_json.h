#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "model/json/unit_json.h"
#include "model/run_record.h"

namespace varve {

inline constexpr const char* kRunJournalSchema = "varve/run-journal/1";

// A run as it is kept while it is measured: lines of JSON, so that whatever ends it leaves every line before whole. The
// first line is the run without its units. Every further line is one unit, with the rows that the tables of libraries
// and kernels gained by it, and protocol and variants where something was learnt about them.
class RunJournalLines {
 public:
  // The lines for what the run gained since the last call, each with its end; all of them at first.
  std::string next(const Run& run);

 private:
  std::string unit_line(const Run& run, const Unit& unit);

  std::size_t units_ = 0, kernels_ = 0, libraries_ = 0;  // that were written
  bool begun_ = false;
  LibraryTable library_table_;
  std::string known_;   // protocol and variants as last written
  std::string learnt_;  // what tells, without writing them out, whether they may have changed
};

// Whether the text begins as a journal does.
bool is_run_journal(std::string_view text);

// The run that a journal holds: never complete, and why. A line that was torn off is left out; so is what follows one
// that cannot be read. Error when not even its first line can be.
Result<Run> run_from_journal(std::string_view text, const std::string& where);

}  // namespace varve
