#include "loading/python/library_openers.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/text.h"
#include "loading/python/import_text.h"

namespace varve {

namespace {
constexpr std::size_t kMostOpenerSource = std::size_t{2} << 20;  // of one file
constexpr std::size_t kMostFilesOfTop = 64;                      // of one package
constexpr std::size_t kMostFilesBelow = 512;                     // in the folders of one package's top
constexpr std::size_t kMostFollowed = 64;
constexpr int kMostImportsDeep = 3;

// "import librmm, numpy as np" and "from librmm.load import x" in a line of its own, however deep: a function, or a try
// whose handler does without, counts too: {"librmm", "numpy"}. Of a namespace, a folder that no package has to itself,
// the part of it: "nvidia/libnvcomp" of "import nvidia.libnvcomp" and of "from nvidia import libnvcomp".
void add_imported_tops(std::string_view source, const std::function<bool(const std::string&)>& is_namespace,
                       std::set<std::string>& tops) {
  for (std::string_view line : split(source, '\n')) {
    line = trim(line);
    const bool is_from = line.starts_with("from ");
    if (!is_from && !line.starts_with("import ")) continue;
    line.remove_prefix(is_from ? 5 : 7);
    const std::string_view from = is_from ? line.substr(0, line.find(' ')) : std::string_view();
    const bool of_namespace = is_from && is_namespace(std::string(from));
    if (of_namespace) line.remove_prefix(std::min(line.size(), from.size() + std::string_view(" import ").size()));
    for (std::string_view name : split(is_from && !of_namespace ? from : line, ',')) {
      name = trim(name);
      const std::string_view whole = name.substr(0, name.find_first_of(" ;#"));
      const std::string top(whole.substr(0, whole.find('.')));
      if (top.empty()) continue;
      if (of_namespace) {
        tops.insert(std::string(from) + "/" + top);
      } else if (top.size() < whole.size() && is_namespace(top)) {
        const std::string_view rest = whole.substr(top.size() + 1);
        tops.insert(top + "/" + std::string(rest.substr(0, rest.find('.'))));
      } else {
        tops.insert(top);
      }
    }
  }
}
// Whether the text names the folder or package of this name as a whole: "librmm" or "librmm/lib64", not "librmm.so".
bool names_holder(const std::string& source, const std::string& holder) {
  for (std::size_t at = source.find(holder); at != std::string::npos && !holder.empty();
       at = source.find(holder, at + 1)) {
    const char before = at == 0 ? ' ' : source[at - 1];
    const char next = at + holder.size() < source.size() ? source[at + holder.size()] : ' ';
    const bool begins = before == '"' || before == '\'' || before == '/';
    if (begins && (next == '"' || next == '\'' || next == '/')) return true;
  }
  return false;
}
}  // namespace

bool LibraryOpeners::is_namespace(const std::string& top) {
  const auto [at, is_new] = namespaces_.try_emplace(top, false);
  if (is_new && !top.empty()) {
    for (const std::string& place : folders_) {
      const Looked<FileKind> kind = files_.kind(place + "/" + top);
      if (!kind || *kind != FileKind::directory) continue;
      at->second = !files_.exists(place + "/" + top + "/__init__.py");
      break;
    }
  }
  return at->second;
}

const LibraryOpeners::Module& LibraryOpeners::module(std::string top) {
  std::replace(top.begin(), top.end(), '.', '/');
  const auto [at, is_new] = modules_.try_emplace(top);
  Module& module = at->second;
  if (!is_new) return module;
  for (const std::string& place : folders_) {
    const std::string folder = place + "/" + top;
    std::size_t count = 0;
    for (const std::string& name : files_.list(folder).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".py") || ++count > kMostFilesOfTop) continue;
      Looked<std::string> source = files_.read(folder + "/" + name, kMostOpenerSource);
      if (!source) continue;
      add_imported_tops(
          *source, [this](const std::string& one) { return is_namespace(one); }, module.imports);
      if (opens_libraries(*source)) module.openers.push_back(std::move(*source.value));
    }
    if (count == 0) continue;
    module.folder = folder + "/";
    break;
  }
  module.imports.erase(top);
  return module;
}

bool LibraryOpeners::opens(const std::vector<std::string>& tops, const std::string& library) {
  const std::string name = file_name(library);
  std::string holder;  // the folder of packages' entry that the library lies in
  for (const std::string& place : folders_) {
    if (library.starts_with(place + "/")) holder = library.substr(place.size() + 1);
  }
  holder.resize(holder.find('/') == std::string::npos ? 0 : holder.find('/'));
  std::set<std::string> seen(tops.begin(), tops.end());
  std::vector<std::string> level(seen.begin(), seen.end());
  for (int depth = 0; depth <= kMostImportsDeep && !level.empty(); ++depth) {
    std::vector<std::string> next;
    for (const std::string& top : level) {
      const Module& one = module(top);
      const auto does = [&](const std::string& source) { return names_library(source, name); };
      const bool is_own = !one.folder.empty() && library.starts_with(one.folder);
      if (is_own && std::any_of(one.openers.begin(), one.openers.end(), does)) return true;
      const bool opens_of_other = std::any_of(one.openers.begin(), one.openers.end(), [&](const std::string& source) {
        return depth == 0 && does(source) && names_holder(source, holder);
      });
      if (opens_of_other) return true;
      for (const std::string& other : one.imports) {
        if (seen.size() < kMostFollowed && seen.insert(other).second) next.push_back(other);
      }
    }
    level = std::move(next);
  }
  return false;
}

const std::vector<std::string>& LibraryOpeners::openers_below(const std::string& top) {
  const auto [at, is_new] = below_.try_emplace(top);
  if (!is_new) return at->second;
  const std::string& folder = module(top).folder;
  std::size_t count = 0;
  for (const std::string& below : files_.list(folder).value.value_or(std::vector<std::string>{})) {
    for (const std::string& name : files_.list(folder + below).value.value_or(std::vector<std::string>{})) {
      if (!name.ends_with(".py") || ++count > kMostFilesBelow) continue;
      Looked<std::string> source = files_.read(folder + below + "/" + name, kMostOpenerSource);
      const bool opens = source && opens_libraries(*source) && source->find("nvidia") != std::string::npos;
      if (opens) at->second.push_back(std::move(*source.value));
    }
  }
  return at->second;
}

bool LibraryOpeners::opens_below(const std::vector<std::string>& tops, const std::string& library) {
  const std::string name = file_name(library);
  return std::any_of(tops.begin(), tops.end(), [&](const std::string& top) {
    const std::vector<std::string>& openers = openers_below(top);
    return std::any_of(openers.begin(), openers.end(),
                       [&](const std::string& source) { return names_library(source, name); });
  });
}

bool LibraryOpeners::mentions(const std::vector<std::string>& tops, const std::string& file_name) {
  std::string numberless = file_name.substr(0, file_name.find(".so"));
  while (!numberless.empty() && numberless.back() >= '0' && numberless.back() <= '9') numberless.pop_back();
  return std::any_of(tops.begin(), tops.end(), [&](const std::string& top) {
    const std::vector<std::string>& openers = module(top).openers;
    return std::any_of(openers.begin(), openers.end(), [&](const std::string& source) {
      return names_library(source, file_name) || names_library(source, numberless);
    });
  });
}

}  // namespace varve
