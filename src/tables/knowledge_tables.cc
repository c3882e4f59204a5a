#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/embedded.h"
#include "base/text.h"
#include "model/json/json_fields.h"
#include "tables/knowledge.h"
#include "world/files.h"

namespace varve {

namespace {
constexpr std::size_t kTableCap = std::size_t{4} << 20;

constexpr std::string_view kCategories[] = {
    "driver_ceiling", "kernel_coverage", "user_kernel_mismatch", "library_mix",     "framework_bundle",
    "host_toolkit",   "container",       "device_handshake",     "silent_slowdown",
};

// The fields of a row, with the checks that every table needs.
class Row {
 public:
  explicit Row(const Fields& fields) : fields_(fields) {}

  std::string text(const char* key) const { return fields_.text(key); }
  std::string required(const char* key) const { return fields_.required_text(key); }
  std::vector<std::string> texts(const char* key) const { return fields_.texts(key); }
  bool flag(const char* key) const { return fields_.flag(key, false); }

  int integer(const char* key) const {
    const std::int64_t value = fields_.integer(key);
    if (value < 0 || value > 1'000'000) fields_.reject(key, "this number is out of range");
    return static_cast<int>(std::clamp<std::int64_t>(value, 0, 1'000'000));
  }

  std::vector<int> integers(const char* key) const {
    std::vector<int> list;
    for (const double number : fields_.numbers(key)) {
      if (!(number >= 0 && number <= 1'000'000) || number != std::floor(number)) {
        fields_.reject(key, "an element is not a whole number in range");
        return {};
      }
      list.push_back(static_cast<int>(number));
    }
    return list;
  }

  // Numbers between dots, and nothing else; leading zeros stay ("450.36.06").
  std::string version(const char* key) const {
    const std::string text = fields_.text(key);
    const bool plain = text.find_first_not_of("0123456789.") == std::string::npos &&
                       text.find("..") == std::string::npos && !text.ends_with('.');
    if (!text.empty() && (!plain || !dotted_version_from(text))) reject_value(key, text, "a version of numbers");
    return text;
  }
  std::string required_version(const char* key) const {
    required(key);
    return version(key);
  }

  ComputeCapability capability(const char* key) const {
    const std::string text = required(key);
    const auto capability = compute_capability_from(text);
    if (!capability) reject_value(key, text, "a compute capability");
    return capability.value_or(ComputeCapability{});
  }

  std::string one_of(const char* key, const std::vector<std::string_view>& words) const {
    const std::string text = fields_.text(key);
    if (!text.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
      reject_value(key, text, "one of its words");
    }
    return text;
  }

 private:
  void reject_value(const char* key, const std::string& text, const char* what) const {
    fields_.reject(key, "\"" + text + "\" is not " + what);
  }

  const Fields& fields_;
};

bool is_older(const std::string& a, const std::string& b) {
  return dotted_version_from(a).value_or(DottedVersion{}) < dotted_version_from(b).value_or(DottedVersion{});
}

void read(const Row& row, DriverBranch& out) {
  out = {.branch = row.integer("branch"),
         .cuda = row.required_version("cuda"),
         .ptx_isa = row.version("ptx_isa"),
         .kind = row.one_of("kind", {"LTSB", "production", "new feature"}),
         .end_of_life = row.text("end_of_life"),
         .source = row.required("source")};
}

void read(const Row& row, CudaRelease& out) {
  out = {.cuda = row.required_version("cuda"),
         .driver = row.version("driver"),
         .ptx_isa = row.version("ptx_isa"),
         .targets = row.texts("targets"),
         .newest_gcc = row.integer("newest_gcc"),
         .image = row.text("image"),
         .source = row.required("source")};
}

void read(const Row& row, MinorVersionFloor& out) {
  out = {
      .cuda = row.required_version("cuda"), .driver = row.required_version("driver"), .source = row.required("source")};
}

void read(const Row& row, GpuArchitecture& out) {
  out = {.capability = row.capability("capability"),
         .name = row.required("name"),
         .first_cuda = row.version("first_cuda"),
         .last_cuda = row.version("last_cuda"),
         .first_branch = row.integer("first_branch"),
         .last_branch = row.integer("last_branch"),
         .kernel_module = row.one_of("kernel_module", {"open", "proprietary"}),
         .source = row.required("source")};
}

void read(const Row& row, CompatPackage& out) {
  out = {.cuda = row.required_version("cuda"),
         .branches = row.integers("branches"),
         .brands = row.texts("brands"),
         .source = row.required("source")};
}

void read(const Row& row, FrameworkBuild& out) {
  out = {.framework = row.required("framework"),
         .version = row.required("version"),
         .variant = row.text("variant"),
         .cuda = row.version("cuda"),
         .cudnn = row.version("cudnn"),
         .nccl = row.version("nccl"),
         .targets = row.texts("targets"),
         .ptx = row.flag("ptx"),
         .is_default = row.flag("is_default"),
         .released = row.text("released"),
         .platform = row.text("platform"),
         .source = row.required("source")};
}

void read(const Row& row, LibraryRelease& out) {
  out = {.library = row.required("library"),
         .version = row.required("version"),
         .cuda = row.text("cuda"),
         .driver = row.version("driver"),
         .targets = row.texts("targets"),
         .source = row.required("source")};
}

void read(const Row& row, LibraryName& out) {
  out = {.library = row.required("library"),
         .soname = row.required("soname"),
         .cuda = row.version("cuda"),
         .package = row.text("package"),
         .folder = row.text("folder"),
         .source = row.required("source")};
}

void read(const Row& row, DispatchChange& out) {
  out = {.id = row.required("id"),
         .component = row.required("component"),
         .version = row.text("version"),
         .gpu = row.text("gpu"),
         .framework = row.text("framework"),
         .framework_version = row.text("framework_version"),
         .change = row.required("change"),
         .control = row.text("control"),
         .effect = row.text("effect"),
         .slower = row.flag("slower"),
         .inexact = row.flag("inexact"),
         .narrow = row.flag("narrow"),
         .source = row.required("source")};
}

void read(const Row& row, ErrorCode& out) {
  out = {.code = row.integer("code"),
         .driver_name = row.text("driver_name"),
         .runtime_name = row.text("runtime_name"),
         .message = row.required("message"),
         .category = row.one_of("category", {std::begin(kCategories), std::end(kCategories)}),
         .meaning = row.text("meaning"),
         .fix = row.text("fix"),
         .source = row.required("source")};
}

// Where tables come from: a folder of this machine, else the program itself.
struct Tables {
  std::unique_ptr<Files> folder;
  std::string folder_name;
};

// A misspelt table would be passed over without a word, and the built-in one taken in its place.
Status check_names(const Files& folder, const std::string& where) {
  const Looked<std::vector<std::string>> names = folder.list("/");
  std::size_t tables = 0;
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    if (!name.ends_with(".json")) continue;
    ++tables;
    if (!embedded_file("data/" + name).empty()) continue;
    return Error{"reading the compatibility tables", (std::filesystem::path(where) / name).string(),
                 "there is no table of this name", "Name it as in data/: driver_branches.json, for example"};
  }
  if (tables > 0) return Done{};
  return Error{"reading the compatibility tables", where, "it holds no table",
               "--data takes a folder with files such as driver_branches.json"};
}

Result<Tables> open_tables(const std::string& folder) {
  if (folder.empty()) return Tables{};
  Looked<std::unique_ptr<Files>> opened = open_root(folder);
  if (!opened) {
    return Error{"reading the compatibility tables", folder, "it is no folder that can be read",
                 "--data takes a folder with files such as driver_branches.json"};
  }
  if (const Status named = check_names(**opened, folder); !named) return named.error();
  return Tables{std::move(*opened), folder};
}

// The text of a table and the name it goes by in errors. Error: a file of the folder that is there and cannot be read.
Result<std::pair<std::string, std::string>> table_text(const Tables& tables, const std::string& name) {
  if (tables.folder && tables.folder->exists(name)) {
    const std::string where = (std::filesystem::path(tables.folder_name) / name).string();
    Looked<std::string> text = tables.folder->read(name, kTableCap);
    if (!text) return Error{"reading a compatibility table", where, text.detail, "it must be a file of at most 4 MiB"};
    return std::pair{*text, where};
  }
  return std::pair{std::string(embedded_file("data/" + name)), "data/" + name};
}

// Reads data/NAME.json into `rows` and keeps the newest date.
template <class T>
Status read_table(const Tables& tables, const std::string& name, std::vector<T>& rows, std::string& date) {
  auto text = table_text(tables, name + ".json");
  if (!text) return text.error();
  const auto& [content, where] = *text;
  Result<Json> json = parse_json(content, "reading a compatibility table", where);
  if (!json) return json.error();
  std::optional<Error> problem;
  const Fields fields(*json, "", problem);
  fields.required_text("title");
  date = std::max(date, fields.required_text("date"));
  if (!fields.has("rows")) fields.reject("rows", "the field is missing");
  fields.each("rows", [&](const Fields& row) { read(Row(row), rows.emplace_back()); });
  if (!problem) return Done{};
  problem->doing = "reading a compatibility table";
  problem->where = where + ": " + problem->where;
  problem->hint = "Its fields are described in the table of the same name that comes with Varve";
  return *problem;
}

// The questions rely on this order; a replaced table need not have it.
void sort_rows(Knowledge& knowledge) {
  std::stable_sort(knowledge.driver_branches.begin(), knowledge.driver_branches.end(),
                   [](const DriverBranch& a, const DriverBranch& b) { return a.branch < b.branch; });
  std::stable_sort(knowledge.cuda_releases.begin(), knowledge.cuda_releases.end(),
                   [](const CudaRelease& a, const CudaRelease& b) { return is_older(a.cuda, b.cuda); });
  std::stable_sort(knowledge.gpu_architectures.begin(), knowledge.gpu_architectures.end(),
                   [](const GpuArchitecture& a, const GpuArchitecture& b) { return a.capability < b.capability; });
  std::stable_sort(knowledge.error_codes.begin(), knowledge.error_codes.end(),
                   [](const ErrorCode& a, const ErrorCode& b) { return a.code < b.code; });
}
}  // namespace

Result<Knowledge> load_knowledge(const std::string& folder) {
  const Result<Tables> tables = open_tables(folder);
  if (!tables) return tables.error();
  Knowledge known;
  std::optional<Error> problem;
  const auto load = [&](const char* name, auto& rows) {
    if (problem) return;
    const Status status = read_table(*tables, name, rows, known.date);
    if (!status) problem = status.error();
  };
  load("driver_branches", known.driver_branches);
  load("cuda_releases", known.cuda_releases);
  load("minor_version_floors", known.minor_version_floors);
  load("gpu_architectures", known.gpu_architectures);
  load("compat_packages", known.compat_packages);
  load("framework_builds", known.framework_builds);
  load("library_releases", known.library_releases);
  load("library_names", known.library_names);
  load("dispatch_changes", known.dispatch_changes);
  load("error_codes", known.error_codes);
  if (problem) return *problem;
  sort_rows(known);
  return known;
}

}  // namespace varve
