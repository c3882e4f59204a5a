#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>

#include "base/text.h"
#include "compare/items/items.h"
#include "compare/matching/library_name.h"
#include "tables/libraries.h"

namespace varve {

namespace {
// One library as the units of one side mapped it.
struct Loaded {
  std::set<std::string> paths, names, build_ids;
  std::string unknown_build_id;  // why a file has none; empty when all are known
  std::size_t units = 0;         // that mapped it
};

using LoadedByStem = std::map<std::string, Loaded>;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Programs that make programs, or look for libraries: a framework starts them, and they are no part of what is
// measured.
bool is_build_tool(const std::string& path) {
  const std::string name = file_name(path);
  if (name.find(".so") != std::string::npos) return false;
  const std::vector<std::string_view> parts = split(name, '-');  // "x86_64-linux-gnu-gcc-12"
  const auto is_tool = [](std::string_view part) {
    return is_one_of(part, {"ldconfig", "gcc",  "g++",  "cc",        "c++",      "cc1",     "cc1plus",
                            "collect2", "as",   "ld",   "gold",      "lld",      "clang",   "clang++",
                            "ptxas",    "nvcc", "cicc", "fatbinary", "cudafe++", "objcopy", "strip"});
  };
  return std::any_of(parts.begin(), parts.end(), is_tool);
}

// What a compiler brings for itself, where one was mapped.
bool is_of_a_compiler(const std::string& stem) {
  for (const char* name : {"libmpc", "libmpfr", "libgmp", "libisl", "libbfd", "libopcodes", "libctf", "libsframe",
                           "liblto_plugin", "libzstd"}) {
    if (stem == name || stem.starts_with(std::string(name) + "-")) return true;
  }
  return false;
}

bool is_no_item(const std::string& path, const std::string& program, bool compiled) {
  if (path.empty() || path[0] == '[' || path == program || is_generated_file(path) || is_build_tool(path)) return true;
  return compiled && is_of_a_compiler(library_stem(path));
}

LoadedByStem loaded_by(const std::vector<const Unit*>& units, const std::string& program) {
  LoadedByStem loaded;
  for (const Unit* unit : units) {
    std::set<std::string> stems;
    const bool compiled = std::any_of(unit->libraries.begin(), unit->libraries.end(), [](const Library& library) {
      return is_build_tool(library.path) && file_name(library.path) != "ldconfig";
    });
    for (const Library& library : unit->libraries) {
      if (is_no_item(library.path, program, compiled)) continue;
      const std::string stem = library_stem(library.path);
      Loaded& entry = loaded[stem];
      entry.paths.insert(library.path);
      entry.names.insert(file_name(library.path));
      if (library.build_id.empty()) {
        entry.unknown_build_id = library.build_id_missing.empty() ? "not read" : library.build_id_missing;
      } else {
        entry.build_ids.insert(library.build_id);
      }
      stems.insert(stem);
    }
    for (const std::string& stem : stems) ++loaded[stem].units;
  }
  return loaded;
}

std::string text_of_library(const Loaded& loaded, std::size_t units) {
  if (loaded.units == 0) return kNotLoaded;
  std::vector<std::string> ids;
  for (const std::string& id : loaded.build_ids) ids.push_back("build id " + id.substr(0, 12));
  if (!loaded.unknown_build_id.empty()) ids.push_back("no build id: " + loaded.unknown_build_id);
  std::string text = fmt::format("{} ({})", join({loaded.names.begin(), loaded.names.end()}, ", "), join(ids, ", "));
  if (loaded.units < units) text += fmt::format(", in {} of {} units", loaded.units, units);
  return text;
}

// The package that lists a library, with its version; empty: none that is known.
std::string release_of(const Loaded& loaded, const Variant& variant) {
  if (!variant.packages || loaded.paths.empty()) return "";
  const auto owner = variant.packages->libraries.find(*loaded.paths.begin());
  if (owner == variant.packages->libraries.end()) return "";
  const auto version = variant.packages->versions.find(owner->second);
  return version == variant.packages->versions.end() ? "" : owner->second + " " + version->second;
}

// A file of one name of one release of a package: what is in a wheel does not change. With build ids, those tell.
bool is_of_one_release(const Loaded& a, const Loaded& b, const Sides& sides) {
  if (a.build_ids != b.build_ids || a.names != b.names) return false;
  const std::string of_a = release_of(a, *sides.variant_a);
  return !of_a.empty() && of_a == release_of(b, *sides.variant_b);
}

ItemState state_of_library(const Loaded& a, const Loaded& b, const Sides& sides) {
  if (a.units == 0 || b.units == 0) {
    // Mapped by every unit of one side and by none of the other. By some units only: chance may decide about it.
    const bool always =
        a.units == units_with_libraries(sides.units_a).size() || b.units == units_with_libraries(sides.units_b).size();
    return always ? ItemState::different : ItemState::unknown;
  }
  if (sides.one_document && a.paths == b.paths && a.build_ids == b.build_ids)
    return ItemState::shared;  // one file, whatever it is
  if (is_of_one_release(a, b, sides)) return ItemState::same;
  const bool known_a = a.unknown_build_id.empty(), known_b = b.unknown_build_id.empty();
  if (known_a != known_b) return ItemState::different;  // a build with an id is another than one without
  if (!known_a) return ItemState::unknown;
  return a.build_ids == b.build_ids ? ItemState::same : ItemState::different;
}

std::string id_of(const std::string& stem, const Loaded& a, const Loaded& b) {
  std::set<std::string> names = a.names;
  names.insert(b.names.begin(), b.names.end());
  return "library." + (names.size() == 1 ? *names.begin() : stem);
}

std::string unseen_text(const std::vector<const Unit*>& units) {
  for (const Unit* unit : units) {
    const std::vector<std::string> reasons = unit->profiles.reasons_absent(kCpuSamples);
    if (!reasons.empty()) return "not known: " + reasons.front();
  }
  return "not known";
}

// A GPU was used, so a runtime must be there; linked into a program without a trace it cannot be named.
void add_runtime_item(const LoadedByStem& a, const LoadedByStem& b, const Sides& sides,
                      std::vector<ControlItem>& items) {
  const auto text = [](const LoadedByStem& loaded, bool gpu) {
    for (const auto& [stem, entry] : loaded) {
      if (!has_role(*entry.names.begin(), LibraryRole::runtime)) continue;
      return entry.unknown_build_id.empty() ? std::string("loaded") : "no build id: " + entry.unknown_build_id;
    }
    return std::string(gpu ? "not known: no runtime library was mapped, perhaps it is linked statically"
                           : "not applicable (no GPU used)");
  };
  const bool gpu_a = used_gpu(sides.units_a), gpu_b = used_gpu(sides.units_b);
  if (!gpu_a && !gpu_b) return;
  ControlItem item{"runtime.loaded",
                   Layer::bundled_runtime,
                   "GPU runtime loaded",
                   text(a, gpu_a),
                   text(b, gpu_b),
                   ItemState::unknown,
                   false};
  if (item.a == "loaded" && item.b == "loaded") item.state = ItemState::same;
  items.push_back(std::move(item));
}
}  // namespace

std::string library_item_title(const std::string& path) { return "library " + library_stem(path); }

bool used_gpu(const std::vector<const Unit*>& units) {
  return std::any_of(units.begin(), units.end(), [](const Unit* unit) {
    return std::any_of(unit->libraries.begin(), unit->libraries.end(),
                       [](const Library& library) { return has_role(library.path, LibraryRole::opens_gpu); });
  });
}

void add_library_items(const Sides& sides, std::vector<ControlItem>& items) {
  const std::vector<const Unit*> units_a = units_with_libraries(sides.units_a),
                                 units_b = units_with_libraries(sides.units_b);
  if (units_a.empty() || units_b.empty()) {
    items.push_back({"libraries", Layer::kernel_library, "libraries loaded", unseen_text(sides.units_a),
                     unseen_text(sides.units_b), ItemState::unknown, false});
    return;
  }
  LoadedByStem a = loaded_by(units_a, sides.variant_a->program);
  LoadedByStem b = loaded_by(units_b, sides.variant_b->program);
  std::set<std::string> stems;
  for (const auto* side : {&a, &b}) {
    for (const auto& [stem, loaded] : *side) stems.insert(stem);
  }
  add_runtime_item(a, b, sides, items);
  for (const std::string& stem : stems) {
    const Loaded& of_a = a[stem];
    const Loaded& of_b = b[stem];
    const std::string& path = of_a.units > 0 ? *of_a.paths.begin() : *of_b.paths.begin();
    items.push_back({id_of(stem, of_a, of_b), library_layer(path), library_item_title(path),
                     text_of_library(of_a, units_a.size()), text_of_library(of_b, units_b.size()),
                     state_of_library(of_a, of_b, sides), false});
  }
}

}  // namespace varve
