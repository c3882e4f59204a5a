#include "package/package_cuda.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "package/python_literals.h"
#include "package/python_metadata.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostSource = std::size_t{1} << 20;

Fact inferred(std::string value, std::string source) {
  return known_fact(std::move(value), std::move(source), Standing::inferred);
}

// "build_info.cuda_version" of a .py file, a key of a .json file, as a PythonValue.
std::optional<PythonValue> stated_value(const std::string& text, const std::string& path, const std::string& name) {
  if (!path.ends_with(".json")) {
    const auto constants = python_constants(text);
    const PythonValue* value = find_constant(constants, name);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }
  const Result<Json> json = parse_json(text, "reading a package's build", path);
  if (!json || !json->is_object() || !json->contains(name)) return std::nullopt;
  const Json& value = (*json)[name];
  if (!value.is_string()) return PythonValue{};
  return PythonValue{PythonValue::Kind::text, value.get<std::string>(), {}, {}};
}

std::string other_platform(const std::string& text) {
  const auto constants = python_constants(text);
  for (const auto& [name, words] :
       {std::pair{"hip", "for HIP "}, std::pair{"rocm", "for ROCm "}, {"xpu", "for XPU "}}) {
    const PythonValue* value = find_constant(constants, name);
    if (value != nullptr && value->kind == PythonValue::Kind::text) return words + clean_utf8(value->text, 64);
  }
  return "without CUDA";
}

// Nothing: the file is not there or does not say.
std::optional<Fact> cuda_from_file(const Files& files, const PackageRow& row, const std::string& folder) {
  if (row.cuda_file.empty()) return std::nullopt;
  const std::string path = folder + "/" + row.cuda_file;
  const Looked<std::string> text = files.read(path, kMostSource);
  if (!text) {
    if (text.failure == LookFailure::absent) return std::nullopt;
    return missing_because(text, row.cuda_file);
  }
  const std::string source = row.cuda_file + ": " + row.cuda_name;
  const std::optional<PythonValue> value = stated_value(*text, row.cuda_file, row.cuda_name);
  if (!value) return std::nullopt;
  const std::string version = clean_utf8(trim(value->text), 64);
  const bool is_version = !version.empty() && version.front() >= '0' && version.front() <= '9';
  if (value->kind == PythonValue::Kind::text && is_version) return known_fact(version, source);
  if (value->kind == PythonValue::Kind::other) {
    return missing_fact(Missing::unreadable, source, "it is no literal");
  }
  return missing_fact(Missing::absent, source, "a build " + other_platform(*text));
}

// Digits behind "cuda" or "cu", the beginning or something other than a letter standing before: "+cu128",
// "-cuda12x" (with_x), "py3.11_cuda12.1_cudnn8". A dot may stand among the digits.
std::string digits_behind_cuda(std::string_view text, bool& with_x) {
  for (std::size_t at = text.find("cu"); at != std::string_view::npos; at = text.find("cu", at + 1)) {
    const char before = at == 0 ? '-' : text[at - 1];
    if ((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z')) continue;
    const std::size_t begin = at + (text.substr(at).starts_with("cuda") ? 4 : 2);
    std::size_t end = begin;
    while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || (text[end] == '.' && end > begin))) ++end;
    if (end == begin) continue;
    with_x = end < text.size() && text[end] == 'x';
    std::string_view digits = text.substr(begin, end - begin);
    while (digits.ends_with('.')) digits.remove_suffix(1);
    return std::string(digits);
  }
  return {};
}

std::string cuda_in(std::string_view text) {
  bool with_x = false;
  const std::string digits = digits_behind_cuda(text, with_x);
  if (digits.find('.') != std::string::npos) {
    // "+cuda12.cudnn89" was cut at the dot; "12.1" is a version.
    return digits;
  }
  const std::string version = cuda_from_digits(digits);
  return with_x && !version.empty() ? version + ".x" : version;
}

std::optional<Fact> cuda_from_local_version(const std::string& version) {
  const std::size_t plus = version.find('+');
  if (plus == std::string::npos) return std::nullopt;
  const std::string local = to_lower(std::string_view(version).substr(plus + 1));
  const std::string source = "local version " + version.substr(plus);
  const std::string cuda = cuda_in(local);
  if (!cuda.empty()) return inferred(cuda, source);
  // "+cpu", "+cpu.cxx11.abi", "+pt28cpu"
  if (local.starts_with("cpu") || local.ends_with("cpu"))
    return missing_fact(Missing::absent, source, "a build without CUDA by its version");
  if (local.starts_with("rocm")) return missing_fact(Missing::absent, source, "a build for ROCm by its version");
  return std::nullopt;
}

// "2.3.2.post112" is of CUDA 11.2, "2.6.2.post120" of 12.0.
std::optional<Fact> cuda_from_post(const std::string& version) {
  const std::size_t at = version.find(".post");
  const std::string cuda = at == std::string::npos ? "" : cuda_from_digits(std::string_view(version).substr(at + 5));
  if (cuda.empty() || cuda.find('.') == std::string::npos) return std::nullopt;
  return inferred(cuda, "its version " + version);
}

// The first two numbers of a version: "13.2.86" → "13.2".
std::string major_and_minor(std::string_view version) {
  const std::size_t first = version.find('.');
  if (first == std::string_view::npos) return std::string(version);
  return std::string(version.substr(0, version.find_first_not_of("0123456789", first + 1)));
}

std::optional<Fact> cuda_from_pins(const Package& package) {
  std::string major, pinned_by;
  for (const Requirement& pin : package.requirements) {
    const std::string name = normal_package_name(pin.name);
    const PackageRow* row = find_package_row(name);
    if (row == nullptr || !(name.starts_with("nvidia-") || name == "cuda-toolkit")) continue;
    const bool exact = pin.specifier.starts_with("==") && pin.specifier.find(',') == std::string::npos;
    const bool is_runtime = name.starts_with("nvidia-cuda-runtime") || name == "cuda-toolkit";
    if (is_runtime && exact && pin.specifier.find('.') != std::string::npos) {
      const std::string version = major_and_minor(std::string_view(pin.specifier).substr(2));
      return inferred(version.ends_with('.') ? version + "x" : version, "its pin " + pin.name + pin.specifier);
    }
    if (major.empty()) {
      major = cuda_in(name);
      pinned_by = pin.name;
    }
  }
  if (major.empty()) return std::nullopt;
  return inferred(major, "its requirement " + pinned_by);
}

std::optional<Fact> cuda_from_build(const CudaClues& clues) {
  if (clues.build.empty()) return std::nullopt;
  const std::string source = clues.build_source + ": build " + clues.build;
  const std::string cuda = cuda_in(clues.build);
  if (!cuda.empty()) return inferred(cuda, source);
  if (clues.build.starts_with("cpu") || clues.build.find("_cpu") != std::string::npos) {
    return missing_fact(Missing::absent, source, "a build without CUDA by its name");
  }
  return std::nullopt;
}
}  // namespace

std::string cuda_from_digits(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return {};
  if (digits.size() == 1) return std::string(digits);
  if (digits.size() == 2) {
    // CUDA 8.0 to 9.2 had two digits; no toolkit is numbered 80 or more.
    if (digits[0] == '8' || digits[0] == '9') return std::string{digits[0], '.', digits[1]};
    return std::string(digits);
  }
  if (digits.size() == 3) return std::string(digits.substr(0, 2)) + "." + std::string(digits.substr(2));
  return {};
}

Fact cuda_of_package(const Files& files, const PackageRow& row, const Package& package, const CudaClues& clues) {
  if (row.without_cuda) return missing_fact(Missing::not_applicable, "data/packages.json", "it holds no CUDA code");
  if (const auto stated = cuda_from_file(files, row, clues.folder)) return *stated;
  if (const auto local = cuda_from_local_version(package.version)) return *local;
  if (row.post_is_cuda) {
    if (const auto post = cuda_from_post(package.version)) return *post;
  }
  if (row.version_is_cuda && !package.version.empty()) {
    return inferred(major_and_minor(package.version), "its version " + package.version);
  }
  const std::string by_name = cuda_in(normal_package_name(package.name));
  if (!by_name.empty()) return inferred(by_name, "its name");
  if (const auto build = cuda_from_build(clues)) return *build;
  if (const auto pins = cuda_from_pins(package)) return *pins;
  if (row.cuda_file.empty()) return missing_fact(Missing::absent, "version, name, pins", "nothing states it");
  return missing_fact(Missing::absent, row.cuda_file, "it is not there or does not say, nor do version, name and pins");
}

}  // namespace varve
