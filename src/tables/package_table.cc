#include "tables/package_table.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "tables/libraries.h"
#include "tables/table.h"

namespace varve {

namespace {
struct PackageTable {
  std::vector<PackageRow> rows;
  std::vector<std::string> system, programs;
  std::unordered_map<std::string_view, std::size_t> by_name, by_conda;
  std::vector<std::size_t> patterns;  // rows with a star
};

constexpr TableWord<PackageRole> kPackageRoles[] = {{"framework", PackageRole::framework},
                                                    {"extension", PackageRole::extension},
                                                    {"compiler", PackageRole::compiler},
                                                    {"runtime", PackageRole::runtime},
                                                    {"library", PackageRole::library}};

PackageRow package_from(const TableRow& row) {
  row.required("source");
  PackageRow read;
  read.name = row.required("name");
  row.required("role");
  read.role = row.word("role", kPackageRoles, PackageRole::library);
  read.folders = row.texts("folders");
  read.conda = row.texts("conda");
  read.extras = row.texts("extras");
  read.parts = row.texts("parts");
  read.caps_nvrtc = row.text("caps_nvrtc");
  read.cuda_file = row.text("cuda_file");
  read.cuda_name = row.text("cuda_name");
  read.cuda_libraries = row.text("cuda_libraries");
  read.version_is_cuda = row.flag("version_is_cuda");
  read.post_is_cuda = row.flag("post_is_cuda");
  read.without_cuda = row.one_of("cuda", {"none"}) == "none";
  read.built_for_file = row.text("built_for_file");
  read.built_for_name = row.text("built_for_name");
  read.preloads_from = row.text("preloads_from");
  read.selects_cpu = row.flag("selects_cpu");
  read.opens_wheels = row.flag("opens_wheels");
  read.gpu_only = row.flag("gpu_only");
  read.conda_only = row.flag("conda_only");
  read.opens = row.texts("opens");
  read.same_release = row.text("same_release");
  read.release_pins = row.text("release_pins");
  read.at_least = row.text("at_least");
  read.opens_cudnn = row.text("opens_cudnn");
  read.stable_from = row.text("stable_from");
  read.index_without_cuda = row.text("index_without_cuda");
  read.not_above = row.text("not_above");
  if (const std::string minor = row.text("torch_minor"); !minor.empty()) read.torch_minor = parse_integer(minor);
  read.uses_toolkit = row.flag("uses_toolkit");
  read.checks_toolkit = row.flag("checks_toolkit");
  return read;
}

// The first row that has the name, or whose pattern takes it; the number of rows where none does.
std::size_t row_of(const PackageTable& table, std::string_view name) {
  const auto exact = table.by_name.find(name);
  const std::size_t first = exact == table.by_name.end() ? table.rows.size() : exact->second;
  for (const std::size_t row : table.patterns) {
    if (row >= first) break;
    if (matches_pattern(name, table.rows[row].name)) return row;
  }
  return first;
}

// Views into the rows: call it when no more rows come.
void index_packages(PackageTable& table) {
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i].name.find('*') != std::string::npos) table.patterns.push_back(i);
    table.by_name.emplace(table.rows[i].name, i);
    for (const std::string& name : table.rows[i].conda) table.by_conda.emplace(name, i);
  }
}

// A wheel that a library's row names, and that no row takes, holds libraries: a library is one row of one table.
std::vector<PackageRow> wheels_of_libraries(const PackageTable& table) {
  std::vector<PackageRow> wheels;
  std::set<std::string_view> seen;
  for (const LibraryRow& library : libraries()) {
    for (const LibraryName& name : library.sonames) {
      if (name.package.empty() || !seen.insert(name.package).second) continue;
      if (row_of(table, name.package) < table.rows.size()) continue;
      PackageRow& wheel = wheels.emplace_back();
      wheel.name = name.package;
      wheel.role = PackageRole::runtime;
      wheel.folders = {name.folder.substr(0, name.folder.find('/'))};
    }
  }
  return wheels;
}

const Result<PackageTable>& package_table() {
  static const Result<PackageTable> made = []() -> Result<PackageTable> {
    PackageTable rows;
    const auto date = read_table(chosen_tables(), "packages", [&](const TableRow& table) {
      table.required_rows("packages", [&](const TableRow& row) { rows.rows.push_back(package_from(row)); });
      rows.system = table.texts("system");
      rows.programs = table.texts("programs");
    });
    if (!date) return date.error();
    index_packages(rows);
    std::vector<PackageRow> wheels = wheels_of_libraries(rows);
    PackageTable all{.rows = std::move(rows.rows),
                     .system = std::move(rows.system),
                     .programs = std::move(rows.programs),
                     .by_name = {},
                     .by_conda = {},
                     .patterns = {}};
    std::move(wheels.begin(), wheels.end(), std::back_inserter(all.rows));
    index_packages(all);
    return all;
  }();
  return made;
}

const PackageTable& packages_known() {
  static const PackageTable none;
  return package_table() ? *package_table() : none;
}
}  // namespace

Status load_packages() { return package_table() ? Status(Done{}) : Status(package_table().error()); }

const PackageRow* find_package_row(std::string_view normal_name) {
  const PackageTable& table = packages_known();
  const std::size_t row = row_of(table, normal_name);
  return row < table.rows.size() && !table.rows[row].conda_only ? &table.rows[row] : nullptr;
}

const PackageRow* find_folder_row(std::string_view folder) {
  std::string name = to_lower(folder);
  std::replace(name.begin(), name.end(), '_', '-');
  const PackageRow* row = find_package_row(name);
  if (row != nullptr && row->name == name) return row;
  for (const PackageRow& other : packages_known().rows) {
    const bool has_folder = std::find(other.folders.begin(), other.folders.end(), folder) != other.folders.end();
    if (has_folder && !other.conda_only && other.has_gpu_code()) return &other;
  }
  return row;
}

const PackageRow* find_conda_row(std::string_view normal_name) {
  const PackageTable& table = packages_known();
  const auto other = table.by_conda.find(normal_name);
  const std::size_t row = other == table.by_conda.end() ? row_of(table, normal_name) : other->second;
  return row < table.rows.size() ? &table.rows[row] : nullptr;
}

const PackageRow& unlisted_extension() {
  static const PackageRow row = [] {
    PackageRow extension;
    extension.role = PackageRole::extension;
    return extension;
  }();
  return row;
}

const std::vector<std::string>& system_package_patterns() { return packages_known().system; }

bool is_known_program(std::string_view name) {
  const std::vector<std::string>& programs = packages_known().programs;
  return std::find(programs.begin(), programs.end(), name) != programs.end();
}

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
