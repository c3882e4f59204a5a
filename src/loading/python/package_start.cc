#include "loading/python/package_start.h"

#include <algorithm>
#include <utility>

#include "base/at_once.h"
#include "base/dotted_version.h"
#include "base/text.h"
#include "loading/python/import_text.h"
#include "package/python_imports.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostSource = std::size_t{2} << 20;  // of one file
constexpr std::size_t kMostFiles = 512;                    // that are followed
constexpr std::size_t kMostName = 256;                     // of a library

std::string path_of_module(std::string module) {
  std::replace(module.begin(), module.end(), '.', '/');
  return module;
}

// "..lib" in the package torch.cuda is "torch.lib"; empty where there are more dots than packages.
std::string absolute_module(const std::string& name, const std::string& module, bool is_package) {
  const std::size_t dots = std::min(name.find_first_not_of('.'), name.size());
  if (dots == 0) return name;
  std::string base = module;
  for (std::size_t up = is_package ? 1 : 0; up < dots; ++up) {
    const std::size_t dot = base.rfind('.');
    if (dot == std::string::npos) return {};
    base.resize(dot);
  }
  return dots == name.size() ? base : base + "." + name.substr(dots);
}

void add_imports(const std::string& source, const std::string& module, bool is_package, std::set<std::string>& names,
                 bool tried = false) {
  std::vector<std::string> imports = tried ? imports_tried(source) : imports_at_once(source);
  for (const std::string& body : bodies_run_at_import(source)) {
    for (std::string& name : tried ? imports_tried(body) : imports_at_once(body)) imports.push_back(std::move(name));
  }
  for (const std::string& name : imports) {
    const std::string whole = absolute_module(name, module, is_package);
    // "a.b.c" imports a and a.b first.
    for (std::size_t dot = whole.find('.'); dot != std::string::npos; dot = whole.find('.', dot + 1)) {
      names.insert(whole.substr(0, dot));
    }
    if (!whole.empty()) names.insert(whole);
  }
}
}  // namespace

PackageStart::PackageStart(const Files& files, std::string folder, const std::vector<std::string>& tops,
                           std::vector<std::string> sources)
    : files_(files), folder_(std::move(folder)), tops_(tops), sources_(std::move(sources)) {
  for (const std::string& top : tops_) {
    std::optional<Text> text = read_module(top);
    if (!text) continue;
    add_imports(text->source, text->module, text->is_package, imports_);
    texts_.push_back(std::move(*text));
  }
}

std::optional<PackageStart::Text> PackageStart::read_module(const std::string& module) const {
  const std::string below = "/" + path_of_module(module);
  for (std::size_t i = 0; i <= sources_.size(); ++i) {
    const std::string& folder = i == 0 ? folder_ : sources_[i - 1];
    for (const bool is_package : {true, false}) {
      Looked<std::string> source = files_.read(folder + below + (is_package ? "/__init__.py" : ".py"), kMostSource);
      if (source) return Text{module, is_package, std::move(*source.value)};
    }
  }
  return std::nullopt;
}

const std::set<std::string>& PackageStart::all_imports() const {
  if (!all_imports_) {
    Reached reached = follow(false);
    all_imports_ = std::move(reached.imports);
    asks_for_runtime_ = std::any_of(reached.texts.begin(), reached.texts.end(), [](const Text& text) {
      return comes_to_at_import(text.source, "runtime.getLocalRuntimeVersion(");
    });
  }
  return *all_imports_;
}

bool PackageStart::asks_for_runtime() const {
  (void)all_imports();
  return asks_for_runtime_;
}

bool PackageStart::does_without(const std::string& module) const {
  if (!is_known()) return false;
  const std::string name = module.substr(module.rfind('.') + 1);
  const std::vector<Text> texts = follow(true).texts;
  return std::none_of(texts.begin(), texts.end(), [&](const Text& text) {
    const auto has = [&](std::string_view part) { return text.source.find(part) != std::string::npos; };
    return has(name) || has("import_module(") || has("__import__(") || has("pkgutil");
  });
}

std::vector<std::string> PackageStart::compiled_modules() const {
  std::vector<std::string> modules;
  for (const Text& text : follow(true).texts) {
    const std::vector<std::string> at_once = imports_at_once(text.source);
    const bool has_builder = std::any_of(at_once.begin(), at_once.end(), [](const std::string& name) {
      return name == "torch.utils.cpp_extension" || name == "torch.utils.cpp_extension.load";
    });
    if (!has_builder || !calls_outside_functions(text.source, "load")) continue;
    for (const std::string& name : imports_tried(text.source)) {
      const bool is_tried = std::find(at_once.begin(), at_once.end(), name) == at_once.end();
      const bool is_named = text.source.find("\"" + name + "\"") != std::string::npos ||
                            text.source.find("'" + name + "'") != std::string::npos;
      if (is_tried && is_named && name.find('.') == std::string::npos) modules.push_back(name);
    }
  }
  return modules;
}

PackageStart::Reached PackageStart::follow(bool tried) const {
  Reached reached{imports_, texts_};
  for (const Text& text : texts_) add_imports(text.source, text.module, text.is_package, reached.imports, tried);
  std::vector<std::string> waiting(reached.imports.begin(), reached.imports.end());
  std::set<std::string> read(tops_.begin(), tops_.end());
  while (!waiting.empty() && read.size() < kMostFiles) {
    std::vector<std::string> modules;
    for (const std::string& module : std::exchange(waiting, {})) {
      const bool is_own = std::any_of(tops_.begin(), tops_.end(), [&](const std::string& top) {
        return module == top || module.starts_with(top + ".");
      });
      if (is_own && read.size() < kMostFiles && read.insert(module).second) modules.push_back(module);
    }
    std::vector<std::optional<Text>> texts(modules.size());
    std::vector<std::set<std::string>> names(modules.size());
    for_each_at_once(modules.size(), [&](std::size_t i) {
      texts[i] = read_module(modules[i]);
      if (texts[i]) add_imports(texts[i]->source, texts[i]->module, texts[i]->is_package, names[i], tried);
    });
    for (std::size_t i = 0; i < modules.size(); ++i) {
      for (const std::string& name : names[i]) {
        if (reached.imports.insert(name).second) waiting.push_back(name);
      }
      if (texts[i]) reached.texts.push_back(std::move(*texts[i]));
    }
  }
  return reached;
}

std::set<std::string> PackageStart::opened_by_import(const std::vector<std::string>& file_names) const {
  std::set<std::string> opened;
  const std::vector<Text> texts = follow(false).texts;
  const bool opens_some =
      std::any_of(texts.begin(), texts.end(), [](const Text& text) { return opens_at_import(text.source, ""); });
  LibraryMentions mentions;
  std::vector<const Text*> insisting;
  for (const Text& text : texts) {
    if (opens_some) mentions.add(text.source);
    if (may_insist(text.source)) insisting.push_back(&text);
  }
  for (const std::string& name : file_names) {
    const bool insists = std::any_of(insisting.begin(), insisting.end(),
                                     [&](const Text* text) { return insists_at_import(text->source, name); });
    if (mentions.hold(name) || insists || opens(name)) opened.insert(name);
  }
  return opened;
}

std::vector<std::string> PackageStart::opened_names() const {
  std::vector<std::string> names;
  for (const Text& text : follow(true).texts) add_opened_names(text, names);
  return names;
}

std::map<std::string, std::vector<std::string>> PackageStart::names_opened_at_top() const {
  std::map<std::string, std::vector<std::string>> by_file;
  for (const Text& text : texts_) {
    const std::string path = folder_ + "/" + path_of_module(text.module);
    add_opened_names(text, by_file[path + (text.is_package ? "/__init__.py" : ".py")]);
  }
  return by_file;
}

void PackageStart::add_opened_names(const Text& text, std::vector<std::string>& names) {
  for (const std::string_view call : {"CDLL(", "LoadLibrary("}) {
    for (std::size_t at = text.source.find(call); at != std::string::npos; at = text.source.find(call, at + 1)) {
      const std::size_t quote = at + call.size();
      const char mark = quote < text.source.size() ? text.source[quote] : ' ';
      const std::size_t end = mark == '"' || mark == '\'' ? text.source.find(mark, quote + 1) : std::string::npos;
      if (end == std::string::npos || end - quote > kMostName) continue;
      const std::string name = text.source.substr(quote + 1, end - quote - 1);
      const bool is_plain = name.starts_with("lib") && name.find_first_of("/{%\n") == std::string::npos;
      const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
      if (is_plain && is_new && opens_at_import(text.source, name)) names.push_back(name);
    }
  }
}

bool PackageStart::opens(const std::string& file_name) const {
  return std::any_of(texts_.begin(), texts_.end(),
                     [&](const Text& text) { return opens_at_import(text.source, file_name); });
}

bool PackageStart::opens_wheels() const {
  const auto names_nvidia = [](const std::string& text) { return text.find("nvidia") != std::string::npos; };
  for (const std::string& top : tops_) {
    const std::string folder = folder_ + "/" + path_of_module(top);
    const std::vector<std::string> names = files_.list(folder).value.value_or(std::vector<std::string>{});
    std::vector<std::string> sources;
    bool opens_some = false;
    for (const std::string& name : names) {
      if (!name.ends_with(".py")) continue;
      Looked<std::string> source = files_.read(folder + "/" + name, kMostSource);
      if (!source) continue;
      const bool opens = opens_libraries(*source);
      if (opens && names_nvidia(*source)) return true;
      opens_some = opens_some || opens;
      sources.push_back(std::move(*source.value));
    }
    if (!opens_some) continue;
    // The list of what is opened may stand in a file beside it, which one of them reads for another that opens
    // (faiss-gpu's PRELOAD_SHARED_LIBRARIES.json).
    for (const std::string& list : names) {
      const auto reads = [&](const std::string& source) { return source.find(list) != std::string::npos; };
      if (!list.ends_with(".json") || std::none_of(sources.begin(), sources.end(), reads)) continue;
      const Looked<std::string> text = files_.read(folder + "/" + list, kMostSource);
      if (text && names_nvidia(*text)) return true;
    }
  }
  // A package that is one module.
  return std::any_of(texts_.begin(), texts_.end(),
                     [&](const Text& text) { return opens_libraries(text.source) && names_nvidia(text.source); });
}

bool asks_for_opener(const Package& package) {
  return std::any_of(package.requirements.begin(), package.requirements.end(), [](const Requirement& wanted) {
    const PackageRow* asked = find_package_row(normal_package_name(wanted.name));
    return asked != nullptr && asked->opens_wheels;
  });
}

std::optional<bool> opens_wheels_first(const Package& package, const PackageStart& start, bool opener_looks) {
  const PackageRow* row = find_package_row(normal_package_name(package.name));
  if (asks_for_opener(package)) return opener_looks;
  if (row != nullptr && !row->preloads_from.empty()) {
    const std::optional<DottedVersion> from = dotted_version_from(row->preloads_from);
    const std::optional<DottedVersion> version = dotted_version_from(package.version);
    return !from || !version || *version >= *from;
  }
  return start.is_known() ? std::optional(start.opens_wheels()) : std::nullopt;
}

}  // namespace varve
