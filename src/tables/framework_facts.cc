#include "tables/framework_facts.h"

#include "tables/table.h"

namespace varve {

const std::map<std::string, FrameworkFact>& framework_facts() {
  static const std::map<std::string, FrameworkFact> facts = [] {
    std::map<std::string, FrameworkFact> read;
    const auto date = read_table(chosen_tables(), "framework_facts", [&](const TableRow& table) {
      table.required_rows("facts", [&](const TableRow& row) {
        const std::string id = row.required("id");
        read[id] = {row.required("title"), row.required("source")};
      });
    });
    return date ? read : std::map<std::string, FrameworkFact>{};
  }();
  return facts;
}

}  // namespace varve
