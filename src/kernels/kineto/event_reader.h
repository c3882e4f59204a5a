#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/kineto/kineto_event.h"

namespace varve {

// Reads the fields of events. Most events of a trace differ in their values only, and what stands between those, keys
// and commas and blanks, is the same in thousands of others: it is learned, so that one comparison takes the place of
// looking at every byte of it. What is new is read byte by byte and learned. Both ways read the same of any text.
class KinetoEventReader {
 public:
  // Into an event that says nothing yet. False where the text is no JSON; what stood before that is read. 64 bytes
  // behind the text must be readable.
  bool read(std::string_view text, KinetoEvent& event);

 private:
  // From the end of one value to the beginning of the next, or to the end of the event.
  struct Step {
    std::uint32_t at = 0, size = 0;         // in texts_
    std::uint32_t next = 0, otherwise = 0;  // the first that may follow; the next that may stand here instead
    KinetoField field = KinetoField::unused;
    bool is_last = false;
  };
  struct Part {
    std::size_t begin = 0, end = 0;  // of a value
    KinetoField field = KinetoField::unused;
  };

  bool read_known(std::string_view text, KinetoEvent& event) const;
  bool read_any(std::string_view text, KinetoEvent& event);
  void learn(std::string_view text);
  std::uint32_t learn_step(std::uint32_t after, std::string_view between, KinetoField field, bool is_last);

  std::vector<Step> steps_{Step{}};  // the first is before all others
  std::string texts_;
  std::vector<Part> parts_;  // of the event that is read
};

}  // namespace varve
