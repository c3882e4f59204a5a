#pragma once
#include <memory>
#include <vector>

#include "disclosure/lines/declared.h"
#include "disclosure/lines/text_line.h"

namespace varve {

// Reads one kind of text line by line, told by its content. Lines of several kinds may stand in one text, in any order
// and cut off anywhere; a reader takes what is its own and leaves the rest.
class TextReader {
 public:
  virtual ~TextReader() = default;
  virtual const char* name() const = 0;  // as people call what it reads: "nvidia-smi"
  // Whether the line is of its text. False costs little: most lines of a log are nobody's.
  virtual bool take(const TextLine& line, Declared& declared) = 0;
  // A fence, or a line that another reader took, ends what it had begun.
  virtual void end() {}
};

using TextReaders = std::vector<std::unique_ptr<TextReader>>;

}  // namespace varve
