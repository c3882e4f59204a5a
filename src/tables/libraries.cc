#include "tables/libraries.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/library_file_name.h"
#include "tables/table.h"

namespace varve {

namespace {
constexpr TableWord<LibraryRole> kRoles[] = {
    {"cuda", LibraryRole::cuda},           {"driver", LibraryRole::driver},
    {"opens_gpu", LibraryRole::opens_gpu}, {"runtime", LibraryRole::runtime},
    {"framework", LibraryRole::framework}, {"of_framework", LibraryRole::of_framework}};

constexpr TableWord<VersionWay> kWays[] = {
    {"data", VersionWay::data},     {"text", VersionWay::text},       {"lone_text", VersionWay::lone_text},
    {"stored", VersionWay::stored}, {"pieces", VersionWay::pieces},   {"structure", VersionWay::structure},
    {"copied", VersionWay::copied}, {"runtime", VersionWay::runtime}, {"file_name", VersionWay::file_name}};

constexpr TableWord<VersionScale> kScales[] = {{"thousand", VersionScale::thousand},
                                               {"ten_thousand", VersionScale::ten_thousand},
                                               {"either", VersionScale::either}};

constexpr TableWord<Layer> kLayers[] = {{"user_driver", Layer::user_driver},
                                        {"bundled_runtime", Layer::bundled_runtime},
                                        {"kernel_library", Layer::kernel_library}};

bool needs_name(VersionWay way) {
  return way != VersionWay::lone_text && way != VersionWay::runtime && way != VersionWay::file_name;
}

VersionRow version_row_from(const TableRow& row) {
  row.required("way");
  VersionRow read;
  read.way = row.word("way", kWays, VersionWay::file_name);
  read.name = needs_name(read.way) ? row.required("name") : "";
  read.scale = row.word("scale", kScales, VersionScale::none);
  read.parts = row.integer("parts", 3, 5);
  read.soname_major = row.flag("soname_major", true);
  read.runtime_getter = row.text("runtime");
  read.least_major = row.integer("least");
  const bool one_number = read.way == VersionWay::stored || read.way == VersionWay::copied;
  if (one_number && read.scale == VersionScale::none) row.reject("scale", "", "one of thousand, ten_thousand, either");
  return read;
}

LibraryName name_from(const TableRow& row, const std::string& library) {
  return {.library = library,
          .soname = row.required("soname"),
          .cuda = row.version("cuda"),
          .package = row.text("package"),
          .folder = row.text("folder"),
          .source = row.required("source")};
}

std::optional<ComputeCapability> least_gpu_from(const TableRow& row) {
  const std::string text = row.text("least_gpu");
  const std::optional<ComputeCapability> least = compute_capability_from(text);
  if (!text.empty() && !least) row.reject("least_gpu", text, "a compute capability, as 8.0");
  return least;
}

std::vector<LibraryRole> roles_from(const TableRow& row) {
  std::vector<LibraryRole> roles;
  std::string allowed;
  for (const auto& known : kRoles) allowed += (allowed.empty() ? "" : ", ") + std::string(known.word);
  for (const std::string& word : row.texts("roles")) {
    const auto at =
        std::find_if(std::begin(kRoles), std::end(kRoles), [&](const auto& known) { return word == known.word; });
    if (at == std::end(kRoles)) {
      row.reject("roles", word, "one of " + allowed);
    } else {
      roles.push_back(at->value);
    }
  }
  return roles;
}

LibraryRow library_from(const TableRow& row) {
  LibraryRow read{.name = row.required("library"),
                  .stem = row.required("stem"),
                  .family = row.text("family"),
                  .layer = {},
                  .roles = roles_from(row),
                  .version = {},
                  .sonames = {},
                  .least_gpu = least_gpu_from(row),
                  .bound_as = row.texts("bound_as"),
                  .source = row.required("source")};
  if (!row.text("layer").empty()) read.layer = row.word("layer", kLayers, Layer::os);
  row.each("version", [&](const TableRow& way) { read.version.push_back(version_row_from(way)); });
  row.each("sonames", [&](const TableRow& name) { read.sonames.push_back(name_from(name, read.name)); });
  return read;
}

struct LibraryTable {
  std::vector<LibraryRow> rows;
  std::map<std::string_view, const LibraryRow*, std::less<>> exact;        // by stem
  std::vector<std::pair<std::string_view, const LibraryRow*>> beginnings;  // without their star, the longest first
  std::map<std::string_view, const LibraryRow*, std::less<>> bound;        // by bound_as
};

void index_rows(LibraryTable& table) {
  for (const LibraryRow& row : table.rows) {
    std::string_view stem = row.stem;
    for (const std::string& name : row.bound_as) table.bound.emplace(name, &row);
    if (!stem.ends_with('*')) {
      table.exact.emplace(stem, &row);
      continue;
    }
    stem.remove_suffix(1);
    table.beginnings.emplace_back(stem, &row);
  }
  std::stable_sort(table.beginnings.begin(), table.beginnings.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

const Result<LibraryTable>& library_table() {
  static const Result<LibraryTable> table = []() -> Result<LibraryTable> {
    Result<std::vector<LibraryRow>> rows = read_libraries(chosen_tables());
    if (!rows) return rows.error();
    LibraryTable made;
    made.rows = std::move(*rows);
    index_rows(made);  // moving the table leaves its rows where they are
    return made;
  }();
  return table;
}
}  // namespace

Result<std::vector<LibraryRow>> read_libraries(const TableSource& source) {
  std::vector<LibraryRow> rows;
  const auto date = read_table(source, "libraries", [&](const TableRow& table) {
    table.required_rows("rows", [&](const TableRow& row) { rows.push_back(library_from(row)); });
  });
  if (!date) return date.error();
  return rows;
}

Status load_libraries() { return library_table() ? Status(Done{}) : Status(library_table().error()); }

const std::vector<LibraryRow>& libraries() {
  static const std::vector<LibraryRow> none;
  return library_table() ? library_table()->rows : none;
}

const LibraryRow* library_of(std::string_view path) {
  if (!library_table()) return nullptr;
  const LibraryTable& table = *library_table();
  const std::string_view stem = library_file_stem(path);
  if (const auto at = table.exact.find(stem); at != table.exact.end()) return at->second;
  for (const auto& [beginning, row] : table.beginnings) {
    if (stem.starts_with(beginning)) return row;
  }
  return nullptr;
}

bool has_role(std::string_view path, LibraryRole role) {
  const LibraryRow* row = library_of(path);
  return row != nullptr && std::find(row->roles.begin(), row->roles.end(), role) != row->roles.end();
}

std::span<const VersionRow> version_rows(std::string_view path) {
  const LibraryRow* row = library_of(path);
  return row == nullptr ? std::span<const VersionRow>() : std::span<const VersionRow>(row->version);
}

std::vector<std::string> bound_names(std::string_view module) {
  constexpr std::string_view kFolder = "/_internal/";
  constexpr int kOldestCuda = 12;
  const std::size_t at = module.rfind('/');
  if (!library_table() || at == std::string_view::npos || !module.substr(0, at + 1).ends_with(kFolder)) return {};
  const std::string_view name = module.substr(at + 1, module.find('.', at) - at - 1);
  const auto bound = library_table()->bound.find(name);
  const std::string stem = "lib" + std::string(name);
  const LibraryRow* row = bound == library_table()->bound.end() ? library_of(stem) : bound->second;
  if (row == nullptr || has_role(row->stem, LibraryRole::driver)) return {};
  const std::string_view wanted = bound == library_table()->bound.end() ? stem : row->stem;
  std::vector<std::string> names;
  for (auto known = row->sonames.rbegin(); known != row->sonames.rend(); ++known) {
    const bool is_old = !known->cuda.empty() && std::atoi(known->cuda.c_str()) < kOldestCuda;
    const bool is_new = std::find(names.begin(), names.end(), known->soname) == names.end();
    if (library_file_stem(known->soname) == wanted && !is_old && is_new) names.push_back(known->soname);
  }
  return names;
}

bool is_cuda_library(std::string_view path) {
  return has_role(path, LibraryRole::cuda) || has_role(path, LibraryRole::framework);
}

bool is_driver_library(std::string_view path) { return has_role(path, LibraryRole::driver); }

}  // namespace varve
