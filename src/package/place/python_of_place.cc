#include "package/place/python_of_place.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostWheels = 256;

std::vector<std::string> names_of_wheels(const Files& files, const std::string& directory) {
  std::vector<std::string> names = files.list(directory).value.value_or(std::vector<std::string>{});
  if (names.size() > kMostWheels) names.resize(kMostWheels);
  return names;
}

}  // namespace

std::string leading_version(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  std::string version(text.substr(0, end));
  while (version.ends_with('.')) version.pop_back();
  return version;
}

// ".../lib/python3.11/site-packages" → "3.11"; Debian's "/usr/lib/python3/dist-packages" → "".
std::string version_in_folder(const std::string& folder) {
  const std::size_t at = folder.rfind("/python3.");
  return at == std::string::npos ? std::string() : leading_version(std::string_view(folder).substr(at + 7));
}

namespace {
// #define PY_VERSION "3.11.7" in include/python3.11/patchlevel.h of a prefix.
std::string version_in_header(const Files& files, const std::string& prefix, const std::string& minor) {
  const auto text = read_start(files, prefix + "/include/python" + minor + "/patchlevel.h", std::size_t{16} << 10);
  if (!text) return {};
  const std::size_t at = text->find("#define PY_VERSION ");
  const std::size_t quote = at == std::string::npos ? at : text->find('"', at);
  return quote == std::string::npos ? std::string() : leading_version(std::string_view(*text).substr(quote + 1));
}

}  // namespace

Fact python_of_folders(const Files& files, const std::string& prefix, const std::vector<std::string>& folders) {
  std::string minor = folders.empty() ? std::string() : version_in_folder(folders.front());
  if (minor.empty()) {
    const std::string link = prefix + "/bin/python3";  // Debian: python3 → python3.11
    const std::string target = files.read_link(link).value.value_or("");
    if (target.starts_with("python3.")) minor = leading_version(std::string_view(target).substr(6));
    if (minor.empty()) return missing_fact(Missing::absent, prefix, "nothing in it says a version of Python");
    return known_fact(minor, link, Standing::inferred);
  }
  const std::string full = version_in_header(files, prefix, minor);
  if (!full.empty()) return known_fact(full, "include/python" + minor + "/patchlevel.h");
  return known_fact(minor, "lib/python" + minor, Standing::inferred);
}

// What the wheels of a plain folder are for: "Tag: cp312-cp312-manylinux_2_17_x86_64" in each WHEEL, those for any
// release (cp39-abi3) left out. The Python on PATH may be another.
Fact python_of_wheels(const Files& files, const std::string& folder) {
  std::set<std::string> versions;
  for (const std::string& name : names_of_wheels(files, folder)) {
    if (!name.ends_with(".dist-info")) continue;
    const Looked<std::string> text = read_value(files, folder + "/" + name + "/WHEEL");
    const std::string tag(text ? find_field(*text, "Tag", ':').value_or("") : std::string_view());
    const std::size_t dash = tag.find('-');
    if (!tag.starts_with("cp3") || dash < 4 || dash == std::string::npos) continue;
    const std::string python = tag.substr(0, dash), minor = python.substr(3);
    const bool for_one = tag.substr(dash + 1).starts_with(python + "-");
    if (for_one && minor.find_first_not_of("0123456789") == std::string::npos) versions.insert("3." + minor);
  }
  if (versions.size() != 1) return missing_fact(Missing::absent, folder, "nothing in it says a version of Python");
  return known_fact(*versions.begin(), "the tags of its wheels", Standing::inferred);
}

}  // namespace varve
