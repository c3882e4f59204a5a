#pragma once
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/coverage.h"
#include "world/files.h"

namespace varve {

// One reader for all tables of data/. A table is a JSON file with a "title", a "date" (when it was gathered), perhaps a
// "description" of its fields, and lists of rows.

// Where tables come from: the program itself, and a folder of this machine whose files stand in place of those of the
// same name. Without a folder: the program alone.
struct TableSource {
  std::shared_ptr<const Files> folder;
  std::string folder_name;
};

// Error: no folder, one without tables, or a file in it that is named like no table.
Result<TableSource> open_tables(const std::string& folder);

// A word of a table and what it stands for.
template <class Value>
struct TableWord {
  const char* word;
  Value value;
};

// One row, or the table itself. The first thing that is wrong anywhere in the table is kept with its place
// ("rows[3].cuda"), what was found and what is allowed; after it every read yields the default. A field that nobody
// asks for is wrong, too: it would be passed over without a word when it is misspelt. It and the views that it gives
// live as long as the reading does.
class TableRow {
 public:
  struct Place;  // where it stands in the table's text, and what was asked of it
  explicit TableRow(Place& place) : place_(&place) {}

  // Absent or null: empty.
  std::string text(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::string required(const char* key) const;  // a text that is there and not empty
  bool flag(const char* key, bool otherwise = false) const;
  int integer(const char* key, int otherwise = 0, int highest = 1'000'000) const;  // from 0 on
  std::vector<int> integers(const char* key) const;

  // Numbers between dots, and nothing else; leading zeros stay ("450.36.06").
  std::string version(const char* key) const;
  std::string required_version(const char* key) const;
  ComputeCapability capability(const char* key) const;  // required
  std::int64_t hexadecimal(const char* key) const;      // a text, required
  std::string one_of(const char* key, const std::vector<std::string_view>& words) const;
  void ignore(std::initializer_list<const char*> keys) const;  // for people: notes, examples

  // The value of a word; `otherwise` where the field is absent.
  template <class Value, std::size_t count>
  Value word(const char* key, const TableWord<Value> (&words)[count], Value otherwise) const {
    const std::string found = text(key);
    std::string allowed;
    for (const auto& one : words) {
      if (found == one.word) return one.value;
      allowed += (allowed.empty() ? "" : ", ") + std::string(one.word);
    }
    if (!found.empty()) reject(key, found, "one of " + allowed);
    return otherwise;
  }

  // A word of an enumeration of the model, through its function in names.h; `what` says what is allowed. Required
  // without an `otherwise`.
  template <class Enum>
  Enum word(const char* key, std::optional<Enum> (*from)(std::string_view), const char* what,
            std::optional<Enum> otherwise = {}) const {
    const std::string found = otherwise ? text(key) : required(key);
    if (otherwise && found.empty()) return *otherwise;
    const std::optional<Enum> value = from(found);
    if (!value && !found.empty()) reject(key, found, what);
    return value.value_or(Enum{});
  }

  // The rows of a list inside, in order.
  void each(const char* key, const std::function<void(const TableRow&)>& read) const;
  void required_rows(const char* key, const std::function<void(const TableRow&)>& read) const;

  // Says that the field holds `found` and must hold something else: "a version of numbers".
  void reject(const char* key, const std::string& found, const std::string& allowed) const;

 private:
  Place* place_;
};

// Reads data/NAME.json, from the folder of the source where it has one. `read` is given the table to read its lists
// from. Answers its date. Error: the file, the row and the field, what was found and what is allowed.
Result<std::string> read_table(const TableSource& source, const std::string& name,
                               const std::function<void(const TableRow& table)>& read);

// The tables that the program asks without a Knowledge at hand (libraries, packages, products, settings, names of
// kernels) are read when they are first needed. Names the folder whose files stand in their place (--data) and reads
// them now. Call it before anything else is asked, once. Error: as of open_tables and read_table.
Status use_tables_of(const std::string& folder);
const TableSource& chosen_tables();

}  // namespace varve
