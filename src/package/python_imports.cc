#include "package/python_imports.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostImports = 4096;

// One statement, or the header of a block: without comments, strings empty, continuation lines joined.
struct LogicalLine {
  std::size_t indent = 0;
  std::string text;
};

// Characters that mean more than themselves.
constexpr std::array<bool, 256> kSteering = [] {
  std::array<bool, 256> steering{};
  for (const char c : std::string_view("#\"'\\()[]{}\n\r")) steering[static_cast<unsigned char>(c)] = true;
  return steering;
}();

class LineReader {
 public:
  explicit LineReader(std::string_view source) : source_(source) {}

  // False: the end.
  bool next(LogicalLine& line) {
    while (at_ < source_.size()) {
      line = {.indent = read_indent(), .text = {}};
      read_statement(line.text);
      if (!trim(line.text).empty()) return true;
    }
    return false;
  }

 private:
  std::size_t read_indent() {
    std::size_t indent = 0;
    for (; at_ < source_.size() && (source_[at_] == ' ' || source_[at_] == '\t'); ++at_) {
      indent = source_[at_] == '\t' ? (indent / 8 + 1) * 8 : indent + 1;
    }
    return indent;
  }

  void read_statement(std::string& text) {
    for (int depth = 0; at_ < source_.size(); ++at_) {
      const std::size_t first = at_;
      while (at_ < source_.size() && !kSteering[static_cast<unsigned char>(source_[at_])]) ++at_;
      text.append(source_.substr(first, at_ - first));
      if (at_ == source_.size()) break;
      const char c = source_[at_];
      if (c == '#') at_ = std::min(source_.find('\n', at_), source_.size()) - 1;
      if (c == '#') continue;
      if (c == '"' || c == '\'') {
        skip_string(c);
        text += "''";
        continue;
      }
      if (c == '\\' && at_ + 1 < source_.size()) {
        ++at_;  // the line goes on
        text += ' ';
        continue;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      if (c == '\n' && depth <= 0) break;
      text += c == '\n' || c == '\r' ? ' ' : c;
    }
    ++at_;
  }

  // Leaves at_ on the last quote; of a short string that does not end in its line, on the character before the end.
  void skip_string(char quote) {
    const std::string_view three = quote == '"' ? R"(""")" : "'''";
    if (source_.substr(at_).starts_with(three)) return skip_long_string(three);
    for (++at_; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (c == '\\') ++at_;
      if (c == '\n') --at_;
      if (c == '\n' || c == quote) return;
    }
  }

  void skip_long_string(std::string_view three) {
    const std::size_t first = at_ + 3;
    for (at_ = source_.find(three, first); at_ != std::string_view::npos; at_ = source_.find(three, at_ + 1)) {
      std::size_t backslashes = 0;
      while (at_ - backslashes > first && source_[at_ - backslashes - 1] == '\\') ++backslashes;
      if (backslashes % 2 == 0) break;
    }
    at_ = at_ == std::string_view::npos ? source_.size() : at_ + 2;
  }

  std::string_view source_;
  std::size_t at_ = 0;
};

// "if" of "if x:"; text is trimmed.
std::string_view first_word(std::string_view text) {
  const auto ends = [](char c) { return c == ' ' || c == ':' || c == '(' || c == '\t'; };
  return text.substr(0, static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends) - text.begin()));
}

// "a.b as c" → "a.b"
std::string name_alone(std::string_view text) {
  text = trim(text);
  return std::string(text.substr(0, text.find_first_of(" \t;")));
}

// The modules that one statement names; empty when it is no import.
std::vector<std::string> modules_of(std::string_view text) {
  std::vector<std::string> names;
  const std::string_view word = first_word(text);
  if (word == "import") {
    for (const std::string_view piece : split(text.substr(6), ',')) names.push_back(name_alone(piece));
    return names;
  }
  if (word != "from") return names;
  const std::size_t import = text.find(" import");
  if (import == std::string_view::npos) return names;
  const std::string from = name_alone(text.substr(4, import - 4));
  if (from.find_first_not_of('.') != std::string::npos) names.push_back(from);
  std::string what(text.substr(import + 7));
  std::replace_if(
      what.begin(), what.end(), [](char c) { return c == '(' || c == ')'; }, ' ');
  for (const std::string_view piece : split(what, ',')) {
    const std::string name = name_alone(piece);
    if (!name.empty() && name != "*") names.push_back(from + (from.ends_with('.') ? "" : ".") + name);
  }
  return names;
}

class ImportScanner {
 public:
  explicit ImportScanner(bool with_tried) : with_tried_(with_tried) {}

  std::vector<std::string> scan(std::string_view source) {
    LineReader reader(source);
    LogicalLine line;
    while (reader.next(line) && imports_.size() < kMostImports) take(line.indent, trim(line.text));
    close_blocks(0);
    settle(0);
    return std::move(imports_);
  }

 private:
  enum class Kind { plain, never, branch, attempt, handler };
  struct Block {
    std::size_t indent = 0;  // of its header
    Kind kind = Kind::plain;
    bool raises = false, catches_imports = false;  // of a handler
  };
  // A try statement, up to the end of its last clause.
  struct Attempt {
    std::size_t indent = 0;
    std::vector<std::string> imports;
    bool goes_on = false;  // some handler does
  };

  void take(std::size_t indent, std::string_view text) {
    close_blocks(indent);
    const std::string_view word = first_word(text);
    const bool clause = word == "except" || word == "else" || word == "finally";
    settle(clause ? indent + 1 : indent);
    if (word == "raise" && !blocks_.empty() && blocks_.back().kind == Kind::handler) {
      blocks_.back().raises = true;
    }
    std::string_view statement = text;
    if (text.ends_with(':') || is_header(word)) {
      open_block(indent, text, word);
      const std::size_t colon = text.rfind(": ");  // "if x: import y"
      if (text.ends_with(':') || colon == std::string_view::npos) return;
      statement = trim(text.substr(colon + 1));
    }
    for (const std::string& name : modules_of(statement)) add(name);
  }

  static bool is_header(std::string_view word) {
    constexpr std::array<std::string_view, 12> kHeaders = {"if",  "elif",  "else", "try", "except", "finally",
                                                           "for", "while", "with", "def", "class",  "async"};
    return std::find(kHeaders.begin(), kHeaders.end(), word) != kHeaders.end();
  }

  void open_block(std::size_t indent, std::string_view text, std::string_view word) {
    Block block{.indent = indent};
    if (word == "def" || word == "class" || word == "async") block.kind = Kind::never;
    if (word == "if" || word == "elif" || word == "for" || word == "while") {
      const bool never = text.find("TYPE_CHECKING") != std::string_view::npos && text.find("not ") == text.npos;
      block.kind = never ? Kind::never : Kind::branch;
    }
    const bool of_try = !attempts_.empty() && attempts_.back().indent == indent;
    if (word == "else" && !of_try) block.kind = Kind::branch;
    if (word == "try") {
      block.kind = Kind::attempt;
      attempts_.push_back({.indent = indent, .imports = {}});
    }
    if (word == "except") {
      block.kind = Kind::handler;
      const std::string_view what = trim(text.substr(6));
      block.catches_imports = what.starts_with(':') || what.find("ImportError") != what.npos ||
                              what.find("ModuleNotFoundError") != what.npos || what.find("Exception") != what.npos;
    }
    blocks_.push_back(block);
  }

  // Blocks whose header is not further left than a line have ended before it.
  void close_blocks(std::size_t indent) {
    while (!blocks_.empty() && blocks_.back().indent >= indent) {
      const Block& block = blocks_.back();
      if (block.kind == Kind::handler && block.catches_imports && !block.raises && !attempts_.empty()) {
        attempts_.back().goes_on = true;
      }
      blocks_.pop_back();
    }
  }

  // Try statements that have ended: what they import counts where they do not go on without it.
  void settle(std::size_t indent) {
    while (!attempts_.empty() && attempts_.back().indent >= indent) {
      const Attempt ended = std::move(attempts_.back());
      attempts_.pop_back();
      for (const std::string& name : ended.imports) {
        if (!ended.goes_on || with_tried_) keep(name);
      }
    }
  }

  void add(const std::string& name) {
    bool branch = false;
    for (const Block& block : blocks_) {
      if (block.kind == Kind::never || block.kind == Kind::handler) return;
      branch = branch || block.kind == Kind::branch;
    }
    // Two branches that both import it leave no way around it.
    if (branch && ++in_branches_[name] < 2) return;
    keep(name);
  }

  void keep(const std::string& name) {
    const bool inside =
        std::any_of(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.kind == Kind::attempt; });
    std::vector<std::string>& list = inside && !attempts_.empty() ? attempts_.back().imports : imports_;
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  }

  bool with_tried_;
  std::vector<Block> blocks_;
  std::vector<Attempt> attempts_;
  std::map<std::string, int> in_branches_;
  std::vector<std::string> imports_;
};
}  // namespace

std::vector<std::string> imports_at_once(std::string_view source) { return ImportScanner(false).scan(source); }
std::vector<std::string> imports_tried(std::string_view source) { return ImportScanner(true).scan(source); }

}  // namespace varve
