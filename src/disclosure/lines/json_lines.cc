#include "disclosure/lines/json_lines.h"

#include <string>

namespace varve {

namespace {
// Where the string that begins at `at` ends: behind its second mark.
std::size_t end_of_string(std::string_view json, std::size_t at) {
  for (std::size_t i = at + 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i + 1;
    }
  }
  return json.size();
}
}  // namespace

void each_json_line(std::string_view json, const std::function<void(std::string_view)>& take) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) take(line);
    line.clear();
  };
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      const std::size_t end = end_of_string(json, i);
      line += json.substr(i, end - i);
      i = end;
      continue;
    }
    ++i;
    const bool is_empty_pair = i < json.size() && ((c == '[' && json[i] == ']') || (c == '{' && json[i] == '}'));
    if (is_empty_pair) {
      line += c;
      line += json[i++];
    } else if (c == '[' || c == '{') {
      line += c;
      flush();
    } else if (c == ']' || c == '}') {
      flush();
      line += c;
    } else if (c == ',') {
      line += c;
      flush();
    } else if (c == ':') {
      line += ": ";
    } else if (c != ' ') {
      line += c;
    }
  }
  flush();
}

}  // namespace varve
