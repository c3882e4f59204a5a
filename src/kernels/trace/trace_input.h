#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "kernels/trace/trace.h"
#include "world/file_reader.h"

namespace varve {

// A file as a trace: inflated on the way when it is gzip or zstd, then file() is nullptr, and read as far as it goes
// where it was cut. `where` names it in messages. Error: it cannot be read, or is compressed in another way.
Result<std::unique_ptr<TraceInput>> open_trace(const FileReader& file, const std::string& where);

// Bytes in memory as a trace, for tests and fuzzing. They must live longer.
std::unique_ptr<TraceInput> trace_of_bytes(std::span<const std::byte> bytes, const std::string& where);

// The whole trace as a file, for formats that jump about in it: the file itself, or, of a compressed one, what is left
// of its bytes, held in memory. Error: reading failed, or they are more than 1 GiB (says to inflate it first).
Result<FileReader> whole_file(TraceInput& input);

// The lines of a text trace, one after the other, with the place of each in the bytes. A line longer than 64 KiB is cut
// there and told to be too long.
class TraceLines {
 public:
  explicit TraceLines(TraceInput& input) : input_(input) {}

  struct Line {
    std::string_view text;  // without its end; valid until the next call
    std::uint64_t at = 0;   // of its first byte
    bool too_long = false;
  };
  // The next line into `line`; false at the end. Error: reading or inflating failed.
  Result<bool> next(Line& line);

 private:
  TraceInput& input_;
  std::string buffer_;
  std::size_t from_ = 0;    // of what is not handed out yet, in buffer_
  std::uint64_t base_ = 0;  // of buffer_'s first byte, in the trace
  bool ended_ = false;
};

// Gives every line of a text trace to `take`, in their order. Error: reading or inflating failed.
Status for_each_line(TraceInput& input, const std::function<void(const TraceLines::Line&)>& take);

}  // namespace varve
