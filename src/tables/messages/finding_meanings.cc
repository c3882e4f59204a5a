#include "tables/messages/finding_meanings.h"

#include <algorithm>

#include "model/words/names.h"
#include "tables/table.h"

namespace varve {

namespace {
// Code stands between backticks for the pages that are made of the table.
std::string plain(std::string text) {
  std::erase(text, '`');
  return text;
}
}  // namespace

const std::map<std::string, FindingMeaning>& finding_meanings() {
  static const std::map<std::string, FindingMeaning> meanings = [] {
    std::map<std::string, FindingMeaning> read;
    const auto date = read_table(chosen_tables(), "findings", [&](const TableRow& table) {
      table.required_rows("findings", [&](const TableRow& row) {
        read[row.required("id")] = {row.word("severity", severity_from, "error, warning or note"),
                                    plain(row.required("says")), plain(row.required("fix"))};
      });
    });
    return date ? read : std::map<std::string, FindingMeaning>{};
  }();
  return meanings;
}

}  // namespace varve
