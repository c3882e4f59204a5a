#include "package/package_framework.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostVersionSource = std::size_t{1} << 20;

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// Numbers and dots at the start: "2.8cxx11abitrue" is "2.8", "24cu121" is "2.4", "210" is "2.10".
std::string release_at(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  std::string release(text.substr(0, end));
  while (release.ends_with('.')) release.pop_back();
  if (release.find('.') != std::string::npos || release.size() < 2 || release.size() > 3) return release;
  return release.substr(0, 1) + "." + release.substr(1);
}

// The text under "a.b" of a JSON document; empty when it is none.
std::string text_under(const Json& json, std::string_view path) {
  const Json* at = &json;
  for (const std::string_view key : split(path, '.')) {
    if (!at->is_object() || !at->contains(std::string(key))) return {};
    at = &(*at)[std::string(key)];
  }
  return at->is_string() ? clean_utf8(at->get_ref<const std::string&>(), 64) : std::string();
}

bool set_from_file(const Files& files, const PackageRow& row, const std::string& folder, Package& package) {
  if (row.built_for_file.empty() || folder.empty()) return false;
  const Looked<std::string> text = files.read(folder + "/" + row.built_for_file, kMostVersionSource);
  if (!text) return false;
  const Result<Json> json = parse_json(*text, "reading what a package was built for", row.built_for_file);
  if (!json) return false;
  const std::string version = text_under(*json, row.built_for_name);
  if (version.empty()) return false;
  package.built_for = row.built_for_name.substr(row.built_for_name.rfind('.') + 1) + " " + version;
  package.built_for_source = row.built_for_file + ": " + row.built_for_name;
  return true;
}
}  // namespace

std::string framework_in_local_version(std::string_view version) {
  const std::size_t plus = version.find('+');
  if (plus == std::string_view::npos) return {};
  const std::string local = to_lower(version.substr(plus + 1));
  for (const std::string_view word : {std::string_view("torch"), std::string_view("pt")}) {
    for (std::size_t at = local.find(word); at != std::string::npos; at = local.find(word, at + 1)) {
      const bool starts_word = at == 0 || !is_letter(local[at - 1]);
      const std::string release = release_at(std::string_view(local).substr(at + word.size()));
      if (starts_word && release.find('.') != std::string::npos) return "torch " + release;
    }
  }
  return {};
}

void set_built_for(const Files& files, const PackageRow& row, const std::string& folder, Package& package) {
  if (set_from_file(files, row, folder, package)) return;
  package.built_for = framework_in_local_version(package.version);
  if (!package.built_for.empty()) {
    package.built_for_source = "local version " + package.version.substr(package.version.find('+'));
  }
}

}  // namespace varve
