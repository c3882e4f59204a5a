#include "tables/settings.h"

#include <algorithm>

#include "base/redact.h"
#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
constexpr std::size_t kMostValueBytes = 4096;

// data/dispatch_settings.json: {"settings": [{"name": "OMP_*", "reason": …, "source": …}], "never": [{"name": …}]}. A
// name may end in a star. What stands under "never" is left out although a pattern above would take it. "known" lists
// whole names that a library reads, and where that is documented: {"names": […], "source": …}.
struct SettingList {
  std::vector<std::string> allowed, never;
  std::vector<std::string> known;  // whole names
};

const Result<SettingList>& setting_table() {
  static const Result<SettingList> list = []() -> Result<SettingList> {
    SettingList read;
    const auto date = read_table(chosen_tables(), "dispatch_settings", [&](const TableRow& table) {
      table.required_rows("settings", [&](const TableRow& row) {
        read.allowed.push_back(row.required("name"));
        row.required("reason");
        row.required("source");
      });
      table.each("never", [&](const TableRow& row) {
        read.never.push_back(row.required("name"));
        row.required("reason");
      });
      table.each("known", [&](const TableRow& row) {
        for (std::string& name : row.texts("names")) read.known.push_back(std::move(name));
        row.required("source");
      });
    });
    if (!date) return date.error();
    return read;
  }();
  return list;
}

const SettingList& setting_list() {
  static const SettingList none;
  return setting_table() ? *setting_table() : none;
}

bool matches_setting(std::string_view name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (!pattern.ends_with('*')) return name == pattern;
    pattern.remove_suffix(1);
    return !pattern.empty() && name.starts_with(pattern);
  });
}

// CUDA_VISIBLE_DEVICES may name GPUs by UUID, "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6": that identifies the machine.
std::string hash_gpu_ids(std::string_view value) {
  std::string result;
  for (const std::string_view piece : split(value, ',')) {
    if (!result.empty()) result += ',';
    const std::string_view trimmed = trim(piece);
    const std::string hashed = hashed_gpu_id(trimmed);
    result += hashed == trimmed ? std::string(piece) : hashed;
  }
  return result;
}

// Whether one text becomes the other by one letter more, less or another, or by two neighbours that change places.
bool is_one_letter_off(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  a.remove_prefix(same);
  b.remove_prefix(same);
  while (!a.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  const bool turned = a.size() == 2 && b.size() == 2 && a[0] == b[1] && a[1] == b[0];
  return turned || b.size() == 1;
}

Fact setting_fact(std::string_view value, std::string_view home) {
  constexpr const char* kSource = "environment";
  if (looks_like_secret(value)) return missing_fact(Missing::denied, kSource, "looks like a secret, not recorded");
  return known_fact(clean_utf8(shorten_home(hash_gpu_ids(value), home), kMostValueBytes), kSource);
}
}  // namespace

Status load_settings() { return setting_table() ? Status(Done{}) : Status(setting_table().error()); }

std::map<std::string, Fact> dispatch_settings(const std::map<std::string, std::string>& environment,
                                              std::string_view home) {
  const SettingList& list = setting_list();
  std::map<std::string, Fact> settings;
  for (const auto& [name, value] : environment) {
    if (!matches_setting(name, list.allowed) || matches_setting(name, list.never) || names_a_secret(name)) continue;
    if (name != clean_utf8(name, 256)) continue;
    settings.emplace(name, setting_fact(value, home));
  }
  return settings;
}

std::optional<std::string> misspelt_setting(std::string_view name) {
  const std::vector<std::string>& known = setting_list().known;
  if (std::find(known.begin(), known.end(), name) != known.end()) return std::nullopt;
  const auto meant =
      std::find_if(known.begin(), known.end(), [&](const std::string& one) { return is_one_letter_off(name, one); });
  return meant == known.end() ? std::nullopt : std::optional(*meant);
}

const std::map<std::string, FrameworkFact>& framework_facts() {
  static const std::map<std::string, FrameworkFact> facts = [] {
    std::map<std::string, FrameworkFact> read;
    const auto date = read_table(chosen_tables(), "framework_facts", [&](const TableRow& table) {
      table.required_rows("facts", [&](const TableRow& row) {
        const std::string id = row.required("id");
        read[id] = {row.required("title"), row.required("source")};
      });
    });
    return date ? read : std::map<std::string, FrameworkFact>{};
  }();
  return facts;
}

std::map<std::string, std::string> parse_environment(std::string_view block) {
  std::map<std::string, std::string> variables;
  for (const std::string_view piece : split(block, '\0')) {
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    variables.emplace(piece.substr(0, equals), piece.substr(equals + 1));
  }
  return variables;
}

}  // namespace varve
