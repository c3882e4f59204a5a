#include "tables/package_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/embedded.h"
#include "base/json.h"

namespace varve {

namespace {
struct Table {
  std::vector<PackageRow> rows;
  std::unordered_map<std::string_view, std::size_t> by_name, by_conda;
  std::vector<std::size_t> patterns;  // rows with a star
  std::vector<std::string> system;
};

std::vector<std::string> texts(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found == row.end() ? std::vector<std::string>{} : found->get<std::vector<std::string>>();
}

PackageRow read_row(const Json& row) {
  PackageRow read;
  read.name = row.at("name").get<std::string>();
  read.role = package_role_from(row.at("role").get<std::string>()).value_or(PackageRole::library);
  read.folders = texts(row, "folders");
  read.conda = texts(row, "conda");
  read.extras = texts(row, "extras");
  read.cuda_file = row.value("cuda_file", "");
  read.cuda_name = row.value("cuda_name", "");
  read.cuda_libraries = row.value("cuda_libraries", "");
  read.version_is_cuda = row.value("version_is_cuda", false);
  read.without_cuda = row.value("cuda", "") == "none";
  read.built_for_file = row.value("built_for_file", "");
  read.built_for_name = row.value("built_for_name", "");
  read.selects_cpu = row.value("selects_cpu", false);
  read.uses_toolkit = row.value("uses_toolkit", false);
  read.checks_toolkit = row.value("checks_toolkit", false);
  return read;
}

const Table& table() {
  static const Table made = [] {
    Table result;
    const Result<Json> json =
        parse_json(embedded_file("data/packages.json"), "reading the table of packages", "data/packages.json");
    if (!json) return result;
    for (const Json& row : json->at("packages")) result.rows.push_back(read_row(row));
    result.system = json->at("system").get<std::vector<std::string>>();
    return result;
  }();
  return made;
}

// Built apart from the rows: the keys point into them.
const Table& indexed_table() {
  static const Table made = [] {
    Table result;
    const std::vector<PackageRow>& rows = table().rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].name.find('*') != std::string::npos) result.patterns.push_back(i);
      result.by_name.emplace(rows[i].name, i);
      for (const std::string& name : rows[i].conda) result.by_conda.emplace(name, i);
    }
    return result;
  }();
  return made;
}
}  // namespace

const PackageRow* find_package_row(std::string_view normal_name) {
  const std::vector<PackageRow>& rows = table().rows;
  const Table& index = indexed_table();
  const auto exact = index.by_name.find(normal_name);
  const std::size_t first = exact == index.by_name.end() ? rows.size() : exact->second;
  for (const std::size_t row : index.patterns) {
    if (row >= first) break;
    if (matches_pattern(normal_name, rows[row].name)) return &rows[row];
  }
  return first < rows.size() ? &rows[first] : nullptr;
}

const PackageRow* find_conda_row(std::string_view normal_name) {
  const auto other = indexed_table().by_conda.find(normal_name);
  return other == indexed_table().by_conda.end() ? find_package_row(normal_name) : &table().rows[other->second];
}

const PackageRow& unlisted_extension() {
  static const PackageRow row = [] {
    PackageRow extension;
    extension.role = PackageRole::extension;
    return extension;
  }();
  return row;
}

const std::vector<std::string>& system_package_patterns() { return table().system; }

bool matches_pattern(std::string_view name, std::string_view pattern) {
  std::size_t at = 0, in_pattern = 0, star = std::string_view::npos, resume = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      resume = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == name[at]) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool matches_any(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_pattern(name, pattern); });
}

}  // namespace varve
