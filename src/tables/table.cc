#include "tables/table.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/dotted_version.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr const char* kReading = "reading the compatibility tables";
constexpr std::size_t kTableCap = std::size_t{8} << 20;
constexpr int kLargest = 1'000'000;

// A misspelt table would be passed over without a word, and the built-in one taken in its place.
Status check_names(const Files& folder, const std::string& where) {
  const Looked<std::vector<std::string>> names = folder.list("/");
  std::size_t tables = 0;
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    if (!name.ends_with(".json")) continue;
    ++tables;
    if (!embedded_file("data/" + name).empty()) continue;
    return Error{kReading, (std::filesystem::path(where) / name).string(), "there is no table of this name",
                 "Name it as in data/: driver_branches.json, for example"};
  }
  if (tables > 0) return Done{};
  return Error{kReading, where, "it holds no table", "--data takes a folder with files such as driver_branches.json"};
}

struct TableText {
  std::string content, where;
};

Result<TableText> table_text(const TableSource& source, const std::string& name) {
  if (source.folder && source.folder->exists(name)) {
    const std::string where = (std::filesystem::path(source.folder_name) / name).string();
    Looked<std::string> text = source.folder->read(name, kTableCap);
    if (!text) return Error{kReading, where, text.detail, "It must be a file of at most 8 MiB"};
    return TableText{std::move(*text), where};
  }
  return TableText{std::string(embedded_file("data/" + name)), "data/" + name};
}

Error not_json(const TableText& text) {
  const Result<Json> told = parse_json(text.content, kReading, text.where);  // says at which byte; simdjson does not
  return told ? Error{kReading, text.where, "a number in it is out of range", ""} : told.error();
}
}  // namespace

Result<TableSource> open_tables(const std::string& folder) {
  if (folder.empty()) return TableSource{};
  Looked<std::unique_ptr<Files>> opened = open_root(folder);
  if (!opened) {
    return Error{kReading, folder, "it is no folder that can be read",
                 "--data takes a folder with files such as driver_branches.json"};
  }
  if (const Status named = check_names(**opened, folder); !named) return named.error();
  return TableSource{std::move(*opened), folder};
}

struct TableRow::Place {
  simdjson::dom::element element;
  std::string path;
  std::optional<Error>* problem;
  std::vector<std::string_view> asked = {};

  void reject(const char* key, const std::string& found) const {
    if (*problem) return;
    *problem = Error{kReading, path.empty() || *key == '\0' ? path + key : path + "." + key, found,
                     "Its fields are described in the table of the same name that comes with Varve"};
  }

  // Nothing where the field is absent or null.
  std::optional<simdjson::dom::element> find(const char* key) {
    asked.emplace_back(key);
    simdjson::dom::element found;
    if (element.at_key(key).get(found) != simdjson::SUCCESS || found.is_null()) return std::nullopt;
    return found;
  }

  // Nothing, and the problem that `message` says, where it is of another type.
  template <class Type>
  std::optional<Type> find(const char* key, const char* message) {
    const auto field = find(key);
    Type value{};
    if (!field) return std::nullopt;
    if (field->get(value) == simdjson::SUCCESS) return value;
    reject(key, message);
    return std::nullopt;
  }

  // The elements of a list, each of the type.
  template <class Type>
  std::vector<Type> list(const char* key, const char* message) {
    std::vector<Type> values;
    const auto elements = find<simdjson::dom::array>(key, "this is not a list");
    if (!elements) return values;
    for (const simdjson::dom::element one : *elements) {
      Type value{};
      if (one.get(value) != simdjson::SUCCESS) {
        reject(key, message);
        return {};
      }
      values.push_back(value);
    }
    return values;
  }

  void reject_others() const {
    simdjson::dom::object object;
    if (*problem || element.get(object) != simdjson::SUCCESS) return;
    for (const auto& field : object) {
      if (std::find(asked.begin(), asked.end(), field.key) != asked.end()) continue;
      std::string allowed;
      for (auto name = asked.begin(); name != asked.end(); ++name) {
        if (std::find(asked.begin(), name, *name) != name) continue;
        allowed += (allowed.empty() ? "" : ", ") + std::string(*name);
      }
      return reject(std::string(field.key).c_str(), "there is no such field; there are " + allowed);
    }
  }
};

void TableRow::reject(const char* key, const std::string& found, const std::string& allowed) const {
  place_->reject(key, "\"" + clean_utf8(found, 200) + "\" is not " + allowed);
}

std::string TableRow::text(const char* key) const {
  return std::string(place_->find<std::string_view>(key, "this is not a text").value_or(""));
}

std::vector<std::string> TableRow::texts(const char* key) const {
  const auto found = place_->list<std::string_view>(key, "an element is not a text");
  return {found.begin(), found.end()};
}

bool TableRow::flag(const char* key, bool otherwise) const {
  return place_->find<bool>(key, "this is not true or false").value_or(otherwise);
}

std::string TableRow::required(const char* key) const {
  if (!place_->find(key)) place_->reject(key, "the field is missing");
  std::string found = text(key);
  if (found.empty()) place_->reject(key, "this is empty, and must be a text");
  return found;
}

int TableRow::integer(const char* key, int otherwise, int highest) const {
  const std::int64_t value = place_->find<std::int64_t>(key, "this is not a whole number").value_or(otherwise);
  if (value < 0 || value > highest) reject(key, std::to_string(value), "a number from 0 to " + std::to_string(highest));
  return static_cast<int>(std::clamp<std::int64_t>(value, 0, highest));
}

std::vector<int> TableRow::integers(const char* key) const {
  std::vector<int> list;
  for (const double number : place_->list<double>(key, "an element is not a number")) {
    if (!(number >= 0 && number <= kLargest) || number != std::floor(number)) {
      place_->reject(key, "an element is not a whole number from 0 to " + std::to_string(kLargest));
      return {};
    }
    list.push_back(static_cast<int>(number));
  }
  return list;
}

std::string TableRow::version(const char* key) const {
  const std::string found = text(key);
  const bool plain = found.find_first_not_of("0123456789.") == std::string::npos &&
                     found.find("..") == std::string::npos && !found.ends_with('.');
  if (!found.empty() && (!plain || !dotted_version_from(found))) reject(key, found, "a version of numbers");
  return found;
}

std::string TableRow::required_version(const char* key) const {
  required(key);
  return version(key);
}

ComputeCapability TableRow::capability(const char* key) const {
  const std::string found = required(key);
  const auto capability = compute_capability_from(found);
  if (!capability) reject(key, found, "a compute capability");
  return capability.value_or(ComputeCapability{});
}

std::int64_t TableRow::hexadecimal(const char* key) const {
  const std::string found = required(key);
  const auto number = parse_integer(found, 16);
  if (!number) reject(key, found, "a hexadecimal number");
  return number.value_or(0);
}

std::string TableRow::one_of(const char* key, const std::vector<std::string_view>& words) const {
  const std::string found = text(key);
  if (found.empty() || std::find(words.begin(), words.end(), found) != words.end()) return found;
  std::string allowed;
  for (const std::string_view word : words) allowed += (allowed.empty() ? "" : ", ") + std::string(word);
  reject(key, found, "one of " + allowed);
  return found;
}

void TableRow::ignore(std::initializer_list<const char*> keys) const {
  place_->asked.insert(place_->asked.end(), keys.begin(), keys.end());
}

void TableRow::each(const char* key, const std::function<void(const TableRow&)>& read) const {
  const auto rows = place_->find<simdjson::dom::array>(key, "this is not a list of rows");
  if (!rows) return;
  const std::string path = (place_->path.empty() ? "" : place_->path + ".") + key;
  std::size_t i = 0;
  for (const simdjson::dom::element row : *rows) {
    if (*place_->problem) return;
    Place place{row, path + "[" + std::to_string(i++) + "]", place_->problem};
    if (!row.is_object()) return place.reject("", "this is not an object");
    read(TableRow(place));
    place.reject_others();
  }
}

void TableRow::required_rows(const char* key, const std::function<void(const TableRow&)>& read) const {
  if (!place_->find(key)) place_->reject(key, "the field is missing");
  each(key, read);
}

Result<std::string> read_table(const TableSource& source, const std::string& name,
                               const std::function<void(const TableRow& table)>& read) {
  const Result<TableText> text = table_text(source, name + ".json");
  if (!text) return text.error();
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const bool is_marked = text->content.starts_with(kByteOrderMark);
  const std::string_view json = std::string_view(text->content).substr(is_marked ? kByteOrderMark.size() : 0);
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) return not_json(*text);
  std::optional<Error> problem;
  TableRow::Place place{document, "", &problem};
  if (!document.is_object()) place.reject("", "this is not an object");
  const TableRow table(place);
  table.required("title");
  const std::string date = table.required("date");
  table.ignore({"description"});
  read(table);
  place.reject_others();
  if (!problem) return date;
  problem->where = text->where + (problem->where.empty() ? "" : ": " + problem->where);
  return *problem;
}

}  // namespace varve
