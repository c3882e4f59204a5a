#include "rules/software/listed_packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "package/python_metadata.h"
#include "rules/analysis/cpu_builds.h"
#include "rules/situation/package_row.h"
#include "rules/software/listed_wheels.h"

namespace varve {

namespace {
// Whether a version is the release or one of its patches: "2.1.2" is of "2.1".
bool is_of_release(std::string_view version, std::string_view release) {
  return version.starts_with(release) && (version.size() == release.size() || version[release.size()] == '.');
}

// A version of a release, post-releases included, without its local part; empty for all others.
std::string_view public_release(const Package& package) {
  const std::string_view version = package.version;
  const std::string_view release = version.substr(0, version.find('+'));
  const bool is_git = version.find("+git") != std::string_view::npos;
  const std::size_t post = release.find(".post");
  const bool is_plain = release.substr(0, post).find_first_not_of("0123456789.") == std::string_view::npos;
  return is_plain && !is_git && !release.empty() ? release : std::string_view();
}

// Of the releases that the row names, the longest that fits counts.
std::string release_pin_fault(const Environment& environment, const Package& package, const PackageRow& row) {
  const std::vector<std::string_view> pins = split_words(row.release_pins);
  const Package* there = pins.size() < 2 ? nullptr : find_package(environment, pins.front());
  if (there == nullptr || there->is_of_conda()) return {};
  const std::string_view own = public_release(package), other = public_release(*there);
  if (own.empty() || other.empty()) return {};
  std::string_view wanted, release;
  for (const std::string_view pin : pins) {
    const std::size_t colon = pin.find(':');
    if (colon == std::string_view::npos || !is_of_release(own, pin.substr(0, colon)) || colon < release.size())
      continue;
    release = pin.substr(0, colon);
    wanted = pin.substr(colon + 1);
  }
  if (wanted.empty() || is_of_release(other, wanted)) return {};
  return fmt::format("goes with {} {} (there: {})", pins.front(), wanted, other);
}

// The row names the releases that raised the bound: one between two of them has at least the bound of the first.
std::string lower_bound_fault(const Environment& environment, const Package& package, const PackageRow& row) {
  const std::vector<std::string_view> bounds = split_words(row.at_least);
  const Package* there = bounds.size() < 2 ? nullptr : find_package(environment, bounds.front());
  if (there == nullptr || there->is_of_conda()) return {};
  const auto own = released_version(package), other = released_version(*there);
  if (!own || !other) return {};
  std::optional<DottedVersion> least;
  for (const std::string_view bound : bounds) {
    const std::size_t colon = bound.find(':');
    const auto since = dotted_version_from(bound.substr(0, colon));
    if (colon == std::string_view::npos || !since || *own < *since) continue;
    least = dotted_version_from(bound.substr(colon + 1));
  }
  if (!least || !(*other < *least)) return {};
  return fmt::format("refuses a {} older than {} (there: {})", bounds.front(), to_string(*least), to_string(*other));
}

std::string pin_fault(const Environment& environment, const Package& package, const PackageRow& row) {
  if (std::string fault = release_pin_fault(environment, package, row); !fault.empty()) return fault;
  if (std::string fault = lower_bound_fault(environment, package, row); !fault.empty()) return fault;
  const auto own = released_version(package);
  if (!own) return {};
  const auto released = [&](const std::string& name) -> std::optional<DottedVersion> {
    const Package* there = name.empty() ? nullptr : find_package(environment, name);
    return there == nullptr || there->is_of_conda() ? std::nullopt : released_version(*there);
  };
  if (const auto same = released(row.same_release); same && *same != *own) {
    return fmt::format("has to be of the release of {} (there: {})", row.same_release, to_string(*same));
  }
  if (const auto most = released(row.not_above); most && *most < *own) {
    return fmt::format("is newer than {} may have beside it (there: {})", row.not_above, to_string(*most));
  }
  // 0.17 of torchvision goes with 2.2 of torch: the row says 15. Before 2.0 was 1.13; from 1.4 on they kept in step.
  constexpr int kBefore = 14;
  const auto torch = row.torch_minor ? released("torch") : std::nullopt;
  const bool is_in_step = torch && own->major() == 0 &&
                          (torch->major() == 2 || (torch->major() == 1 && torch->minor() >= 4 && own->minor() >= 5));
  const auto since = torch ? torch->minor() - (torch->major() == 1 ? kBefore : 0) : 0;
  const auto wanted = own->minor() - row.torch_minor.value_or(0);
  if (!is_in_step || wanted == since) return {};
  const std::string release = wanted < 0 ? fmt::format("1.{}", wanted + kBefore) : fmt::format("2.{}", wanted);
  return fmt::format("goes with torch {} (there: {})", release, to_string(*torch));
}

// Of these the wheels for every CUDA put a file of one name into one folder.
constexpr std::array<std::string_view, 2> kOneFile = {"cudnn", "nccl"};
bool is_one_file(const std::string& library) {
  return std::find(kOneFile.begin(), kOneFile.end(), library) != kOneFile.end();
}

// What a framework opens by a name that holds the major version ("libcudnn.so.8").
std::string wheel_fault(const Package& framework, const FrameworkBuild& build, const Package& wheel,
                        const WheelName& name) {
  const auto cuda = dotted_version_from(build.cuda);
  if (cuda && cuda->major() != name.cuda) {
    return fmt::format("{} is built for CUDA {}, and its {} would be that of {}", listed(framework), build.cuda,
                       name.library, listed(wheel));
  }
  const auto made = dotted_version_from(build.cudnn), there = released_version(wheel);
  // Each NCCL brings functions that the next torch calls: one of an older release lacks them ("undefined symbol").
  const auto nccl = dotted_version_from(build.nccl);
  if (name.library == "nccl" && nccl && there && there->parts.size() > 1 && nccl->major() == there->major() &&
      there->minor() < nccl->minor()) {
    return fmt::format("{} is built with NCCL {}, and {} is there", listed(framework), build.nccl, listed(wheel));
  }
  if (name.library != "cudnn" || !made || !there || made->major() == there->major()) return {};
  return fmt::format("{} is built with cuDNN {}, and {} is there", listed(framework), build.cudnn, listed(wheel));
}

// Whether libraries of two releases of CUDA have the names that a framework asks for: each release of CUDA 10 has its
// own, those of CUDA 11 share theirs but for libcusolver, which is .10 in 11.0 and .11 from 11.1 on.
bool share_names(const DottedVersion& a, const DottedVersion& b) {
  if (a.major() != b.major() || a.major() > 11) return a.major() == b.major();
  return a.major() > 10 ? (a.minor() == 0) == (b.minor() == 0) : a.minor() == b.minor();
}

bool lists_cuda_wheels(const Environment& environment) {
  return std::any_of(environment.packages.begin(), environment.packages.end(), [](const Package& package) {
    const std::string name = normal_package_name(package.name);
    return wheel_name(package) || name.starts_with("nvidia-cuda-runtime") || name.starts_with("nvidia-cublas");
  });
}

// TensorFlow before 2.14 and ONNX Runtime before 1.21 bring no CUDA: their libraries are those of a toolkit. Later ones
// bring it by extras alone, so that they too take a toolkit's where no wheel of CUDA is listed and a program saw no
// GPU. Of ONNX Runtime there are builds of one release for two majors, and what torch brings serves it too.
std::string host_cuda_fault(const Analysis& analysis, const Environment& environment, const Package& package,
                            const DottedVersion& toolkit) {
  const auto version = released_version(package);
  const bool is_tensorflow = package.name == "tensorflow" || package.name == "tensorflow-gpu";
  if (!version || (!is_tensorflow && package.name != "onnxruntime-gpu") || is_stated_cpu_build(package)) return {};
  const bool is_missed = fact_of(analysis, "asks.gpu").is_known() && !lists_cuda_wheels(environment);
  const Package* torch = is_tensorflow ? nullptr : find_package(environment, "torch");
  const auto brought =
      torch != nullptr && torch->cuda.is_known() ? dotted_version_from(value_text(*torch->cuda.value)) : std::nullopt;
  std::string cuda;
  for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
    if (build.framework != package.name || !is_within(*version, build.version)) continue;
    const auto made = dotted_version_from(build.cuda);
    // Which of two builds it is may be told by the index that it was asked from.
    if (package.cuda.is_known() && value_text(*package.cuda.value) != build.cuda) continue;
    if (!made || !(build.host_cuda || is_missed) || share_names(*made, toolkit) ||
        (brought && made->major() == brought->major())) {
      return {};
    }
    if (cuda.empty() || build.is_default) cuda = build.cuda;
  }
  if (cuda.empty()) return {};
  return fmt::format(
      "{} opens the libraries of CUDA {} by names that the toolkit that is there ({}) has in part or "
      "not at all: it sees no GPU then",
      listed(package), cuda, to_string(toolkit));
}

// "/usr/local/cuda-12.1/lib64" is of 12.1.
std::optional<DottedVersion> toolkit_of_folder(std::string_view folder) {
  const std::size_t at = folder.find("/cuda-");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = folder.substr(at + 6);
  return dotted_version_from(rest.substr(0, rest.find('/')));
}

// A wheel that was asked for by its file, whose tag names a newer glibc than the system has.
std::string wheel_tag_fault(const Analysis& analysis, const Package& package) {
  const std::string there = text_of(analysis, "os.libc").value_or("");  // "glibc 2.35"
  if (!package.built_for.starts_with("glibc ") || !there.starts_with("glibc ")) return {};
  const auto wanted = dotted_version_from(std::string_view(package.built_for).substr(6));
  const auto own = dotted_version_from(std::string_view(there).substr(6));
  if (!wanted || !own || !(*own < *wanted)) return {};
  return fmt::format("is a wheel for {} or newer ({}; there: {})", package.built_for, package.built_for_source, there);
}
}  // namespace

std::vector<Found> listed_framework_pins(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    if (!is_a_list(environment)) continue;
    for (const Package& package : environment.packages) {
      const PackageRow* row = package.is_of_conda() ? nullptr : row_of(package);
      std::string fault = row == nullptr ? "" : pin_fault(environment, package, *row);
      if (fault.empty()) fault = wheel_tag_fault(analysis, package);
      if (fault.empty()) continue;
      found.push_back({.evidence = fmt::format("{} in {} {}", listed(package), environment.path, fault)});
    }
  }
  return found;
}

std::vector<Found> listed_without_wheel(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    if (environment.without_wheel.empty() || !environment.python.is_known()) continue;
    found.push_back({.evidence = fmt::format("In {} Python is {}, and what was asked for has wheels for others: {}",
                                             environment.path, value_text(*environment.python.value),
                                             join(environment.without_wheel, ", "))});
  }
  return found;
}

std::vector<Found> listed_library_pins(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    if (!is_a_list(environment)) continue;
    add_cudnn_faults(analysis, environment, found);
    std::vector<const Package*> frameworks;
    for (const Package& package : environment.packages) {
      const FrameworkBuild* build = build_of(analysis, package);
      if (build == nullptr) continue;
      // TensorFlow before 2.14 asks for no wheels: those that are there beside another framework are the other's.
      if (build->host_cuda && find_package(environment, "torch") != nullptr) continue;
      frameworks.push_back(&package);
    }
    // With two frameworks a wheel may be the other's.
    if (frameworks.size() != 1 || frameworks.front()->name == "cupy") continue;
    const Package& framework = *frameworks.front();
    for (const Package& package : environment.packages) {
      const auto name = wheel_name(package);
      if (!name || !is_one_file(name->library)) continue;
      const bool has_both =
          std::any_of(environment.packages.begin(), environment.packages.end(), [&](const Package& other) {
            const auto own = wheel_name(other);
            return own && own->library == name->library && own->cuda != name->cuda;
          });
      const std::string fault = has_both ? "" : wheel_fault(framework, *build_of(analysis, framework), package, *name);
      if (!fault.empty()) found.push_back({.evidence = fmt::format("In {} {}", environment.path, fault)});
    }
  }
  return found;
}

// Beside a torch that brings the libraries of one major version of CUDA, an ONNX Runtime of another has none unless a
// toolkit is there of which the text says nothing.
std::vector<Found> other_major_beside_torch(const Analysis& analysis, const Environment& environment) {
  const Package* runtime = find_package(environment, "onnxruntime-gpu");
  const Package* torch = find_package(environment, "torch");
  const auto version = runtime == nullptr || runtime->is_of_conda() ? std::nullopt : released_version(*runtime);
  const auto brought =
      torch != nullptr && torch->cuda.is_known() ? dotted_version_from(value_text(*torch->cuda.value)) : std::nullopt;
  if (!version || !brought) return {};
  std::string cuda;
  for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
    if (build.framework != runtime->name || !is_within(*version, build.version)) continue;
    const auto made = dotted_version_from(build.cuda);
    if (!made || made->major() == brought->major()) return {};
    if (cuda.empty() || build.is_default) cuda = build.cuda;
  }
  if (cuda.empty()) return {};
  return {
      {.evidence = fmt::format("In {} {} opens the libraries of CUDA {}, and {} brings those of {}: unless a toolkit "
                               "of {} is there too, it sees no GPU",
                               environment.path, listed(*runtime), cuda, listed(*torch), to_string(*brought), cuda),
       .severity = Severity::note}};
}

// cupy-cuda11x takes a toolkit of CUDA 11 where no wheel brings one. From 14 on extras do.
std::string cupy_host_fault(const Analysis& analysis, const Environment& environment, const Package& package,
                            const DottedVersion& toolkit) {
  const std::string name = normal_package_name(package.name);
  const auto version = released_version(package);
  if (!name.starts_with("cupy-cuda") || !name.ends_with('x') || !version || lists_cuda_wheels(environment)) return {};
  const auto major = parse_integer(std::string_view(name).substr(9, name.size() - 10));
  if (!major || *major == toolkit.major() || find_package(environment, "torch") != nullptr) return {};
  for (const FrameworkBuild& build : analysis.knowledge.framework_builds) {
    if (build.framework != "cupy" || build.variant != name.substr(5) || !is_within(*version, build.version)) continue;
    if (!build.host_cuda) return {};
    return fmt::format(
        "{} opens the libraries of CUDA {}, and the toolkit that is there is {}: what it calls of them "
        "is not found",
        listed(package), *major, to_string(toolkit));
  }
  return {};
}

// The release of nvcc; without it that of the folder that is known as the toolkit's ("/usr/local/cuda-12.2", which CuPy
// prints as its "CUDA Root").
std::optional<DottedVersion> toolkit_of(const Analysis& analysis) {
  if (const auto nvcc = dotted_version_from(text_of(analysis, "toolkit.nvcc.version").value_or(""))) return nvcc;
  const auto folder = toolkit_of_folder(text_of(analysis, "toolkit.active").value_or(""));
  return folder && folder->parts.size() > 1 ? folder : std::nullopt;
}

std::vector<Found> listed_host_cuda(const Analysis& analysis) {
  const auto toolkit = toolkit_of(analysis);
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    if (!toolkit && is_a_list(environment)) {
      for (Found& one : other_major_beside_torch(analysis, environment)) found.push_back(std::move(one));
    }
    if (!toolkit || !is_a_list(environment) || environment.runtimes.is_known()) continue;
    for (const Package& package : environment.packages) {
      const std::string fault = package.role == PackageRole::framework
                                    ? host_cuda_fault(analysis, environment, package, *toolkit) +
                                          cupy_host_fault(analysis, environment, package, *toolkit)
                                    : "";
      if (!fault.empty()) found.push_back({.evidence = fmt::format("In {} {}", environment.path, fault)});
    }
  }
  return found;
}

std::vector<Found> listed_twice(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    if (!is_a_list(environment)) continue;
    for (const std::string_view library : kOneFile) {
      std::vector<std::string> wheels;
      for (const Package& package : environment.packages) {
        const auto name = wheel_name(package);
        if (name && name->library == library) wheels.push_back(listed(package));
      }
      if (wheels.size() < 2) continue;
      found.push_back({.evidence = fmt::format("{} both write the folder nvidia/{} in {}; whose files are there is not "
                                               "told",
                                               join(wheels, " and "), library, environment.path)});
    }
  }
  return found;
}

// libcusparse of a wheel asks for symbols of its own release, and has a RUNPATH: what LD_LIBRARY_PATH names comes
// first.
std::vector<Found> listed_linker_shadowed(const Analysis& analysis) {
  const DottedVersion first{.parts = {12, 1}};
  const auto path = setting_of(analysis, "LD_LIBRARY_PATH");
  if (!path) return {};
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    const Package* torch = is_a_list(environment) ? find_package(environment, "torch") : nullptr;
    const Package* runtime = find_package(environment, "nvidia-cuda-runtime-cu12");
    if (runtime == nullptr) runtime = find_package(environment, "nvidia-cuda-runtime");
    if (torch == nullptr || torch->is_of_conda() || runtime == nullptr) continue;
    const auto wheels = released_version(*runtime);
    if (!wheels || *wheels < first) continue;
    for (const std::string_view folder : split(*path, ':')) {
      const auto toolkit = toolkit_of_folder(folder);
      if (!toolkit || toolkit->major() != wheels->major() || toolkit->minor() >= wheels->minor()) continue;
      found.push_back(
          {.evidence = fmt::format(
               "LD_LIBRARY_PATH names {}, whose libnvJitLink.so.{} is taken before that of the wheels in {} "
               "({}), which are of CUDA {}.{}",
               folder, wheels->major(), environment.path, listed(*runtime), wheels->major(), wheels->minor())});
      break;
    }
  }
  return found;
}

}  // namespace varve
