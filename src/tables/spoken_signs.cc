#include "tables/spoken_signs.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
struct AskedFeature {
  std::string feature;
  std::vector<std::string> spellings;
};
struct SystemRelease {
  std::vector<std::string> names;
  std::string libc;
};
// Finds any of many marks by one walk over the text: of most lines that is all that is asked.
class AnyOf {
 public:
  void add(const std::string& mark) { pattern_ += (pattern_.empty() ? "" : "|") + RE2::QuoteMeta(mark); }
  void compile() { regex_ = std::make_unique<RE2>(pattern_, RE2::Latin1); }
  bool stands_in(std::string_view text) const {
    return !pattern_.empty() && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
  }

 private:
  std::string pattern_;
  std::unique_ptr<RE2> regex_;
};
struct SpokenSigns {
  AnyOf misses, any_ask;
  std::vector<std::string> unless, unless_asks, fails;
  std::vector<AskedFeature> asks;
  std::vector<SystemRelease> systems;
};

const Result<SpokenSigns>& spoken_signs() {
  static const Result<SpokenSigns> signs = []() -> Result<SpokenSigns> {
    SpokenSigns read;
    const auto date = read_table(chosen_tables(), "spoken_signs", [&](const TableRow& table) {
      const std::vector<std::string> misses = table.texts("misses");
      for (const std::string& mark : misses) read.misses.add(mark);
      read.unless = table.texts("unless");
      read.unless_asks = table.texts("unless_asks");
      read.fails = table.texts("fails");
      table.each("asks", [&](const TableRow& row) {
        row.ignore({"source"});
        read.asks.push_back({row.required("feature"), row.texts("spellings")});
      });
      table.each("systems", [&](const TableRow& row) {
        row.ignore({"source"});
        read.systems.push_back({row.texts("names"), row.required_version("libc")});
      });
      if (misses.empty()) table.reject("misses", "nothing", "a list of sentences");
    });
    if (!date) return date.error();
    for (const AskedFeature& row : read.asks) {
      for (const std::string& spelling : row.spellings) read.any_ask.add(spelling);
    }
    read.misses.compile();
    read.any_ask.compile();
    return read;
  }();
  return signs;
}

bool holds_any(const std::string& text, const std::vector<std::string>& marks) {
  return std::any_of(marks.begin(), marks.end(),
                     [&](const std::string& mark) { return text.find(mark) != std::string::npos; });
}

// "--quantization awq" is not there in "--quantization awq_marlin".
bool is_spelled(std::string_view line, std::string_view spelling) {
  for (std::size_t at = line.find(spelling); at != std::string_view::npos; at = line.find(spelling, at + 1)) {
    const std::size_t end = at + spelling.size();
    if (end == line.size() || spelling.ends_with('(')) return true;
    const char next = line[end];
    const bool goes_on = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9') ||
                         next == '-' || next == '_';
    if (!goes_on) return true;
  }
  return false;
}
}  // namespace

bool misses_gpu(std::string_view sentence) {
  if (!spoken_signs()) return false;
  const std::string text = to_lower(sentence);
  return spoken_signs()->misses.stands_in(text) && !holds_any(text, spoken_signs()->unless);
}

std::vector<std::string_view> features_asked(std::string_view line) {
  if (!spoken_signs() || !spoken_signs()->any_ask.stands_in(line)) return {};
  std::vector<std::string_view> features;
  for (const AskedFeature& row : spoken_signs()->asks) {
    const bool is_asked = std::any_of(row.spellings.begin(), row.spellings.end(),
                                      [&](const std::string& spelling) { return is_spelled(line, spelling); });
    if (is_asked) features.push_back(row.feature);
  }
  if (features.empty()) return {};
  // "w4a16 does not load" asks for it.
  std::string advice = to_lower(line);
  for (const std::string& fails : spoken_signs()->fails) {
    const std::size_t at = advice.find(fails);
    if (at != std::string::npos) advice.erase(at, fails.size());
  }
  if (holds_any(advice, spoken_signs()->unless_asks)) return {};
  return features;
}

std::string_view libc_of_system(std::string_view line) {
  if (!spoken_signs()) return {};
  const std::string text = to_lower(line);
  std::string_view libc;
  for (const SystemRelease& row : spoken_signs()->systems) {
    const bool is_named = std::any_of(row.names.begin(), row.names.end(), [&](const std::string& name) {
      const std::size_t at = text.find(name), end = at + name.size();
      return at != std::string::npos && (end == text.size() || text[end] < '0' || text[end] > '9');
    });
    if (!is_named) continue;
    if (!libc.empty()) return {};
    libc = row.libc;
  }
  return libc;
}

Status load_spoken_signs() {
  if (!spoken_signs()) return spoken_signs().error();
  return Done{};
}

}  // namespace varve
