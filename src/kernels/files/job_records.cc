#include "kernels/files/job_records.h"

#include <algorithm>
#include <utility>

#include "kernels/analysis/ranks.h"

namespace varve {

namespace {
constexpr std::size_t kMostCollectives = 5'000;  // of a rank, 240 kB: a thousand ranks are 240 MB

// Rows that one profile may have; beyond, less is told apart.
constexpr std::size_t kMostRowsOfAJob = 1'000'000;

void fold_rows(Profile& profile) {
  const auto fold = [&](const char* what, void (*forget)(RowKey&)) {
    if (profile.rows.size() <= kMostRowsOfAJob) return;
    std::vector<ProfileRow> rows = std::move(profile.rows);
    profile.rows.clear();
    for (ProfileRow& row : rows) forget(row.key);
    add_rows(profile, std::move(rows));
    profile.unseen.insert(std::string(what) + " one by one: there are more than a million different rows");
  };
  fold("streams and launch shapes", [](RowKey& key) {
    key.place.stream = -1;
    key.launch = {};
  });
  fold("operations of kernels", [](RowKey& key) { key.operation = kNoKernel; });
  fold("ranks and devices", [](RowKey& key) { key.place = {}; });
}
}  // namespace

void JobRecords::Pile::add(KernelsRecord&& record) {
  piled_.push_back({1, std::move(record)});
  while (piled_.size() > 1 && piled_[piled_.size() - 2].files == piled_.back().files) merge_last();
}

KernelsRecord JobRecords::Pile::take() {
  while (piled_.size() > 1) merge_last();
  return std::move(piled_.front().record);
}

void JobRecords::Pile::merge_last() {
  Piled last = std::move(piled_.back());
  piled_.pop_back();
  piled_.back().files += last.files;
  merge(piled_.back().record, std::move(last.record));
  for (auto& [kind, profile] : piled_.back().record.record.profiles.by_kind) fold_rows(profile);
}

void JobRecords::take(TraceFile&& file) {
  const std::size_t at = place_of(file.record);
  if (at == piles_.size()) {
    piles_.emplace_back();
    collectives_.emplace_back();
  }
  piles_[at].add(std::move(file.record));
  for (RankCollectives& list : file.collectives) {
    if (list.all.size() > kMostCollectives) {
      list.left_out += list.all.size() - kMostCollectives;
      list.all.resize(kMostCollectives);
      list.all.shrink_to_fit();
    }
    collectives_[at].push_back(std::move(list));
  }
}

std::vector<KernelsRecord> JobRecords::records() {
  std::vector<KernelsRecord> records;
  for (std::size_t i = 0; i < piles_.size(); ++i) {
    records.push_back(piles_[i].take());
    if (collectives_[i].size() > 1) book_waiting(rank_report(collectives_[i]), records.back());
  }
  return records;
}

std::size_t JobRecords::place_of(const KernelsRecord& record) {
  if (merge_all_) return 0;
  if (record.sources.size() != 1 || record.sources.front().rank < 0) return piles_.size();
  const TraceSource& source = record.sources.front();
  const std::uint64_t time = times_[{source.format, source.ranks, source.rank}]++;
  return jobs_.try_emplace(Job{source.format, source.ranks, time}, piles_.size()).first->second;
}

}  // namespace varve
