#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "harness/readings/file_state.h"
#include "model/json/run_journal_json.h"
#include "model/run_record.h"
#include "world/file_reader.h"

namespace varve {

// The journal of the run whose document would be `file`: "run.json.journal".
std::string journal_path(const std::string& file);

// The document of a run that is taken up again from this file: "run.json" of "run.json.journal" or
// "run.json.journal-2", else the file itself.
std::string document_of(const std::string& file);

// A file for a run without -o, in the working folder: "run-train.py-20261129T074203Z.json". Neither it nor its journal
// is there yet. `name` is the benchmark's, `time` RFC 3339.
std::string default_run_file(const std::string& name, const std::string& time);

// Such a run has a name of its own, so that it does not meet what an earlier one left that was ended: the newest
// journal of runs without -o and of this name is told of, and how to go on with it.
void tell_of_ended_run(const std::string& name);

// A file with the lines of a run, whole lines only.
struct JournalFile {
  std::string path;
  FileHandle file;
  RunJournalLines lines;
  std::size_t bytes = 0, units = 0;  // that were written
  double next_sync = 0;              // on the monotonic clock
};

// Keeps the units of a run on disk as they finish, beside the document that is written at its end: what was measured
// outlives a SIGKILL of Varve, and a machine that loses its power.
class RunJournal {
 public:
  // For a document in `file`. A journal that is there, of a run that was ended or of one that still goes on, is told of
  // and left alone.
  explicit RunJournal(std::string file);

  // The run goes on from this journal, or from a document: a journal is removed with this one. Error: it is of a run
  // that goes on now.
  Status take_over(const std::string& file);
  // Writes what the run gained, and has the disk take it with the first unit that ends a quarter of a second after the
  // last time, two seconds where the disk is slow. Where that fails, all of it goes to the folder for temporary files
  // instead, which is told; an Error when it can be kept nowhere.
  Status keep(const Run& run);
  // Where the document goes: the file, or a name beside it where another run has written that file since this one
  // began, which is told.
  std::string place_for_document() const;
  // The document was written: the journal is not needed any more.
  void discard();
  // The file that the units are in, as a run that may be read. Empty: none.
  std::string path() const;
  // What to say when the document was not written: where the units are. Empty: nowhere.
  std::string whereabouts() const;

 private:
  Status open_beside();
  Status open_elsewhere();
  static Status append(const Run& run, JournalFile& place);
  static bool sync_where_due(JournalFile& place);  // false: the disk refused, and errno says why
  Status keep_elsewhere(const Run& run, const Error& why);

  std::string file_;
  FileState before_;  // of the file
  std::string taken_over_;
  FileHandle taken_over_file_;  // locked
  std::optional<JournalFile> beside_, elsewhere_;
};

}  // namespace varve
