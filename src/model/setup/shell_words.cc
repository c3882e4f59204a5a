#include "model/setup/shell_words.h"

#include "base/text.h"

namespace varve {

namespace {
// What is more than a letter of a word. A bracket alone is taken as it stands, as the shell does where no file matches.
bool is_for_the_shell(char c) { return std::string_view(";|&()<>$`*?{}#!\n").find(c) != std::string_view::npos; }
bool is_for_the_shell_in_quotes(char c) { return c == '$' || c == '`'; }

// Reads words until the line ends or the shell would have to do something; POSIX.1-2017, XCU 2.2 and 2.3.
class WordReader {
 public:
  bool read(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      if (quote_ == '\'' || quote_ == '"') {
        if (!in_quotes(line, at)) return false;
      } else if (c == '\'' || c == '"') {
        quote_ = c;
        open_ = true;
      } else if (c == ' ' || c == '\t') {
        finish();
      } else if (c == '\\' && at + 1 < line.size() && line[at + 1] != '\n') {
        add(line[++at]);
      } else if (is_for_the_shell(c) || c == '\\') {
        return false;
      } else {
        add(c);
      }
    }
    finish();
    return quote_ == '\0';
  }
  std::vector<std::string> words;

 private:
  bool in_quotes(std::string_view line, std::size_t& at) {
    const char c = line[at];
    if (c == quote_) {
      quote_ = '\0';
      return true;
    }
    if (quote_ == '"' && is_for_the_shell_in_quotes(c)) return false;
    const bool escaped = quote_ == '"' && c == '\\' && at + 1 < line.size() &&
                         std::string_view("$`\"\\").find(line[at + 1]) != std::string_view::npos;
    add(escaped ? line[++at] : c);
    return true;
  }
  void add(char c) {
    word_ += c;
    open_ = true;
  }
  void finish() {
    if (open_) words.push_back(std::move(word_));
    word_.clear();
    open_ = false;
  }

  std::string word_;
  bool open_ = false;  // a word may be empty: ""
  char quote_ = '\0';
};
}  // namespace

std::optional<std::vector<std::string>> simple_command(std::string_view line) {
  WordReader reader;
  if (!reader.read(line)) return std::nullopt;
  std::vector<std::string>& words = reader.words;
  if (!words.empty() && words.front() == "exec") words.erase(words.begin());
  // A variable that is set for the program alone.
  if (words.empty() || words.front().find('=') != std::string::npos) return std::nullopt;
  return std::move(words);
}

std::optional<std::vector<std::string>> simple_command(const std::vector<std::string>& command) {
  const bool is_line = command.size() == 3 && file_name(command[0]) == "sh" && command[1] == "-c";
  return is_line ? simple_command(command[2]) : std::optional(command);
}

}  // namespace varve
