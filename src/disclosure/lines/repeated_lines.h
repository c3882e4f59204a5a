#pragma once
#include <string>
#include <string_view>
#include <unordered_set>

#include "disclosure/lines/text_line.h"

namespace varve {

// A log repeats itself: a training writes a line a step, and they differ in their numbers alone. Where nobody has taken
// a line for long, one that is like another that was nobody's is nobody's too, and need not be shown to all readers.
// Who describes a machine does so at the start, and in lines of which some are taken: those are never passed over.
class RepeatedLines {
 public:
  // Whether the line may be passed over. What becomes of one that may not is told next.
  bool knows(const TextLine& line);
  void was_taken() { passed_over_ = 0; }
  void was_nobodys();

 private:
  std::int64_t passed_over_ = 0;  // lines one after another
  std::string shape_;             // of the line that was asked for last; empty: it is not kept
  std::unordered_set<std::string> shapes_;
};

}  // namespace varve
