#include "base/result.h"

namespace varve {

std::string to_text(const Error& error) {
  std::string text = error.doing;
  for (const std::string* part : {&error.where, &error.found}) {
    if (!part->empty()) text += (text.empty() ? "" : ": ") + *part;
  }
  if (!error.hint.empty()) text += ". " + error.hint;
  return text;
}

}  // namespace varve
