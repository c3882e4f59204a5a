#include "capture/system/simple_yaml.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.h"

namespace varve {

namespace {
constexpr int kDeepestBlock = 64;

struct Line {
  std::size_t number = 0;  // in the text, from 1
  std::size_t indent = 0;  // columns of blanks
  std::string content;     // without comment and blanks at the end
};

// Where the text in quotes that starts the content ends: behind the closing quote; nothing: it is not closed.
std::optional<std::size_t> end_of_quoted(std::string_view content) {
  const char quote = content.front();
  for (std::size_t i = 1; i < content.size(); ++i) {
    if (quote == '"' && content[i] == '\\') {
      ++i;
    } else if (content[i] == quote) {
      if (quote == '"' || i + 1 >= content.size() || content[i + 1] != quote) return i + 1;
      ++i;  // '' is one quote
    }
  }
  return std::nullopt;
}

// A comment starts at a # behind a blank; inside of quotes there is none.
std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
    const bool opens = i == 0 || line[i - 1] == ' ' || line[i - 1] == '[' || line[i - 1] == ',';
    if (quote != 0) {
      if (line[i] == '\\' && quote == '"')
        ++i;
      else if (line[i] == quote)
        quote = 0;
    } else if ((line[i] == '"' || line[i] == '\'') && opens) {
      quote = line[i];
    } else if (line[i] == '#' && starts) {
      return line.substr(0, i);
    }
  }
  return line;
}

// A recursive walk over the lines. What is beyond the subset ends it without an error.
class YamlReader {
 public:
  explicit YamlReader(std::string where) : where_(std::move(where)) {}

  Result<std::optional<Json>> read(std::string_view text) {
    if (!take_lines(text)) return outcome({});
    if (lines_.empty()) return outcome(Json());
    Json root = block(lines_.front().indent, 0);
    if (!failed() && at_ < lines_.size()) wrong(lines_[at_], "it stands at no level of what is before it");
    return outcome(std::move(root));
  }

 private:
  bool failed() const { return error_ || beyond_; }
  Json wrong(const Line& line, const std::string& what) {
    if (!failed()) {
      error_ = Error{"reading YAML", where_, fmt::format("line {}: {}", line.number, what), "Write the file anew"};
    }
    return {};
  }
  Json beyond() {
    beyond_ = true;
    return {};
  }
  Result<std::optional<Json>> outcome(std::optional<Json> value) const {
    if (error_) return *error_;
    return beyond_ ? std::optional<Json>() : std::move(value);
  }

  bool take_lines(std::string_view text) {
    std::size_t number = 0;
    for (std::string_view raw : split(text, '\n')) {
      ++number;
      if (raw.ends_with('\r')) raw.remove_suffix(1);
      const std::string_view line = without_comment(raw);
      const std::size_t indent = line.find_first_not_of(' ');
      const std::string_view content = trim(line);
      if (content.empty()) continue;
      const bool begins = content == "---" && lines_.empty();
      if (begins) continue;
      if (content == "---" || content == "..." || content.starts_with('%')) return beyond_ = true, false;
      Line taken{number, indent, std::string(content)};
      if (line[indent] == '\t') return wrong(taken, "a tab in the indentation"), false;
      lines_.push_back(std::move(taken));
    }
    return true;
  }

  bool is_item(const Line& line) const { return line.content == "-" || line.content.starts_with("- "); }

  Json block(std::size_t indent, int depth) {
    if (depth > kDeepestBlock) return beyond();
    return is_item(lines_[at_]) ? list(indent, depth) : mapping(indent, depth);
  }

  Json list(std::size_t indent, int depth) {
    Json all = Json::array();
    while (!failed() && at_ < lines_.size() && lines_[at_].indent == indent && is_item(lines_[at_])) {
      Line& line = lines_[at_];
      const std::size_t inner = line.content.find_first_not_of(' ', 1);
      if (inner == std::string::npos) {
        ++at_;
        all.push_back(below(indent + 1, depth));
        continue;
      }
      if (key_end(line.content.substr(inner)) != std::string::npos || is_item({0, 0, line.content.substr(inner)})) {
        // "- name: x": the mapping's lines stand where its first key does.
        line.indent += inner;
        line.content = line.content.substr(inner);
        all.push_back(block(line.indent, depth + 1));
        continue;
      }
      all.push_back(scalar(line, line.content.substr(inner)));
      ++at_;
      refuse_continuation(indent);
    }
    return all;
  }

  Json mapping(std::size_t indent, int depth) {
    Json all = Json::object();
    while (!failed() && at_ < lines_.size() && lines_[at_].indent == indent && !is_item(lines_[at_])) {
      const Line line = lines_[at_];
      const std::size_t end = key_end(line.content);
      if (end == std::string::npos) {
        return is_special(line.content) ? beyond() : wrong(line, "neither a key with a colon nor an item of a list");
      }
      Json key = scalar(line, trim(line.content.substr(0, end)));
      const std::string rest(trim(line.content.substr(end + 1)));
      ++at_;
      Json value;
      if (rest.empty()) {
        // A list may stand as deep as its key.
        const bool same = at_ < lines_.size() && lines_[at_].indent == indent && is_item(lines_[at_]);
        value = same ? list(indent, depth + 1) : below(indent + 1, depth);
      } else {
        value = scalar(line, rest);
        refuse_continuation(indent);
      }
      if (failed()) return {};
      if (!key.is_string()) return beyond();
      all[key.get<std::string>()] = std::move(value);
    }
    return all;
  }

  // What stands deeper than the line before; nothing there: null.
  Json below(std::size_t least, int depth) {
    if (at_ >= lines_.size() || lines_[at_].indent < least) return {};
    return block(lines_[at_].indent, depth + 1);
  }

  // Behind a whole scalar a deeper line is a longer text, or a mapping where none may be.
  void refuse_continuation(std::size_t indent) {
    if (failed() || at_ >= lines_.size() || lines_[at_].indent <= indent) return;
    if (key_end(lines_[at_].content) != std::string::npos || is_item(lines_[at_])) {
      wrong(lines_[at_], "it stands deeper than a key that has its value");
    } else {
      beyond();
    }
  }

  static bool is_special(std::string_view content) { return content.find_first_of("&*!|>?{[@`") == 0; }

  // The colon that ends a key; npos: the content is no "key: value".
  static std::size_t key_end(std::string_view content) {
    std::size_t from = 0;
    if (content.starts_with('"') || content.starts_with('\'')) {
      const std::optional<std::size_t> end = end_of_quoted(content);
      if (!end) return std::string_view::npos;
      from = *end;
      return content.substr(from).starts_with(':') ? from : std::string_view::npos;
    }
    if (is_special(content)) return std::string_view::npos;
    for (std::size_t at = content.find(':'); at != std::string_view::npos; at = content.find(':', at + 1)) {
      if (at + 1 == content.size() || content[at + 1] == ' ') return at;
    }
    return std::string_view::npos;
  }

  Json scalar(const Line& line, std::string_view text) {
    if (text == "{}") return Json::object();
    if (text == "[]") return Json::array();
    if (text.starts_with('"') || text.starts_with('\'')) return quoted(line, text);
    if (text.starts_with('[')) return in_brackets(line, text);
    if (is_special(text)) {
      if (text.starts_with('{') && text.find('}') == std::string_view::npos) return open_to_the_end(line, '{', '}');
      return beyond();
    }
    return std::string(text);
  }

  Json quoted(const Line& line, std::string_view text) {
    const std::optional<std::size_t> end = end_of_quoted(text);
    if (!end) return open_to_the_end(line, text.front(), text.front());
    if (*end != text.size()) return wrong(line, "something stands behind the closing quote");
    const std::string_view inside = text.substr(1, *end - 2);
    if (inside.find('\\') != std::string_view::npos && text.front() == '"') return beyond();
    std::string value;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      value += inside[i];
      if (text.front() == '\'' && inside[i] == '\'') ++i;
    }
    return value;
  }

  // [a, b] on one line, without anything nested.
  Json in_brackets(const Line& line, std::string_view text) {
    if (text.find(']') == std::string_view::npos) return open_to_the_end(line, '[', ']');
    if (text.find_first_of("[]{}\"'", 1) != text.size() - 1) return beyond();
    Json all = Json::array();
    for (const std::string_view piece : split(text.substr(1, text.size() - 2), ',')) {
      all.push_back(std::string(trim(piece)));
    }
    return all;
  }

  // What is opened and closed on a later line is beyond the subset; closed nowhere, it is wrong.
  Json open_to_the_end(const Line& line, char opened, char closing) {
    for (std::size_t i = at_; i < lines_.size(); ++i) {
      if (lines_[i].number > line.number && lines_[i].content.find(closing) != std::string::npos) return beyond();
    }
    return wrong(line, fmt::format("{} is never closed", opened));
  }

  std::string where_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
  bool beyond_ = false;
};
}  // namespace

Result<std::optional<Json>> parse_simple_yaml(std::string_view text, const std::string& where) {
  return YamlReader(where).read(text);
}

}  // namespace varve
