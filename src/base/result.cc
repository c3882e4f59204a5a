#include "base/result.h"

namespace varve {

namespace {
// A sentence starts with a capital letter, unless its first word is a command.
std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z' && !text.starts_with("varve ")) {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}
}  // namespace

std::string to_text(const Error& error) {
  std::string text = error.doing;
  for (const std::string* part : {&error.where, &error.found}) {
    if (!part->empty()) text += (text.empty() ? "" : ": ") + *part;
  }
  if (!error.hint.empty()) text += ". " + sentence(error.hint);
  return text;
}

}  // namespace varve
