#include "kernels/trace/trace_names.h"

#include <algorithm>

#include "tables/kernel_names.h"

namespace varve {

namespace {
constexpr std::size_t kMostNames = 1'000'000, kMostTracks = 1'000'000;
}

NameId TraceNames::id(std::string_view text, std::string_view library) {
  key_.assign(library);
  key_ += '\n';
  key_ += text;
  const auto found = known_.find(key_);
  if (found != known_.end()) return found->second;
  if (known_.size() >= kMostNames) return kNoName;
  const auto id = static_cast<NameId>(known_.size());
  sink_.name(id, {.text = text, .library = library, .named = Named::trace});
  known_.emplace(key_, id);
  return id;
}

Activity kernel_activity(std::string_view name) {
  // NCCL's and RCCL's kernels whatever the table of names says, which may be another one (--data).
  const bool is_nccl = name.find("ncclDevKernel") != name.npos || name.find("ncclKernel") != name.npos;
  if (is_nccl) return Activity::collective;
  const std::string raw(name);
  if (!may_be_collective(raw)) return Activity::kernel;
  // The name as profiles have it, whose meaning is asked for again there.
  const bool exchanges =
      kernel_meaning(normalised_kernel_name(raw), NameSpelling::canonical).family == Family::collective;
  return exchanges ? Activity::collective : Activity::kernel;
}

TrackId TraceTracks::stream(std::int32_t device, std::int64_t stream) {
  const auto found = streams_.find({device, stream});
  if (found != streams_.end()) return found->second;
  if (streams_.size() >= kMostTracks) return streams_.begin()->second;
  const auto id = static_cast<TrackId>(streams_.size() + threads_.size());
  sink_.track(id, {.device = device, .stream = stream}, TrackKind::stream);
  streams_.emplace(std::pair(device, stream), id);
  return id;
}

TrackId TraceTracks::thread(std::uint64_t number) {
  const auto found = threads_.find(number);
  if (found != threads_.end()) return found->second;
  if (threads_.size() >= kMostTracks) return threads_.begin()->second;
  const auto id = static_cast<TrackId>(streams_.size() + threads_.size());
  sink_.track(id, {}, TrackKind::thread);
  threads_.emplace(number, id);
  return id;
}

}  // namespace varve
