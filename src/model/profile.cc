#include "model/profile.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace varve {

namespace {
using RowKey = std::tuple<std::string, std::string, std::string>;

RowKey key_of(const Kernel& kernel) { return {kernel.library, kernel.name, kernel.build_id}; }
}  // namespace

Profile merge_profiles(const Profile& a, const Profile& b) {
  if (a.witness.empty() && a.rows.empty() && a.unseen.empty()) return b;
  if (b.witness.empty() && b.rows.empty() && b.unseen.empty()) return a;
  Profile sum;
  sum.witness = a.witness == b.witness ? a.witness : "several";
  sum.scope = a.scope == b.scope ? a.scope : "several";
  sum.period_seconds = a.period_seconds == b.period_seconds ? a.period_seconds : 0;
  sum.samples = a.samples + b.samples;
  sum.lost = a.lost + b.lost;
  std::map<RowKey, ProfileRow> rows;
  for (const Profile* part : {&a, &b}) {
    for (const ProfileRow& row : part->rows) {
      auto [at, inserted] = rows.try_emplace(key_of(row.kernel), row);
      if (inserted) continue;
      at->second.samples += row.samples;
      at->second.launches += row.launches;
      at->second.seconds += row.seconds;
    }
  }
  for (auto& [key, row] : rows) sum.rows.push_back(std::move(row));
  sum.unseen = a.unseen;
  sum.unseen.insert(sum.unseen.end(), b.unseen.begin(), b.unseen.end());
  std::sort(sum.unseen.begin(), sum.unseen.end());
  sum.unseen.erase(std::unique(sum.unseen.begin(), sum.unseen.end()), sum.unseen.end());
  return sum;
}

namespace {
// Where the parenthesis that closes at `close` opens; npos when none does.
std::size_t opening_of(const std::string& text, std::size_t close) {
  int depth = 0;
  for (std::size_t at = close + 1; at-- > 0;) {
    if (text[at] == ')') ++depth;
    if (text[at] == '(' && --depth == 0) return at;
  }
  return std::string::npos;
}
}  // namespace

std::string short_name(const std::string& kernel_name) {
  static const std::string anonymous = "(anonymous namespace)::";
  std::string name = kernel_name;
  if (const std::size_t clone = name.find(" [clone "); clone != std::string::npos) name.resize(clone);
  for (std::size_t at; (at = name.find(anonymous)) != std::string::npos;) name.erase(at, anonymous.size());
  if (name.ends_with(" const")) name.resize(name.size() - 6);
  if (!name.ends_with(')')) return name.empty() ? kernel_name : name;
  const std::size_t open = opening_of(name, name.size() - 1);
  return open == std::string::npos || open == 0 ? kernel_name : name.substr(0, open);
}

double profile_seconds(const Profile& profile) {
  double seconds = 0;
  for (const ProfileRow& row : profile.rows) seconds += row.seconds;
  return seconds;
}

}  // namespace varve
