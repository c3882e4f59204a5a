#include "kernels/analysis/capture_join.h"

#include <algorithm>
#include <map>

#include "kernels/trace/trace.h"

namespace varve {

namespace {
constexpr std::size_t kPiece = 8;
constexpr std::size_t kMostPlaces = 64;  // of one piece: what occurs more often tells no place
constexpr std::size_t kAgreeing = 3;
constexpr std::size_t kLookAhead = 64;
constexpr std::uint32_t kUnknownName = UINT32_MAX;

std::uint64_t piece_hash(std::span<const std::uint32_t> names) {
  std::uint64_t hash = names.size();
  for (const std::uint32_t name : names) hash = (hash ^ name) * 0x9E3779B97F4A7C15u, hash ^= hash >> 29;
  return hash;
}

// Whether the next few agree, or all that are left on the shorter side.
bool agree(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  const std::size_t size = std::min({kAgreeing, a.size(), b.size()});
  return size > 0 && std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin());
}

// By how much both sides must move on until they agree again; nothing when they do not soon.
struct Skip {
  std::size_t replay = 0, capture = 0;
};
Skip next_agreement(std::span<const std::uint32_t> replay, std::span<const std::uint32_t> capture) {
  for (std::size_t sum = 1; sum <= kLookAhead; ++sum) {
    for (std::size_t skipped = 0; skipped <= sum; ++skipped) {
      const std::size_t other = sum - skipped;
      if (skipped >= replay.size() || other >= capture.size()) continue;
      if (agree(replay.subspan(skipped), capture.subspan(other))) return {skipped, other};
    }
  }
  return {1, 1};
}
}  // namespace

CaptureJoin::CaptureJoin(const CapturedKernels& capture) : capture_(capture) {
  for (std::uint32_t i = 0; i < capture.all.size(); ++i) {
    const CapturedKernels::One& one = capture.all[i];
    const std::string_view text = one.name < capture.texts.size() ? std::string_view(capture.texts[one.name]) : "";
    const auto number = static_cast<std::uint32_t>(name_numbers_.size());
    sequence_.push_back(name_numbers_.try_emplace(text, number).first->second);
    if (one.graph_node != 0 && one.graph_node != kGraphUnknown) by_node_.try_emplace(one.graph_node, i);
  }
  for (std::uint32_t i = 0; i + kPiece <= sequence_.size(); ++i) {
    std::vector<std::uint32_t>& places = pieces_[piece_hash(std::span(sequence_).subspan(i, kPiece))];
    if (places.size() < kMostPlaces) places.push_back(i);
  }
}

void CaptureJoin::join_by_node(std::span<const Replayed> replay, std::vector<Joined>& joined) const {
  for (std::size_t i = 0; i < replay.size(); ++i) {
    const auto found = by_node_.find(replay[i].graph_node);
    if (found == by_node_.end()) continue;
    const CapturedKernels::One& one = capture_.all[found->second];
    if (one.name < capture_.texts.size() && capture_.texts[one.name] == replay[i].name) {
      joined[i] = {one.operation, true};
    }
  }
}

std::int64_t CaptureJoin::best_offset(std::span<const std::uint32_t> names) const {
  std::map<std::int64_t, std::size_t> votes;
  for (std::size_t i = 0; i + kPiece <= names.size(); ++i) {
    const auto found = pieces_.find(piece_hash(names.subspan(i, kPiece)));
    if (found == pieces_.end()) continue;
    for (const std::uint32_t place : found->second)
      ++votes[static_cast<std::int64_t>(place) - static_cast<std::int64_t>(i)];
  }
  const auto best =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == votes.end() ? 0 : best->first;
}

void CaptureJoin::join_by_sequence(std::span<const std::uint32_t> names, std::vector<Joined>& joined) const {
  const std::int64_t offset = best_offset(names);
  auto at = static_cast<std::size_t>(std::max<std::int64_t>(0, -offset));
  auto there = static_cast<std::size_t>(std::max<std::int64_t>(0, offset));
  while (at < names.size() && there < sequence_.size()) {
    if (names[at] == sequence_[there]) {
      if (joined[at].operation == CapturedKernels::kNone) joined[at] = {capture_.all[there].operation, false};
      ++at, ++there;
      continue;
    }
    const Skip skip = next_agreement(names.subspan(at), std::span(sequence_).subspan(there));
    at += skip.replay;
    there += skip.capture;
  }
}

std::vector<CaptureJoin::Joined> CaptureJoin::join(std::span<const Replayed> replay) const {
  std::vector<Joined> joined(replay.size());
  if (!capture_.has_names) {
    for (std::size_t i = 0; i < replay.size() && replay.size() == capture_.all.size(); ++i) {
      joined[i].operation = capture_.all[i].operation;
    }
    return joined;
  }
  join_by_node(replay, joined);
  std::vector<std::uint32_t> names;
  for (const Replayed& one : replay) {
    const auto known = name_numbers_.find(one.name);
    names.push_back(known == name_numbers_.end() ? kUnknownName : known->second);
  }
  join_by_sequence(names, joined);
  return joined;
}

}  // namespace varve
