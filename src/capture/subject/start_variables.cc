#include "capture/subject/start_variables.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::string_view kVariable = "LD_LIBRARY_PATH";
constexpr std::size_t kMostScript = std::size_t{64} << 10;
constexpr std::size_t kMostPieces = 64;
constexpr int kMostWords = 64;

using Variables = std::map<std::string, std::string>;

bool is_of_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; }

constexpr char kUntold = '\1';  // stands in a value for what nothing here tells

// The end of what a bracket opens at `begin`, behind its partner.
std::size_t behind_bracket(std::string_view text, std::size_t begin) {
  const char open = text[begin], close = open == '{' ? '}' : ')';
  int depth = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (text[at] == open) ++depth;
    if (text[at] == close && --depth == 0) return at + 1;
  }
  return text.size();
}

// The value of an assignment as a shell expands it. What is added to the variable itself is nothing:
// ${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}.
std::string expanded(std::string_view text, const Variables& variables) {
  std::string value;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c != '$') {
      if (c != '"' && c != '\'') value += c == '`' || c == '*' ? kUntold : c;
      ++at;
      continue;
    }
    const std::size_t next = at + 1;
    const bool in_brackets = next < text.size() && (text[next] == '{' || text[next] == '(');
    std::size_t end = in_brackets ? next + 1 : next;
    const std::size_t begin = end;
    while (end < text.size() && is_of_name(text[end])) ++end;
    const std::string name(text.substr(begin, end - begin));
    const bool is_plain = !in_brackets || (end < text.size() && text[end] == '}');
    const auto known = variables.find(name);
    if (is_plain && known != variables.end()) {
      value += known->second;
    } else if (name != kVariable || (in_brackets && text[next] == '(')) {
      value += kUntold;
    }
    at = in_brackets ? behind_bracket(text, next) : std::max(end, next);
  }
  return value;
}

class Start {
 public:
  Start(const Files& files, std::string working_directory, const Variables& environment)
      : files_(files), working_directory_(std::move(working_directory)), environment_(environment) {}

  void follow(std::vector<std::string> words) {
    for (int steps = 0; !words.empty() && steps < kMostWords; ++steps) {
      const std::string word = words.front();
      words.erase(words.begin());
      const std::string name = file_name(word);
      const std::size_t equals = word.find('=');
      if (equals != std::string::npos && equals > 0) {
        if (word.substr(0, equals) == kVariable) add(std::string_view(word).substr(equals + 1));
      } else if (name == "sh" || name == "bash" || name == "dash" || name == "ash") {
        const auto option = std::find_if(words.begin(), words.end(), [](const std::string& one) {
          return one.size() >= 2 && one[0] == '-' && one[1] != '-' && one.back() == 'c';
        });
        if (option == words.end() || option + 1 == words.end()) continue;
        read(*(option + 1));
        return;
      } else if (word.starts_with('/') || word.find('=') == std::string::npos) {
        read_script(word);
      }
    }
  }

  std::vector<std::string> take() { return std::move(pieces_); }

 private:
  void read_script(const std::string& word) {
    std::vector<std::string> paths = {word};
    if (!word.starts_with('/')) {
      paths = {working_directory_ + "/" + word};
      const std::string search = environment_value(environment_, "PATH");
      for (const std::string_view folder : split(search, ':')) {
        if (word.find('/') == std::string::npos) paths.push_back(std::string(folder) + "/" + word);
      }
    }
    for (const std::string& path : paths) {
      const Looked<std::string> text = files_.read(path, kMostScript);
      if (!text) continue;
      if (text->starts_with("#!")) read(*text);
      return;
    }
  }

  void read(std::string_view text) {
    for (std::size_t at = text.find(kVariable); at != std::string_view::npos; at = text.find(kVariable, at + 1)) {
      const bool begins = at == 0 || !(is_of_name(text[at - 1]) || text[at - 1] == '$' || text[at - 1] == '{');
      const std::size_t equals = at + kVariable.size();
      if (!begins || equals >= text.size() || text[equals] != '=') continue;
      const std::string_view line = text.substr(text.rfind('\n', at) + 1);
      if (trim(line).starts_with('#')) continue;
      const std::string_view rest = text.substr(equals + 1);
      const bool quoted = !rest.empty() && (rest[0] == '"' || rest[0] == '\'');
      const std::size_t end = quoted ? rest.find(rest[0], 1) : end_of_word(rest);
      add(rest.substr(0, end));
    }
  }

  static std::size_t end_of_word(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && std::string_view(" \t\n;&|)").find(text[at]) == std::string_view::npos) {
      const bool opens = text[at] == '$' && at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '(');
      at = opens ? behind_bracket(text, at + 1) : at + 1;
    }
    return at;
  }

  void add(std::string_view value) {
    std::vector<std::string> added;
    const std::string whole = expanded(value, environment_);
    for (const std::string_view piece : split(whole, ':')) {
      if (piece.starts_with('/') && piece.find(kUntold) == std::string_view::npos) added.emplace_back(piece);
    }
    if (pieces_.size() + added.size() <= kMostPieces) pieces_.insert(pieces_.begin(), added.begin(), added.end());
  }

  const Files& files_;
  std::string working_directory_;
  const Variables& environment_;
  std::vector<std::string> pieces_;
};
}  // namespace

std::vector<std::string> library_path_of_start(const Files& files, const std::vector<std::string>& words,
                                               const std::string& working_directory,
                                               const std::map<std::string, std::string>& environment) {
  Start start(files, working_directory, environment);
  start.follow(words);
  return start.take();
}

}  // namespace varve
