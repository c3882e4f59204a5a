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

double profile_seconds(const Profile& profile) {
  double seconds = 0;
  for (const ProfileRow& row : profile.rows) seconds += row.seconds;
  return seconds;
}

}  // namespace varve
