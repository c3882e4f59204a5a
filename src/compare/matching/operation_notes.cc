#include "compare/matching/operation_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/units.h"

namespace varve {

namespace {
constexpr std::size_t kMostOperations = 6;

// Mean seconds a unit; under the empty name what served nobody.
std::map<std::string, double> seconds_by_operation(const ServedSide& side) {
  std::map<std::string, double> seconds;
  for (const Profile* profile : side.profiles) {
    for (const ProfileRow& row : profile->rows) {
      const bool known = row.key.operation != kNoKernel;
      const std::string name = known ? short_name((*side.kernels)[row.key.operation].key.name) : "";
      seconds[name] += 1e-9 * static_cast<double>(row.time.total_ns) / static_cast<double>(side.profiles.size());
    }
  }
  return seconds;
}

bool tells(const std::map<std::string, double>& seconds) { return seconds.size() > seconds.count(""); }
}  // namespace

std::vector<std::string> operation_notes(const ServedSide& a, const ServedSide& b) {
  const std::map<std::string, double> seconds_a = seconds_by_operation(a), seconds_b = seconds_by_operation(b);
  if (!tells(seconds_a) || !tells(seconds_b)) return {};
  struct Change {
    std::string name;
    double a = 0, b = 0;
  };
  std::map<std::string, Change> by_name;
  for (const auto& [name, value] : seconds_a) by_name[name].a = value;
  for (const auto& [name, value] : seconds_b) by_name[name].b = value;
  const Change nobody = by_name[""];
  by_name.erase("");
  std::vector<Change> changes;
  for (auto& [name, change] : by_name) changes.push_back({name, change.a, change.b});
  std::stable_sort(changes.begin(), changes.end(), [](const Change& left, const Change& right) {
    return std::fabs(left.b - left.a) > std::fabs(right.b - right.a);
  });
  const auto text = [](const std::string& whom, const Change& change) {
    return fmt::format("for {}: {} → {} a unit", whom, format_seconds(change.a), format_seconds(change.b));
  };
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < std::min(changes.size(), kMostOperations); ++i) {
    notes.push_back(text(changes[i].name, changes[i]));
  }
  notes.push_back(text("nobody that is known", nobody));
  return notes;
}

}  // namespace varve
