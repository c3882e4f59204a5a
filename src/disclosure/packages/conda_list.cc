// conda list, mamba list, micromamba list:
//   # packages in environment at /home/…/envs/jax2:
//   # Name                    Version                   Build  Channel
//   cuda-cudart               12.6.77              h5888daf_0    conda-forge
// and the plan of conda install, with the channel and the file:
//   pytorch            pytorch/linux-64::pytorch-1.10.0-py3.8_cpu_0
// and single rows that somebody picked out of it:
//   pytorch                   1.4.0               py3.7_cpu_0  [cpuonly]  pytorch
// and plans in columns, of mamba and of what conda is to download:
//   Package                          Version  Build                           Channel           Size
//   + pytorch                          1.9.0  py3.8_cpu_0                     pytorch          706MB
//   pytorch-1.9.0              |      py3.8_cpu_0       705.0 MB  pytorch
// and an environment that was written into a file with its builds:
//     - cupy=5.1.0=py37hc0ce245_0                           (conda env export)
//   # $ conda create --name <env> --file <this file>         (conda list --export)
//   ctranslate2=4.3.1=pypi_0
// pip's packages have the build pypi_0. Where the environment lies is not kept.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::int64_t kPlanReach = 512;  // lines of a plan in columns

class CondaListReader : public TextReader {
 public:
  static constexpr const char* kName = "conda list";
  const char* name() const override { return kName; }
  void end() override {
    begin_ = 0;
    is_export_ = false;
  }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text;
    if (text.starts_with("# packages in environment at") || text.starts_with("List of packages in environment")) {
      begin_ = line.number;
      return true;
    }
    is_export_ = is_export_ || text.starts_with("# $ conda create --name <env>");
    if (take_planned(text, line, declared) || take_columns(text, line, declared)) return true;
    if (!text.empty() && (text[0] == '-' || text[0] == ' ' || is_export_) && holds(line, "=") &&
        take_exported(text, line, declared)) {
      return true;
    }
    const std::vector<std::string_view> words =
        begin_ != 0 || holds(line, "Build") ? split_words(text.substr(0, 512)) : std::vector<std::string_view>();
    if (words.empty()) return begin_ == 0 && take_alone(text, line, declared);
    const std::size_t skip = words[0] == "#" ? 1 : 0;
    if (words.size() >= skip + 3 && words[skip] == "Name" && words[skip + 1] == "Version" &&
        words[skip + 2] == "Build") {
      if (begin_ == 0) begin_ = line.number;
      return true;
    }
    if (begin_ == 0) return false;
    if (text.starts_with('#') || text.starts_with("──")) return true;
    if (words.size() < 3 || words.size() > 4 || !is_package_name(words[0]) || !is_package_version(words[1]))
      return false;
    const bool is_of_pip = words[2] == "pypi_0" || words[2] == "<pip>";
    DeclaredPackages* list = package_list(declared, {kName, begin_}, is_of_pip ? "pip" : "conda");
    add_package(list, words[0], is_of_pip ? std::string(words[1]) : std::string(words[1]) + " " + std::string(words[2]),
                line.number);
    return true;
  }

 private:
  bool take_planned(std::string_view text, const TextLine& line, Declared& declared);
  bool take_columns(std::string_view text, const TextLine& line, Declared& declared);
  bool take_alone(std::string_view text, const TextLine& line, Declared& declared);
  bool take_exported(std::string_view text, const TextLine& line, Declared& declared);

  std::int64_t begin_ = 0;
  bool is_export_ = false;  // lines below are of conda list --export
  std::int64_t plan_ = 0;
  std::int64_t exported_ = 0, exported_last_ = 0;
  std::int64_t columns_ = 0;  // where the head of a plan in columns stands
  std::int64_t rows_ = 0;     // where rows without a head begin, and of what the first is
  std::string first_;
};

// A row without a head, as grep gives it: of a package that Varve knows, with a build that names CUDA or the CPU.
bool CondaListReader::take_alone(std::string_view text, const TextLine& line, Declared& declared) {
  if (text.size() > 160 || !has(text, "_") || !has(text, "  ") || text[0] < 'a' || text[0] > 'z') return false;
  const std::vector<std::string_view> words = split_words(text);
  if (words.size() < 3 || words.size() > 5 || !is_package_version(words[1])) return false;
  const bool tells = has(words[2], "_cpu") || has(words[2], "cpu_") || has(words[2], "cuda");
  const PackageRow* row = tells ? find_conda_row(normal_package_name(words[0])) : nullptr;
  if (row == nullptr || !row->has_gpu_code()) return false;
  // The same package again is of another environment.
  if (rows_ == 0 || std::string(words[0]) == first_) rows_ = line.number;
  if (rows_ == line.number) first_ = words[0];
  add_package(package_list(declared, {kName, rows_}, "conda"), words[0],
              std::string(words[1]) + " " + std::string(words[2]), line.number);
  return true;
}

bool CondaListReader::take_exported(std::string_view text, const TextLine& line, Declared& declared) {
  text = trim(text);
  if ((!is_export_ && !text.starts_with("- ")) || text.size() > 160) return false;
  const std::vector<std::string_view> parts = split(is_export_ ? text : text.substr(2), '=');
  if (parts.size() != 3 || !is_package_name(parts[0]) || !is_package_version(parts[1]) || !has(parts[2], "_") ||
      !is_package_name(parts[2])) {
    return false;
  }
  if (exported_ == 0 || line.number - exported_last_ > 8) exported_ = line.number;
  exported_last_ = line.number;
  const bool is_of_pip = parts[2] == "pypi_0";
  add_package(package_list(declared, {kName, exported_}, is_of_pip ? "pip" : "conda"), parts[0],
              is_of_pip ? std::string(parts[1]) : std::string(parts[1]) + " " + std::string(parts[2]), line.number);
  return true;
}

bool CondaListReader::take_planned(std::string_view text, const TextLine& line, Declared& declared) {
  if (text.starts_with("The following NEW packages will be INSTALLED")) plan_ = line.number;
  const std::size_t colons = plan_ == 0 ? std::string_view::npos : text.substr(0, 512).find("::");
  if (colons == std::string_view::npos) return false;
  const std::string_view name = up_to(trim(text), " ");
  const std::string_view file = up_to(text.substr(colons + 2), " ");
  if (!is_package_name(name) || !file.starts_with(name) || file.size() < name.size() + 4) return false;
  const std::string_view version = file.substr(name.size() + 1);
  const std::size_t dash = version.find('-');
  if (file[name.size()] != '-' || dash == std::string_view::npos || !is_package_version(version)) return false;
  add_package(package_list(declared, {kName, plan_}, "conda"), name,
              std::string(version.substr(0, dash)) + " " + std::string(version.substr(dash + 1)), line.number);
  return true;
}
// What is added; what is removed or changed for another stands behind "-".
bool CondaListReader::take_columns(std::string_view text, const TextLine& line, Declared& declared) {
  const bool is_head = (holds(line, "Package") && holds(line, "Version") && holds(line, "Build")) ||
                       (holds(line, "package") && holds(line, "|") && holds(line, "build"));
  if (is_head && text.size() < 160) {
    columns_ = line.number;
    return true;
  }
  if (columns_ == 0 || line.number - columns_ > kPlanReach || text.size() > 240) return false;
  const std::vector<std::string_view> words = split_words(text);
  if (words.size() < 4) return false;
  std::string_view name = words[1], version = words[2], build = words[3];
  if (words[1].starts_with('|')) {
    const std::size_t dash = words[0].rfind('-');
    if (dash == std::string_view::npos) return false;
    name = words[0].substr(0, dash), version = words[0].substr(dash + 1);
    build = words[1].size() == 1 ? words[2] : words[1].substr(1);
  } else if (words[0] != "+") {
    return words[0] == "-" && is_package_name(words[1]) && is_package_version(words[2]);
  }
  if (!is_package_name(name) || !is_package_version(version)) return false;
  add_package(package_list(declared, {kName, columns_}, "conda"), name, std::string(version) + " " + std::string(build),
              line.number);
  return true;
}
}  // namespace

std::unique_ptr<TextReader> conda_list_reader() { return std::make_unique<CondaListReader>(); }

}  // namespace varve
