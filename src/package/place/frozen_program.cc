#include "package/place/frozen_program.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "package/place/python_of_place.h"

namespace varve {

namespace {
constexpr std::string_view kElf =
    "\x7f"
    "ELF";
constexpr std::size_t kMostBeside = 256;

std::vector<std::string> some_names_in(const Files& files, const std::string& directory) {
  std::vector<std::string> names = files.list(directory).value.value_or(std::vector<std::string>{});
  std::sort(names.begin(), names.end());
  if (names.size() > kMostBeside) names.resize(kMostBeside);
  return names;
}

// The first file that starts as a program; of a compressed layer of an image only the name is known.
std::string starter_in(const Files& files, const std::string& directory) {
  for (const std::string& name : some_names_in(files, directory)) {
    const std::string path = directory + "/" + name;
    if (name.find(".so") != std::string::npos || files.kind(path).value != FileKind::regular) continue;
    const Looked<FileReader> file = files.open(path);
    char start[kElf.size()] = {};
    if (file && file->read_value(0, start) && std::string_view(start, sizeof start) == kElf) return path;
    if (!file && file.failure == LookFailure::unreadable && name.find('.') == std::string::npos) return path;
  }
  return {};
}
}  // namespace

std::optional<FrozenProgram> frozen_program_at(const Files& files, const std::string& directory) {
  FrozenProgram frozen;
  for (const char* below : {"/_internal", ""}) {
    if (files.exists(directory + below + "/base_library.zip")) frozen.folder = directory + below;
    if (!frozen.folder.empty()) break;
  }
  if (frozen.folder.empty()) return std::nullopt;
  for (const std::string& name : some_names_in(files, frozen.folder)) {
    constexpr std::string_view kPython = "libpython3.";
    if (!name.starts_with(kPython) || name.find(".so") == std::string::npos) continue;
    frozen.interpreter = frozen.folder + "/" + name;
    frozen.python =
        known_fact(leading_version(std::string_view(name).substr(kPython.size() - 2)), name, Standing::inferred);
  }
  if (frozen.interpreter.empty()) return std::nullopt;
  const bool is_inner = directory.ends_with("/_internal");
  frozen.program = starter_in(files, is_inner ? directory.substr(0, directory.rfind('/')) : directory);
  return frozen;
}

}  // namespace varve
