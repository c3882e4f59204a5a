#include "loading/python/import_text.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kLibrary = "lib";

// The functions and classes at a file's outermost level, by name, and under the empty name what stands outside of them.
std::map<std::string, std::string> outermost_blocks(const std::string& source) {
  std::map<std::string, std::string> blocks;
  std::string name;
  for (const std::string_view line : split(source, '\n')) {
    const bool is_outermost =
        !line.empty() && line.front() != ' ' && line.front() != '\t' && line.front() != '#' && line.front() != ')';
    if (is_outermost) {
      name.clear();
      for (const std::string_view word : {"def ", "class ", "async def "}) {
        if (line.starts_with(word))
          name = line.substr(word.size(), line.find_first_of("(:", word.size()) - word.size());
      }
    }
    blocks[name].append(line).append("\n");
  }
  return blocks;
}

// The functions of a file that a statement of its own calls at the outermost level.
std::set<std::string> functions_called_at_import(const std::string& source) {
  std::set<std::string_view> called, defined;
  const std::string_view text = source;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    if (text[begin] == ' ' || text[begin] == '\t') continue;
    std::string_view line = text.substr(begin, end - begin);
    const bool defines = line.starts_with("def ");
    if (defines) line.remove_prefix(4);
    const std::size_t bracket = line.find('(');
    const std::string_view name = line.substr(0, std::min(bracket, line.size()));
    const bool is_name =
        bracket != std::string_view::npos && !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        });
    if (is_name) (defines ? defined : called).insert(name);
  }
  std::set<std::string> both;
  for (const std::string_view name : called) {
    if (defined.contains(name)) both.emplace(name);
  }
  return both;
}

// Whether something is true of what the import of a file runs: of what stands outside of functions, or of a function
// that is called there.
bool is_run_at_import(const std::string& source, const std::function<bool(const std::string&)>& does) {
  if (!does(source)) return false;
  const std::map<std::string, std::string> blocks = outermost_blocks(source);
  const auto outside = blocks.find("");
  return std::any_of(blocks.begin(), blocks.end(), [&](const auto& block) {
    if (!does(block.second)) return false;
    return block.first.empty() ||
           (outside != blocks.end() && outside->second.find(block.first + "(") != std::string::npos);
  });
}

}  // namespace

bool comes_to_at_import(const std::string& source, std::string_view text) {
  if (source.find(text) == std::string::npos) return false;
  const std::map<std::string, std::string> blocks = outermost_blocks(source);
  const auto outside = blocks.find("");
  return std::any_of(blocks.begin(), blocks.end(), [&](const auto& block) {
    const std::string& code = block.second;
    if (code.find(text) == std::string::npos || code.find("try:") != std::string::npos) return false;
    return block.first.empty() ||
           (outside != blocks.end() && outside->second.find(block.first + "(") != std::string::npos);
  });
}

namespace {
std::string_view stem_of(std::string_view file_name) { return file_name.substr(0, file_name.find(".so")); }

// Whether the name of a library may begin behind this byte of a Python file.
bool begins_name(char before) { return before == '"' || before == '\'' || before == '/' || before == '}'; }

// Whether a text begins with the name, and not with a longer one.
bool begins_with_name(std::string_view text, std::string_view stem) {
  if (!text.starts_with(stem)) return false;
  const char next = text.size() > stem.size() ? text[stem.size()] : ' ';
  return std::isalnum(static_cast<unsigned char>(next)) == 0 && next != '_';
}
}  // namespace

std::vector<std::string> bodies_run_at_import(const std::string& source) {
  std::vector<std::string> bodies;
  const std::set<std::string> called = functions_called_at_import(source);
  if (called.empty()) return bodies;
  for (const auto& [name, text] : outermost_blocks(source)) {
    if (!called.contains(name) || !text.starts_with("def ")) continue;
    const std::size_t body = text.find(":\n");
    if (body != std::string::npos) bodies.push_back(text.substr(body + 2, text.find("return", body) - body - 2));
  }
  return bodies;
}

bool opens_libraries(const std::string& source) {
  return source.find("CDLL(") != std::string::npos || source.find("LoadLibrary(") != std::string::npos ||
         source.find("load_nvidia_dynamic_lib") != std::string::npos;
}

bool names_library(const std::string& source, const std::string& file_name) {
  const std::string_view text = source, stem = stem_of(file_name);
  for (std::size_t at = text.find(stem, 1); at < text.size(); at = text.find(stem, at + 1)) {
    if (begins_name(text[at - 1]) && begins_with_name(text.substr(at), stem)) return true;
  }
  return false;
}

bool makes_up_name(const std::string& source, const std::string& file_name) {
  const std::string_view text = source;
  const std::string_view stem = stem_of(file_name);
  const auto is_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    std::size_t first = at, last = std::min(text.find('}', at), text.size() - 1) + 1;
    while (first > 0 && is_of_name(text[first - 1])) --first;
    const std::string_view before = text.substr(first, at - first);
    for (first = last; last < text.size() && is_of_name(text[last]); ++last) {
    }
    const std::string_view after = text.substr(first, last - first);
    const bool fits = before.size() + after.size() < stem.size() && stem.starts_with(before) && stem.ends_with(after);
    if (fits && before.starts_with("lib") && before.size() > 3) return true;
  }
  return false;
}

bool opens_at_import(const std::string& source, const std::string& file_name) {
  return is_run_at_import(source, [&](const std::string& text) {
    return opens_libraries(text) && (file_name.empty() || names_library(text, file_name));
  });
}

bool calls_outside_functions(const std::string& source, std::string_view name) {
  const std::map<std::string, std::string> blocks = outermost_blocks(source);
  const auto outside = blocks.find("");
  if (outside == blocks.end()) return false;
  const std::string& text = outside->second;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\n\\", at + name.size());
    const bool begins = at == 0 || std::string_view(" \t\n=").find(text[at - 1]) != std::string_view::npos;
    if (begins && next != std::string::npos && text[next] == '(') return true;
  }
  return false;
}

bool may_insist(const std::string& source) {
  return (opens_libraries(source) || source.find(".load_library(") != std::string::npos) &&
         source.find(" raise ") != std::string::npos;
}

bool insists_at_import(const std::string& source, const std::string& file_name) {
  return is_run_at_import(source,
                          [&](const std::string& text) { return may_insist(text) && makes_up_name(text, file_name); });
}

void LibraryMentions::add(const std::string& source) {
  texts_.push_back(&source);
  const std::string_view text = source;
  for (std::size_t at = text.find(kLibrary, 1); at < text.size(); at = text.find(kLibrary, at + 1)) {
    if (begins_name(text[at - 1])) mentions_.push_back(text.substr(at));
  }
}

bool LibraryMentions::hold(const std::string& file_name) const {
  if (!file_name.starts_with(kLibrary)) {
    return std::any_of(texts_.begin(), texts_.end(),
                       [&](const std::string* text) { return names_library(*text, file_name); });
  }
  return std::any_of(mentions_.begin(), mentions_.end(),
                     [&](std::string_view mention) { return begins_with_name(mention, stem_of(file_name)); });
}

}  // namespace varve
