#include "harness/unit/redacted_line.h"

#include <algorithm>

#include "base/redact.h"
#include "base/text.h"

namespace varve {

std::string redact_line(std::string_view text, std::string_view home) {
  std::string line = redact_arguments({clean_utf8(text)}, home)[0];
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

}  // namespace varve
