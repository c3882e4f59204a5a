#include "rules/software/listed_wheels.h"

#include <fmt/format.h>

#include "base/text.h"
#include "package/python_metadata.h"
#include "rules/situation/package_row.h"

namespace varve {

std::optional<DottedVersion> released_version(const Package& package) {
  const std::string version = package.version.substr(0, package.version.find('+'));
  if (version.empty() || version.find_first_not_of("0123456789.") != std::string::npos) return std::nullopt;
  return dotted_version_from(version);
}

std::string listed(const Package& package) { return package.name + " " + package.version; }

std::optional<WheelName> wheel_name(const Package& package) {
  const std::string name = normal_package_name(package.name);
  const std::size_t mark = name.rfind("-cu");
  if (!name.starts_with("nvidia-") || mark == std::string::npos || mark < 7) return std::nullopt;
  const auto cuda = parse_integer(std::string_view(name).substr(mark + 3));
  if (!cuda || *cuda < 10 || *cuda > 99) return std::nullopt;
  return WheelName{name.substr(7, mark - 7), static_cast<int>(*cuda)};
}

const FrameworkBuild* build_of(const Analysis& analysis, const Package& package) {
  const auto version = dotted_version_from(package.version);
  if (!version || !package.cuda.is_known() || package.is_of_conda()) return nullptr;
  for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
    if (build.framework == package.name && build.cuda == value_text(*package.cuda.value) &&
        is_within(*version, build.version)) {
      return &build;
    }
  }
  return nullptr;
}

namespace {
// The major version of cuDNN that a package opens: of "4.0:8 4.5:9" the last release that it is not older than.
std::string opened_cudnn(const Package& package, const PackageRow& row) {
  const auto own = released_version(package);
  std::string major;
  for (const std::string_view pair : split_words(row.opens_cudnn)) {
    const std::size_t colon = pair.find(':');
    const auto first = colon == std::string_view::npos ? std::nullopt : dotted_version_from(pair.substr(0, colon));
    if (own && first && *first <= *own) major = pair.substr(colon + 1);
  }
  return major;
}

// The same by the table of builds, where all builds of the release for the CUDA of the wheel that is there agree.
// Beside torch the wheel may be torch's, and another cuDNN that of a toolkit.
std::string built_cudnn(const Analysis& analysis, const Environment& environment, const Package& package, int cuda) {
  const std::string name = normal_package_name(package.name);
  const std::size_t local = package.version.find(".cudnn");  // jaxlib 0.4.23+cuda12.cudnn89
  if (name == "jaxlib" && local != std::string::npos) return package.version.substr(local + 6, 1);
  const bool is_tensorflow = name == "tensorflow" || name == "tensorflow-gpu";
  const auto version = released_version(package);
  if (!version || cuda == 0 || (!is_tensorflow && name != "onnxruntime-gpu")) return {};
  if (find_package(environment, "torch") != nullptr) return {};
  std::string major;
  for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
    if (build.framework != (is_tensorflow ? "tensorflow" : name) || !is_within(*version, build.version)) continue;
    const auto made = dotted_version_from(build.cuda), cudnn = dotted_version_from(build.cudnn);
    if (!made || made->major() != cuda || !cudnn) continue;
    const std::string of = std::to_string(cudnn->major());
    if (!major.empty() && major != of) return {};
    major = of;
  }
  return major;
}

// The cuDNN that is there: that of a wheel, else that which torch brings.
struct CudnnThere {
  std::string text, major;
  int cuda = 0;  // of the wheel; 0: it is torch's
};
CudnnThere cudnn_there(const Analysis& analysis, const Environment& environment) {
  for (const Package& package : environment.packages) {
    const auto name = wheel_name(package);
    const auto version = name && name->library == "cudnn" ? released_version(package) : std::nullopt;
    if (version) return {listed(package) + " is there", std::to_string(version->major()), name->cuda};
  }
  const Package* torch = find_package(environment, "torch");
  const FrameworkBuild* build = torch == nullptr ? nullptr : build_of(analysis, *torch);
  const auto version = build == nullptr ? std::nullopt : dotted_version_from(build->cudnn);
  if (!version) return {};
  return {fmt::format("{} brings cuDNN {}", listed(*torch), build->cudnn), std::to_string(version->major())};
}
}  // namespace

void add_cudnn_faults(const Analysis& analysis, const Environment& environment, std::vector<Found>& found) {
  const CudnnThere there = cudnn_there(analysis, environment);
  if (there.major.empty()) return;
  for (const Package& package : environment.packages) {
    const PackageRow* row = package.is_of_conda() ? nullptr : row_of(package);
    std::string wanted = row == nullptr ? "" : opened_cudnn(package, *row);
    if (wanted.empty() && row != nullptr) wanted = built_cudnn(analysis, environment, package, there.cuda);
    if (wanted.empty() || wanted == there.major) continue;
    found.push_back({.evidence = fmt::format("In {} {} opens cuDNN {}, and {}", environment.path, listed(package),
                                             wanted, there.text)});
  }
}

}  // namespace varve
