#include "tables/kernel_names.h"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <vector>

#include "base/embedded.h"

namespace varve {
namespace {

constexpr std::size_t kLongestName = 2000;  // std::regex takes stack for every character
constexpr std::size_t kMostKept = 100'000;

struct DispatchRow {
  std::regex regex;
  std::string base, architecture;
};
struct FamilyRow {
  std::regex regex;
  Family family = Family::other;
};
struct Patterns {
  std::vector<DispatchRow> dispatch;
  std::vector<FamilyRow> families;
};

// The file is part of the program: what is wrong with it shows in the tests, not to users.
Patterns read_patterns() {
  Patterns patterns;
  auto text = embedded_file("data/kernel_patterns.json");
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return patterns;
  for (const auto& row : document.value("dispatch", nlohmann::json::array())) {
    patterns.dispatch.push_back({std::regex(row.at("regex").get<std::string>(), std::regex::optimize),
                                 row.at("base").get<std::string>(), row.at("architecture").get<std::string>()});
  }
  for (const auto& row : document.value("families", nlohmann::json::array())) {
    patterns.families.push_back({std::regex(row.at("regex").get<std::string>(), std::regex::optimize),
                                 family_from(row.at("family").get<std::string>())});
  }
  return patterns;
}

KernelMeaning read_name(const std::string& name) {
  static const Patterns patterns = read_patterns();
  KernelMeaning meaning{Family::other, name, ""};
  if (name.size() > kLongestName) return meaning;
  for (const DispatchRow& row : patterns.dispatch) {
    std::smatch match;
    if (!std::regex_search(name, match, row.regex)) continue;
    meaning.architecture = match.format(row.architecture);
    meaning.base = std::regex_replace(name, row.regex, row.base);
    break;
  }
  for (const FamilyRow& row : patterns.families) {
    if (!std::regex_search(meaning.base, row.regex)) continue;
    meaning.family = row.family;
    break;
  }
  return meaning;
}

}  // namespace

KernelMeaning kernel_meaning(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, KernelMeaning, std::less<>> known;
  std::lock_guard lock(mutex);
  auto found = known.find(name);
  if (found != known.end()) return found->second;
  if (known.size() >= kMostKept) known.clear();
  std::string text(name);
  KernelMeaning meaning = read_name(text);
  known.emplace(std::move(text), meaning);
  return meaning;
}

}  // namespace varve
