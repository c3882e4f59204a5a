// What of the stack moves as one beside environments: the image that a command runs in, the CUDA toolkit that its
// variables lead to.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "compare/items/items.h"
#include "model/answers/stack_components.h"

namespace varve {

namespace {
ItemState state_of_image(const ContainerImage& a, const ContainerImage& b, bool one_document) {
  if (!a.digest.empty() && !b.digest.empty()) return a.digest == b.digest ? ItemState::same : ItemState::different;
  if (a.reference != b.reference) return ItemState::different;
  // A name may lead to another image tomorrow.
  return one_document ? ItemState::shared : ItemState::unknown;
}

std::string text_of_image(const std::optional<ContainerImage>& image) {
  if (!image) return "(none)";
  if (image->digest.empty()) return image->reference;
  const std::string digest = image->digest.substr(image->digest.find(':') + 1);  // "sha256:…"
  return fmt::format("{} (sha256 {})", image->reference, digest.substr(0, 12));
}

std::string text_of_toolkit(const std::optional<Toolkit>& toolkit) {
  if (!toolkit) return "(none)";
  return fmt::format("{} in {}",
                     toolkit->version.is_known() ? value_text(*toolkit->version.value) : "version not known",
                     toolkit->path);
}

ItemState state_of_toolkit(const Toolkit& a, const Toolkit& b) {
  const bool versions = same_fact(a.version, b.version) && same_fact(a.nvcc, b.nvcc) && a.components == b.components;
  if (!versions) return ItemState::different;
  if (a.path == b.path) return ItemState::same;
  return a.version.is_known() ? ItemState::same : ItemState::unknown;
}

// "/usr/local/cuda-12.4" wherever it stands as a whole folder, replaced by "\1".
std::string without_path(const std::string& text, const std::vector<std::string>& paths) {
  std::string out = text;
  for (const std::string& path : paths) {
    for (std::size_t at = out.find(path); !path.empty() && at != std::string::npos; at = out.find(path, at)) {
      const std::size_t end = at + path.size();
      const bool whole = end == out.size() || out[end] == '/' || out[end] == ':';
      if (whole) out.replace(at, path.size(), "\1");
      at += 1;
    }
  }
  return out;
}

// The toolkit's path, and those by which people lead to it.
std::vector<std::string> names_of(const Toolkit& toolkit) {
  std::vector<std::string> names = {toolkit.path};
  for (const std::string& name : toolkit.named_by) {
    if (name.starts_with('/') || name.starts_with('~')) names.push_back(name);
  }
  std::sort(names.begin(), names.end(), [](const auto& left, const auto& right) { return left.size() > right.size(); });
  return names;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

// Libraries that were mapped from the toolkit of their side, by path:
// "/usr/local/cuda-12.4/lib64/libcublas.so.12.4.5.8".
std::map<std::string, std::string> mapped_from(const Toolkit& toolkit, const std::vector<const Unit*>& units) {
  std::map<std::string, std::string> build_ids;
  for (const Unit* unit : units) {
    for (const Library& library : unit->libraries) {
      if (is_below(library.path, toolkit.path)) build_ids.emplace(library.path, library.build_id);
    }
  }
  return build_ids;
}

// By the file's name where that says more than its SONAME ("libcublas.so.12.4.5.8"), else by its build id.
std::string version_of_mapped(const std::string& path, const std::string& build_id) {
  const std::size_t end = path.rfind(".so.");
  const std::string version = end == std::string::npos ? "" : path.substr(end + 4);
  if (version.find('.') != std::string::npos) return version;
  return build_id.empty() ? "" : "build id " + build_id.substr(0, 12);
}

// Whether all that differs in a setting is the toolkit's folder.
bool leads_to_toolkits(const ControlItem& item, const Sides& sides) {
  const std::optional<Toolkit>&a = sides.variant_a->toolkit, &b = sides.variant_b->toolkit;
  if (!item.id.starts_with("settings.") || (!a && !b)) return false;
  if (!a || !b) {  // CUDA_HOME of the one side, which the other does not set
    const std::string& told = a ? item.a : item.b;
    return (a ? item.b : item.a) == "(not set)" && without_path(told, names_of(a ? *a : *b)) == "\1";
  }
  const std::string of_a = without_path(item.a, names_of(*a)), of_b = without_path(item.b, names_of(*b));
  return of_a == of_b && of_a != item.a;
}

struct FoldedLibraries {
  std::size_t a = 0, b = 0;  // loaded on either side
};

// Takes the libraries out that differ and are owned; what stays in their place is one item.
template <class Owned>
void fold_libraries(std::vector<ControlItem>& items, const char* owner, const std::string& title, Layer layer,
                    Owned owned) {
  FoldedLibraries folded;
  std::erase_if(items, [&](const ControlItem& item) {
    const bool open = item.state == ItemState::different || item.state == ItemState::unknown;
    if (!open || !item.id.starts_with("library.") || !owned(item)) return false;
    folded.a += item.a != kNotLoaded ? 1 : 0;
    folded.b += item.b != kNotLoaded ? 1 : 0;
    return true;
  });
  if (folded.a + folded.b == 0) return;
  const auto place = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.id == owner; });
  items.insert(place + 1, {std::string(owner) + ".libraries", layer, title, fmt::format("{} loaded", folded.a),
                           fmt::format("{} loaded", folded.b), ItemState::follows, false});
}

// Documents of Varve before it kept the toolkit of a side: the machine had one, and whether the side did is not told.
constexpr const char* kNotRecorded = "not recorded";
bool is_unrecorded(const Run& run) {
  const auto active = run.stack.facts.find("toolkit.active");
  return active != run.stack.facts.end() && active->second.is_known();
}

ControlItem* find_owner(std::vector<ControlItem>& items, std::string_view id) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const ControlItem& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}
}  // namespace

void add_image_item(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<ContainerImage>&a = sides.variant_a->image, &b = sides.variant_b->image;
  if (!a && !b) return;
  ControlItem item{kImage, Layer::container, "image", text_of_image(a), text_of_image(b), ItemState::different, false};
  if (a && b) item.state = state_of_image(*a, *b, sides.one_document);
  const bool is_open = item.state == ItemState::different && a && b && (!a->missing.empty() || !b->missing.empty());
  items.push_back(std::move(item));
  if (!is_open) return;
  const auto contents = [](const ContainerImage& image) {
    return image.missing.empty() ? fmt::format("{} components", image.components.size())
                                 : "not known: " + image.missing;
  };
  items.push_back({"image.contents", Layer::container, "what is in the image", contents(*a), contents(*b),
                   ItemState::unknown, false});
}

void add_toolkit_item(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<Toolkit>&a = sides.variant_a->toolkit, &b = sides.variant_b->toolkit;
  // A toolkit that stands beside a program steers nothing of it.
  const bool mapped = (a && !mapped_from(*a, sides.units_a).empty()) || (b && !mapped_from(*b, sides.units_b).empty());
  const bool named = std::any_of(items.begin(), items.end(), [&](const ControlItem& item) {
    return item.state == ItemState::different && leads_to_toolkits(item, sides);
  });
  if ((!a && !b) || (!mapped && !named)) return;
  ControlItem item{kToolkit,           Layer::host_toolkit,  "CUDA toolkit", text_of_toolkit(a),
                   text_of_toolkit(b), ItemState::different, false};
  if (a && b) item.state = state_of_toolkit(*a, *b);
  if (!a && is_unrecorded(*sides.run_a)) item.a = kNotRecorded, item.state = ItemState::unknown;
  if (!b && is_unrecorded(*sides.run_b)) item.b = kNotRecorded, item.state = ItemState::unknown;
  items.push_back(std::move(item));
}

void let_toolkit_explain(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<Toolkit>&a = sides.variant_a->toolkit, &b = sides.variant_b->toolkit;
  const ControlItem* toolkit = find_owner(items, kToolkit);
  if (toolkit == nullptr || toolkit->state != ItemState::different) return;
  for (ControlItem& item : items) {
    if (item.state == ItemState::different && leads_to_toolkits(item, sides)) item.state = ItemState::follows;
  }
  std::set<std::string> titles;
  if (a) {
    for (const auto& [path, id] : mapped_from(*a, sides.units_a)) titles.insert(library_item_title(path));
  }
  if (b) {
    for (const auto& [path, id] : mapped_from(*b, sides.units_b)) titles.insert(library_item_title(path));
  }
  fold_libraries(items, kToolkit, "libraries of the toolkit", Layer::host_toolkit,
                 [&](const ControlItem& item) { return titles.contains(item.title); });
}

void let_image_explain(const Sides& sides, std::vector<ControlItem>& items) {
  const ControlItem* image = find_owner(items, kImage);
  if (image == nullptr || image->state != ItemState::different) return;
  // The file that an image is, is named in the command.
  std::set<std::string> files;
  for (const Variant* variant : {sides.variant_a, sides.variant_b}) {
    if (!variant->image) continue;
    for (const NamedFile& file : variant->files) {
      if (file.argument == variant->image->argument) files.insert("file." + file.path);
    }
  }
  std::erase_if(items, [&](const ControlItem& item) { return files.contains(item.id); });
  fold_libraries(items, kImage, "libraries of the image", Layer::container, [](const ControlItem&) { return true; });
}

std::vector<Component> components_of_toolkit(const Variant& variant, const std::vector<const Unit*>& units) {
  if (!variant.toolkit) return {};
  std::vector<Component> components = components_of(*variant.toolkit, {});
  std::vector<Component> mapped;
  for (const auto& [path, id] : mapped_from(*variant.toolkit, units)) {
    mapped.push_back({component_of_library(path), version_of_mapped(path, id), PackageRole::runtime});
  }
  std::stable_sort(mapped.begin(), mapped.end(), [](const Component& left, const Component& right) {
    return left.name.size() < right.name.size();  // libnvrtc before libnvrtc-builtins
  });
  for (Component& part : mapped) {
    const bool told = std::any_of(components.begin(), components.end(), [&](const Component& component) {
      return to_lower(part.name).starts_with(to_lower(component.name));
    });
    if (!told && !part.version.empty()) components.push_back(std::move(part));
  }
  return components;
}

}  // namespace varve
