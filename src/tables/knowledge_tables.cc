#include <algorithm>
#include <iterator>

#include "base/dotted_version.h"
#include "base/text.h"
#include "model/words/names.h"
#include "tables/knowledge.h"
#include "tables/table.h"

namespace varve {

namespace {
constexpr TableWord<IssueEffect> kEffects[] = {{"wrong-result", IssueEffect::wrong_result},
                                               {"crash", IssueEffect::crash},
                                               {"hang", IssueEffect::hang},
                                               {"refuses", IssueEffect::refuses},
                                               {"unsupported", IssueEffect::unsupported},
                                               {"slower", IssueEffect::slower},
                                               {"memory", IssueEffect::memory},
                                               {"numerics", IssueEffect::numerics},
                                               {"faster", IssueEffect::faster}};
constexpr TableWord<IssueBounds> kBounds[] = {{"stated", IssueBounds::stated},
                                              {"single", IssueBounds::single},
                                              {"open-start", IssueBounds::open_start},
                                              {"inferred", IssueBounds::inferred}};
constexpr std::string_view kPlatforms[] = {"container", "jetson", "mig", "nodes", "proprietary-module"};
constexpr std::string_view kAdapterWords[] = {"rdma", "roce", "several", "one-a-gpu"};

// Whether is_within can read every piece of it.
bool is_range(std::string_view range) {
  for (std::string_view piece : split(range, ',')) {
    piece = trim(piece);
    piece.remove_prefix(std::min(piece.find_first_not_of("<>=!"), piece.size()));
    const auto version = dotted_version_from(piece);
    if (!version || version->written != piece) return false;
  }
  return true;
}

std::string range_of(const TableRow& row, const char* key) {
  std::string range = row.text(key);
  if (!is_range(range)) row.reject(key, range, "a range of versions, as >=12.1,<12.4");
  return range;
}

template <std::size_t N>
std::vector<std::string> words_of(const TableRow& row, const char* key, const std::string_view (&known)[N]) {
  std::vector<std::string> words = row.texts(key);
  for (const std::string& word : words) {
    if (std::find(std::begin(known), std::end(known), word) != std::end(known)) continue;
    row.reject(key, word, "one of " + join(std::vector<std::string>(std::begin(known), std::end(known)), ", "));
  }
  return words;
}

std::vector<KnownIssue::With> others_of(const TableRow& row) {
  std::vector<KnownIssue::With> others;
  row.each("with", [&](const TableRow& other) {
    others.push_back({.component = other.required("component"), .version = range_of(other, "version")});
  });
  return others;
}

bool is_older(const std::string& a, const std::string& b) {
  return dotted_version_from(a).value_or(DottedVersion{}) < dotted_version_from(b).value_or(DottedVersion{});
}

void read(const TableRow& row, DriverBranch& out) {
  out = {.branch = row.integer("branch"),
         .cuda = row.required_version("cuda"),
         .ptx_isa = row.version("ptx_isa"),
         .kind = row.one_of("kind", {"LTSB", "production", "new feature"}),
         .end_of_life = row.text("end_of_life"),
         .source = row.required("source")};
}

void read(const TableRow& row, CudaRelease& out) {
  out = {.cuda = row.required_version("cuda"),
         .driver = row.version("driver"),
         .ptx_isa = row.version("ptx_isa"),
         .targets = row.texts("targets"),
         .newest_gcc = row.integer("newest_gcc"),
         .image = row.text("image"),
         .source = row.required("source")};
}

void read(const TableRow& row, MinorVersionFloor& out) {
  out = {
      .cuda = row.required_version("cuda"), .driver = row.required_version("driver"), .source = row.required("source")};
}

void read(const TableRow& row, GpuArchitecture& out) {
  out = {.capability = row.capability("capability"),
         .name = row.required("name"),
         .first_cuda = row.version("first_cuda"),
         .last_cuda = row.version("last_cuda"),
         .first_branch = row.integer("first_branch"),
         .last_branch = row.integer("last_branch"),
         .kernel_module = row.one_of("kernel_module", {"open", "proprietary"}),
         .source = row.required("source")};
}

void read(const TableRow& row, CompatPackage& out) {
  out = {.cuda = row.required_version("cuda"),
         .branches = row.integers("branches"),
         .brands = row.texts("brands"),
         .source = row.required("source")};
}

void read(const TableRow& row, FrameworkBuild& out) {
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
         .python = row.text("python"),
         .extras = row.text("extras"),
         .host_cuda = row.flag("host_cuda"),
         .newest_cudnn = row.text("newest_cudnn"),
         .unavailable = row.text("unavailable"),
         .source = row.required("source")};
}

void read(const TableRow& row, LibraryRelease& out) {
  out = {.library = row.required("library"),
         .version = row.required("version"),
         .cuda = row.text("cuda"),
         .driver = row.version("driver"),
         .targets = row.texts("targets"),
         .source = row.required("source")};
}

void read(const TableRow& row, DispatchChange& out) {
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

void read(const TableRow& row, KnownIssue& out) { out = known_issue_of(row); }

void read(const TableRow& row, ErrorCode& out) {
  out = {.code = row.integer("code"),
         .driver_name = row.text("driver_name"),
         .runtime_name = row.text("runtime_name"),
         .message = row.required("message"),
         .category = row.word("category", fault_category_from, "a category", {FaultCategory::none}),
         .meaning = row.text("meaning"),
         .fix = row.text("fix"),
         .source = row.required("source")};
}

// Reads data/NAME.json into `rows` and keeps the newest date.
template <class T>
Status read_rows(const TableSource& source, const std::string& name, std::vector<T>& rows, std::string& date) {
  const Result<std::string> gathered = read_table(source, name, [&](const TableRow& table) {
    table.required_rows("rows", [&](const TableRow& row) { read(row, rows.emplace_back()); });
  });
  if (!gathered) return gathered.error();
  date = std::max(date, *gathered);
  return Done{};
}

Status read_library_names(const TableSource& source, std::vector<LibraryName>& names) {
  Result<std::vector<LibraryRow>> libraries = read_libraries(source);
  if (!libraries) return libraries.error();
  for (LibraryRow& library : *libraries) {
    std::move(library.sonames.begin(), library.sonames.end(), std::back_inserter(names));
  }
  return Done{};
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

std::string_view to_string(IssueEffect effect) {
  for (const auto& one : kEffects) {
    if (one.value == effect) return one.word;
  }
  return "";
}

bool is_harm(IssueEffect effect) { return effect <= IssueEffect::slower; }

KnownIssue known_issue_of(const TableRow& row) {
  KnownIssue issue{.id = row.required("id"),
                   .components = row.texts("components"),
                   .version = range_of(row, "version"),
                   .with = others_of(row),
                   .gpu = range_of(row, "gpu"),
                   .gpu_model = row.text("gpu_model"),
                   .gpus = range_of(row, "gpus"),
                   .driver = range_of(row, "driver"),
                   .libc = range_of(row, "libc"),
                   .toolkit_above_driver = row.flag("toolkit_above_driver"),
                   .cpu = row.texts("cpu"),
                   .platform = words_of(row, "platform", kPlatforms),
                   .adapters = words_of(row, "adapters", kAdapterWords),
                   .settings = row.texts("settings"),
                   .modules = row.texts("modules"),
                   .kernel_log = row.text("kernel_log"),
                   .workload = row.text("workload"),
                   .asks = row.text("asks"),
                   .on_cpu = row.one_of("side", {"cpu"}) == "cpu",
                   .effect = row.word("effect", kEffects, IssueEffect::slower),
                   .says = row.required("says"),
                   .magnitude = row.text("magnitude"),
                   .symptom = row.text("symptom"),
                   .fix = row.text("fix"),
                   .bounds = row.word("bounds", kBounds, IssueBounds::stated),
                   .report = row.flag("report"),
                   .told_by = row.text("told_by"),
                   .source = row.required("source")};
  if (issue.components.empty()) row.reject("components", "nothing", "a list of names");
  return issue;
}

Result<Knowledge> load_knowledge(const std::string& folder) {
  const Result<TableSource> source = open_tables(folder);
  if (!source) return source.error();
  Knowledge known;
  std::optional<Error> problem;
  const auto load = [&](const char* name, auto& rows) {
    if (problem) return;
    const Status status = read_rows(*source, name, rows, known.date);
    if (!status) problem = status.error();
  };
  load("driver_branches", known.driver_branches);
  load("cuda_releases", known.cuda_releases);
  load("minor_version_floors", known.minor_version_floors);
  load("gpu_architectures", known.gpu_architectures);
  load("compat_packages", known.compat_packages);
  load("framework_builds", known.framework_builds);
  load("library_releases", known.library_releases);
  load("dispatch_changes", known.dispatch_changes);
  load("known_issues", known.known_issues);
  load("error_codes", known.error_codes);
  if (problem) return *problem;
  if (const Status names = read_library_names(*source, known.library_names); !names) return names.error();
  sort_rows(known);
  return known;
}

}  // namespace varve
