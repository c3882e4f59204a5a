#pragma once
#include <cstddef>
#include <cstdint>

// The spool: a text file of one process, only ever added to, so that whatever ends the process leaves all that was
// written before. A line is words with single spaces between them and ends in " ." and a newline: a line without is
// torn, and what follows it is whole again. Control characters, spaces and % in names stand as %20. Numbers are
// decimal. The first line is "varve-cuda-spool 1 ."; others may come in any order and more than once, and the last of
// one kind and number counts:
//
//   process PID PARENT UNIX_NS          of this file; UNIX_NS when recording began
//   setting KEY VALUE                   of the recorder, CUPTI and the driver (flush.cc lists the keys)
//   variable NAME VALUE                 of the environment: the launcher's rank
//   reason TEXT                         why nothing is, or is no longer, recorded
//   device NUMBER MAJOR MINOR UNITS NAME
//   library PATH                        of a mapped file, so that modules can be looked for
//   module NUMBER SIZE SHA256 FLAGS FUNCTIONS    machine code that was loaded: see modules.h
//   name NUMBER MODULE TEXT             MODULE: "-" not known, "*" several
//   row NUMBER KIND NAME DEVICE STREAM GRID×3 BLOCK×3 REGISTERS SHARED GRAPH    what a row is: TotalKey of totals.h
//   time ROW COUNT TOTAL MIN MAX BYTES NESTED FIRST LAST BUCKET:COUNT…    all of it up to now, times in ns
//   slices ROW WIDTH INDEX:COUNT NS…    of what ran on a device: how many began and how long they ran in a slice of
//   WIDTH
//                                       ns, slices counted from ORIGIN; a slice that comes again replaces itself,
//                                       another WIDTH all of them
//   clock ORIGIN CUPTI_NS UNIX_NS       where slices begin, and one moment, by the clock of records and that of UNIX
//   pool DEVICE CREATED DESTROYED TRIMMED MOST_BYTES MOST_USED
//   overhead KIND COUNT NS              CUPTI's own, as it reports it
//   cost NAME NUMBER                    the recorder's own (flush.cc lists the names)
//   flush NUMBER NS                     everything up to here is in the file; NS since recording began
//   end HOW                             "exit": the exit handlers ran
namespace varve::inject {

// Writes lines into a buffer, and that to a file.
class LineWriter {
 public:
  static constexpr std::size_t kLongestLine = 65536;

  bool reserve();
  // Of the line that is being written.
  LineWriter& word(const char* text) { return word(text, __builtin_strlen(text)); }
  LineWriter& word(const char* text, std::size_t size);
  LineWriter& number(std::uint64_t value);
  LineWriter& pair(std::uint64_t left, std::uint64_t right);  // "3:14"
  void end_line();

  bool has_room() const { return used_ + kLongestLine <= kSize; }  // for one more line of any length
  const char* bytes() const { return buffer_; }
  std::size_t size() const { return used_; }
  void clear() { used_ = 0; }

 private:
  static constexpr std::size_t kSize = 4 * kLongestLine;
  void put(char c) { buffer_[used_++] = c; }
  void begin_word();

  char* buffer_ = nullptr;
  std::size_t used_ = 0;
  bool in_line_ = false;
};

// Where they go. Nothing is kept open between two flushes: a program may close what it does not know, and what it
// then opens under the same number is not ours.
class SpoolFile {
 public:
  // Makes DIRECTORY/cuda-PID.spool, or cuda-PID-2.spool … where exec or another namespace has left one.
  bool create(const char* directory, int process);

  // Opens it for a flush. A whole one begins a new file, which takes the old one's place when it is closed.
  bool open(bool whole);
  bool write(LineWriter& lines);  // and clears them
  bool close();                   // false: something could not be written since open()

  // The file has grown to several times of what it says.
  bool is_long() const { return written_ > limit_; }
  const char* path() const { return path_; }

 private:
  char path_[1024] = {}, new_path_[1032] = {};
  int file_ = -1;
  bool is_whole_ = false, has_failed_ = false, was_torn_ = false;
  std::uint64_t written_ = 0, limit_ = 4u << 20, written_before_ = 0;
};

}  // namespace varve::inject
