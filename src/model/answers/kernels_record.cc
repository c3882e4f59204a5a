#include "model/answers/kernels_record.h"

#include <iterator>
#include <utility>

namespace varve {

void merge(KernelsRecord& into, KernelsRecord&& from) {
  std::move(from.sources.begin(), from.sources.end(), std::back_inserter(into.sources));
  merge(into.record, from.record);
  into.ranks = {};
}

bool has_evidence(const KernelsRecord& record) {
  for (const TraceSource& source : record.sources) {
    if (source.absence == KernelAbsence::none_absent || source.absence == KernelAbsence::none_launched) return true;
  }
  for (const auto& [kind, profile] : record.record.profiles.by_kind) {
    for (const ProfileRow& row : profile.rows) {
      const Activity activity = row.key.activity;
      if (activity == Activity::code || activity == Activity::operation) return true;
    }
  }
  return false;
}

}  // namespace varve
