#include "tables/spoken_signs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
struct SpokenSigns {
  std::vector<std::string> misses, unless;
};

const Result<SpokenSigns>& spoken_signs() {
  static const Result<SpokenSigns> signs = []() -> Result<SpokenSigns> {
    SpokenSigns read;
    const auto date = read_table(chosen_tables(), "spoken_signs", [&](const TableRow& table) {
      read.misses = table.texts("misses");
      read.unless = table.texts("unless");
      if (read.misses.empty()) table.reject("misses", "nothing", "a list of sentences");
    });
    if (!date) return date.error();
    return read;
  }();
  return signs;
}

bool holds_any(const std::string& text, const std::vector<std::string>& marks) {
  return std::any_of(marks.begin(), marks.end(),
                     [&](const std::string& mark) { return text.find(mark) != std::string::npos; });
}
}  // namespace

bool misses_gpu(std::string_view sentence) {
  if (!spoken_signs()) return false;
  const std::string text = to_lower(sentence);
  return holds_any(text, spoken_signs()->misses) && !holds_any(text, spoken_signs()->unless);
}

Status load_spoken_signs() {
  if (!spoken_signs()) return spoken_signs().error();
  return Done{};
}

}  // namespace varve
