#include "kernels/trace/timeline.h"

#include <algorithm>

namespace varve {

namespace {
// So that no difference of two times runs over: 146 years.
constexpr std::int64_t kFarthest = std::int64_t{1} << 62;
}  // namespace

std::size_t LaunchHash::operator()(const Launch& launch) const {
  std::uint64_t hash = launch.registers;
  const auto mix = [&](std::uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15u, hash ^= hash >> 29; };
  mix(launch.shared_bytes);
  for (const std::uint32_t size : launch.grid) mix(size);
  for (const std::uint32_t size : launch.block) mix(size);
  return hash;
}

void Timeline::name(NameId id, const TraceName& name) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= texts_.size()) texts_.resize(index + 1);
  texts_[index] = name.text;
}

void Timeline::track(TrackId id, const Place& place, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= tracks_.size()) tracks_.resize(index + 1);
  tracks_[index] = {place, kind};
}

std::uint32_t Timeline::launch_number(const Launch& launch) {
  if (launch == launches_[last_launch_]) return last_launch_;
  if (launch == Launch{}) return 0;
  const auto [at, is_new] = launch_numbers_.try_emplace(launch, static_cast<std::uint32_t>(launches_.size()));
  if (is_new) launches_.push_back(launch);
  return last_launch_ = at->second;
}

void Timeline::event(const TraceEvent& event, const Extra* extra) {
  if (event.is_sample) return;
  if (size() >= most_events_) {
    ++left_out_;
    return;
  }
  const bool is_rare = extra != nullptr && (extra->bytes != 0 || extra->graph_node != 0 ||
                                            extra->sequence != kNoNumber || extra->launched != kNoName);
  if (is_rare) {
    rare_.push_back({static_cast<std::uint32_t>(size()), extra->group, extra->launched, extra->bytes, extra->graph_node,
                     extra->sequence});
  }
  start_ns_.push_back(std::clamp(event.start_ns, -kFarthest / 4, kFarthest));
  duration_ns_.push_back(std::clamp<std::int64_t>(event.duration_ns, 0, kFarthest / 2));
  name_.push_back(event.name);
  operation_.push_back(extra != nullptr ? extra->operation : kNoName);
  track_.push_back(event.track);
  correlation_.push_back(extra != nullptr ? extra->correlation : 0);
  activity_.push_back(static_cast<std::uint8_t>(static_cast<int>(event.activity) | (is_rare ? kRare : 0)));
  launch_.push_back(extra != nullptr ? launch_number(extra->launch) : 0);
}

const Timeline::Rare* Timeline::rare(std::size_t index) const {
  if ((activity_[index] & kRare) == 0) return nullptr;
  const auto at = std::lower_bound(rare_.begin(), rare_.end(), index,
                                   [](const Rare& one, std::size_t wanted) { return one.index < wanted; });
  return &*at;
}

std::uint64_t Timeline::graph_node(std::size_t index) const {
  const Rare* found = rare(index);
  return found == nullptr ? 0 : found->graph_node;
}

NameId Timeline::launched(std::size_t index) const {
  const Rare* found = rare(index);
  return found != nullptr ? found->launched : kNoName;
}

Extra Timeline::extra(std::size_t index) const {
  Extra extra{.operation = operation_[index], .correlation = correlation_[index], .launch = launches_[launch_[index]]};
  if (const Rare* found = rare(index)) {
    extra.bytes = found->bytes;
    extra.graph_node = found->graph_node;
    extra.group = found->group;
    extra.sequence = found->sequence;
  }
  return extra;
}

std::vector<std::vector<std::uint32_t>> Timeline::by_track() const {
  std::size_t most = tracks_.size();
  std::vector<std::uint32_t> counts;
  for (const TrackId track : track_) most = std::max(most, static_cast<std::size_t>(track) + 1);
  counts.resize(most);
  for (const TrackId track : track_) ++counts[static_cast<std::size_t>(track)];
  std::vector<std::vector<std::uint32_t>> found(most);
  for (std::size_t i = 0; i < most; ++i) found[i].reserve(counts[i]);
  for (std::uint32_t i = 0; i < track_.size(); ++i) found[static_cast<std::size_t>(track_[i])].push_back(i);
  return found;
}

std::string_view Timeline::text(NameId id) const {
  const auto index = static_cast<std::size_t>(id);
  return index < texts_.size() ? std::string_view(texts_[index]) : std::string_view{};
}

}  // namespace varve
