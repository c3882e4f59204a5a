#include "tables/table.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/dotted_version.h"
#include "base/embedded.h"
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

TableRow::TableRow(const Json& object, std::string path, std::optional<Error>& problem)
    : fields_(object, path, problem), object_(&object), path_(std::move(path)), problem_(&problem) {}

const Fields& TableRow::asked(const char* key) const {
  asked_.emplace_back(key);
  return fields_;
}

void TableRow::reject(const char* key, const std::string& found, const std::string& allowed) const {
  fields_.reject(key, "\"" + clean_utf8(found, 200) + "\" is not " + allowed);
}

std::string TableRow::text(const char* key) const { return asked(key).text(key); }
std::vector<std::string> TableRow::texts(const char* key) const { return asked(key).texts(key); }
bool TableRow::flag(const char* key, bool otherwise) const { return asked(key).flag(key, otherwise); }

std::string TableRow::required(const char* key) const {
  std::string text = asked(key).required_text(key);
  if (text.empty()) fields_.reject(key, "this is empty, and must be a text");
  return text;
}

int TableRow::integer(const char* key, int otherwise, int highest) const {
  const std::int64_t value = asked(key).integer(key, otherwise);
  if (value < 0 || value > highest) reject(key, std::to_string(value), "a number from 0 to " + std::to_string(highest));
  return static_cast<int>(std::clamp<std::int64_t>(value, 0, highest));
}

std::vector<int> TableRow::integers(const char* key) const {
  std::vector<int> list;
  for (const double number : asked(key).numbers(key)) {
    if (!(number >= 0 && number <= kLargest) || number != std::floor(number)) {
      fields_.reject(key, "an element is not a whole number from 0 to " + std::to_string(kLargest));
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
  asked_.insert(asked_.end(), keys.begin(), keys.end());
}

void TableRow::each(const char* key, const std::function<void(const TableRow&)>& read) const {
  if (!asked(key).has(key)) return;
  const Json& list = object_->at(key);
  if (!list.is_array()) return fields_.reject(key, "this is not a list of rows");
  const std::string path = (path_.empty() ? "" : path_ + ".") + key;
  for (std::size_t i = 0; i < list.size() && !*problem_; ++i) {
    const TableRow row(list[i], path + "[" + std::to_string(i) + "]", *problem_);
    read(row);
    row.reject_others();
  }
}

void TableRow::required_rows(const char* key, const std::function<void(const TableRow&)>& read) const {
  if (!fields_.has(key)) fields_.reject(key, "the field is missing");
  each(key, read);
}

void TableRow::reject_others() const {
  if (*problem_ || !object_->is_object()) return;
  for (const auto& [key, value] : object_->items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    std::string allowed;
    for (auto name = asked_.begin(); name != asked_.end(); ++name) {
      if (std::find(asked_.begin(), name, *name) != name) continue;
      allowed += (allowed.empty() ? "" : ", ") + std::string(*name);
    }
    return fields_.reject(key.c_str(), "there is no such field; there are " + allowed);
  }
}

Result<std::string> read_table(const TableSource& source, const std::string& name,
                               const std::function<void(const TableRow& table)>& read) {
  const Result<TableText> text = table_text(source, name + ".json");
  if (!text) return text.error();
  const Result<Json> json = parse_json(text->content, kReading, text->where);
  if (!json) return json.error();
  std::optional<Error> problem;
  const TableRow table(*json, "", problem);
  table.required("title");
  const std::string date = table.required("date");
  table.ignore({"description"});
  read(table);
  table.reject_others();
  if (!problem) return date;
  problem->doing = kReading;
  problem->where = text->where + ": " + problem->where;
  problem->hint = "Its fields are described in the table of the same name that comes with Varve";
  return *problem;
}

}  // namespace varve
