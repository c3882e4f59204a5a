#include "disclosure/lines/declared.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_systems.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostLists = 64;
constexpr std::size_t kMostPackagesOfList = 4096;
constexpr std::size_t kMostConflicts = 32;
constexpr std::size_t kMostVariables = 512;
constexpr std::size_t kMostValue = 512;
constexpr std::int64_t kMostGpus = 64;

void add_conflict(Declared& declared, TextConflict conflict) {
  if (declared.conflicts.size() < kMostConflicts) declared.conflicts.push_back(std::move(conflict));
}

// Whether one text says the same as the other and more: "12.4" of "12.4.131", "550.54" of "550.54.15".
bool continues(std::string_view longer, std::string_view shorter) {
  return longer.starts_with(shorter) && (longer.size() == shorter.size() || !is_digit(longer[shorter.size()]));
}
// "Fedora 43" and "Fedora Linux 43 (Workstation Edition)".
bool is_one_system(const std::string& known, const std::string& value) {
  const auto first = plain_system(known);
  return first && first == plain_system(value);
}
}  // namespace

std::string source_at(const TextPlace& place) { return fmt::format("line {} ({})", place.line, place.reader); }

// What stands where nothing was found or filled in, as tools and the forms of issue trackers write it.
bool is_placeholder(std::string_view value) {
  const std::string lower = to_lower(trim(value));
  for (const char* word :
       {"", "n/a", "[n/a]", "none", "could not collect", "no cuda", "not set", "unknown", "unknown error",
        "[not supported]", "[unknown error]", "err!", "tbd", "module not found", "-", "?"}) {
    if (lower == word) return true;
  }
  return lower.starts_with("importerror") || lower.starts_with("todo");
}

void declare(Declared& declared, const std::string& id, std::string value, const TextPlace& place,
             const std::string& detail, Standing standing) {
  value = clean_utf8(trim(value), kMostValue);
  if (is_placeholder(value)) return;
  const auto at = declared.facts.find(id);
  if (at != declared.facts.end()) {
    const std::string known = value_text(*at->second.value);
    if (known == value || continues(known, value)) return;
    if (id == "os.name" && is_one_system(known, value)) return;
    const bool first_was_inferred = at->second.standing == Standing::inferred && standing == Standing::declared;
    if (!continues(value, known) && !first_was_inferred) {
      if (standing == Standing::declared) {
        add_conflict(declared, {id, known, value, declared.fact_lines[id], place.line});
        // The same tool said it twice: of two machines, or before and after a change.
        if (at->second.source.ends_with(fmt::format("({})", place.reader))) declared.contradicted.insert(id);
      }
      return;
    }
  }
  Fact fact = known_fact(std::move(value), source_at(place), standing);
  fact.detail = clean_utf8(detail, kMostValue);
  declared.facts.insert_or_assign(id, std::move(fact));
  declared.fact_lines[id] = place.line;
}

void declare(Declared& declared, const std::string& id, std::int64_t value, const TextPlace& place) {
  if (declared.facts.contains(id)) return;
  declared.facts.emplace(id, known_fact(value, source_at(place), Standing::declared));
  declared.fact_lines[id] = place.line;
}

DeclaredGpus* gpu_list(Declared& declared, const TextPlace& place) {
  for (DeclaredGpus& list : declared.gpus) {
    if (list.place.line == place.line && std::string_view(list.place.reader) == place.reader) return &list;
  }
  if (declared.gpus.size() >= kMostLists) return nullptr;
  declared.gpus.push_back({.place = place, .gpus = {}});
  return &declared.gpus.back();
}

DeclaredPackages* package_list(Declared& declared, const TextPlace& place, std::string_view installer) {
  for (DeclaredPackages& list : declared.packages) {
    const bool same_part = list.place.line == place.line && std::string_view(list.place.reader) == place.reader;
    if (same_part && list.installer == installer) return &list;
  }
  if (declared.packages.size() >= kMostLists) return nullptr;
  declared.packages.push_back({.place = place, .installer = std::string(installer), .python = {}, .packages = {}});
  return &declared.packages.back();
}

Gpu* gpu_in(DeclaredGpus* list, std::int64_t number) {
  if (list == nullptr || number < 0 || number >= kMostGpus) return nullptr;
  Gpu& gpu = list->gpus[number];
  gpu.listed = true;
  return &gpu;
}

void add_package(DeclaredPackages* list, std::string_view name, std::string_view version, std::int64_t line) {
  if (list == nullptr || list->packages.size() >= kMostPackagesOfList || is_placeholder(version)) return;
  if (!is_package_name(name) || version.size() > 128) return;
  if (version.size() > 1 && version[0] == 'v' && is_digit(version[1])) version.remove_prefix(1);
  list->packages.push_back({std::string(name), clean_utf8(version, 128), line});
}

void add_system_package(Declared& declared, std::string_view manager, std::string_view name, std::string_view version,
                        std::int64_t line) {
  constexpr std::size_t kMostSystemPackages = 256;
  std::vector<std::string>& packages = declared.system_packages;
  std::string text = std::string(manager) + " " + std::string(name) + " " + clean_utf8(version, 96);
  const bool is_known = std::find(packages.begin(), packages.end(), text) != packages.end();
  if (is_known || packages.size() >= kMostSystemPackages) return;
  // A program whose release one line tells and another does not is of that release.
  const std::string start = std::string(manager) + " " + std::string(name) + " ";
  const auto same = std::find_if(packages.begin(), packages.end(), [&](const std::string& row) {
    return manager == "program" && row.starts_with(start);
  });
  if (same != packages.end() && version == kUntoldRelease) return;
  if (same != packages.end() && *same == start + kUntoldRelease) {
    *same = std::move(text);
    return;
  }
  if (packages.empty()) declared.system_packages_line = line;
  packages.push_back(std::move(text));
}

void add_other(Declared& declared, const std::string& stack) {
  constexpr std::size_t kMostOthers = 4;
  const auto& others = declared.others;
  if (others.size() >= kMostOthers || std::find(others.begin(), others.end(), stack) != others.end()) return;
  declared.others.push_back(clean_utf8(stack, 64));
}

void declare_platform(Declared& declared, std::string_view platform, const TextPlace& place) {
  platform = trim(platform);
  const std::size_t libc = platform.find("-with-");
  if (libc != std::string_view::npos) {
    const std::string_view library = platform.substr(libc + 6);
    if (library.starts_with("glibc")) declare(declared, "os.libc", "glibc " + std::string(library.substr(5)), place);
    platform = platform.substr(0, libc);
  }
  for (const std::string_view machine : {"-x86_64", "-aarch64", "-AMD64", "-ppc64le"}) {
    if (!platform.ends_with(machine)) continue;
    platform.remove_suffix(machine.size());
    declare(declared, "os.architecture", std::string(machine == "-AMD64" ? "x86_64" : machine.substr(1)), place);
    break;
  }
  if (platform.starts_with("Linux-")) declare(declared, "os.kernel.release", std::string(platform.substr(6)), place);
  if (platform.starts_with("Windows-")) declare(declared, "os.name", "Windows", place, "", Standing::inferred);
}

void declare_driver(Declared& declared, std::string_view version, const TextPlace& place) {
  const std::string_view number = leading_version(trim(version));
  if (number.size() < 5 || number.find('.') == std::string_view::npos) return;
  declare(declared, "driver.kernel_mode.version", std::string(number), place);
  declare(declared, "driver.user_mode.version", std::string(number), place,
          "nvidia-smi ran, and NVML refuses a kernel driver of another release", Standing::inferred);
}

void declare_nvcc(Declared& declared, std::string_view release, std::string_view build, const TextPlace& place) {
  if (release.empty() || !is_digit(release[0])) return;
  declare(declared, "toolkit.nvcc.version", std::string(release), place,
          build.empty() ? "" : "nvcc " + std::string(build));
}

void declare_api_level(Declared& declared, std::string_view text, const TextPlace& place) {
  text = leading_version(trim(text));
  if (text.find('.') != std::string_view::npos) {
    declare(declared, "driver.api_level", std::string(text), place);
    return;
  }
  const auto number = parse_integer(text);
  if (!number || *number < 1000 || *number > 999'990) return;
  declare(declared, "driver.api_level", fmt::format("{}.{}", *number / 1000, *number % 1000 / 10), place);
}

void declare_image_cuda(Declared& declared, std::string cuda, std::int64_t line) {
  if (declared.image_line != 0 && declared.image_cuda != cuda) {
    declared.image_line = -1;  // which of them is meant is not told
  } else if (declared.image_line == 0) {
    declared.image_line = line;
    declared.image_cuda = std::move(cuda);
  }
}

void declare_framework_image(Declared& declared, const FrameworkImage& image, std::int64_t line) {
  if (image.asks) {
    declare_image_cuda(declared, image.cuda, line);
    return;
  }
  // A server that is an image and no package is known as a program.
  if (!image.package.empty() && find_package_row(image.package) == nullptr) {
    add_system_package(declared, "program", image.package, image.version, line);
  }
  const FrameworkImage& known = declared.framework_image;
  const bool is_same = known.cuda == image.cuda && known.package == image.package && known.version == image.version;
  if (declared.framework_image_line != 0 && !is_same) {
    declared.framework_image_line = -1;
  } else if (declared.framework_image_line == 0) {
    declared.framework_image_line = line;
    declared.framework_image = image;
  }
}

void declare_variable(Declared& declared, std::string_view name, std::string_view value, std::int64_t line) {
  if (name.size() > 128 || value.size() > 4096) return;
  const std::string key(name), text(value);
  const auto known = declared.variables.find(key);
  if (known != declared.variables.end()) {
    if (known->second != text) {
      // The values are not told: the name may be one that is not kept.
      add_conflict(declared, {"settings." + key, "", "", declared.variable_lines[key], line});
    }
    return;
  }
  if (declared.variables.size() >= kMostVariables) return;
  declared.variables.emplace(key, text);
  declared.variable_lines.emplace(key, line);
}

}  // namespace varve
