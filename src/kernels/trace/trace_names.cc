#include "kernels/trace/trace_names.h"

#include <algorithm>

#include "binary/elf/demangle.h"
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
  const bool exchanges = is_nccl || kernel_meaning(demangle(std::string(name))).family == Family::collective;
  return exchanges ? Activity::collective : Activity::kernel;
}

void tell_total(TraceSink& sink, TraceEvent event, const Extra* extra, std::int64_t count, std::int64_t total_ns) {
  constexpr std::int64_t kMostEvents = 1'000'000;
  if (count > kMostEvents) sink.unseen("how often things ran that ran more than a million times: a million is counted");
  const std::int64_t told = std::clamp<std::int64_t>(count, total_ns > 0 ? 1 : 0, kMostEvents);
  for (std::int64_t i = 0; i < told; ++i) {
    event.duration_ns = total_ns / told + (i < total_ns % told ? 1 : 0);
    sink.event(event, extra);
    if (__builtin_add_overflow(event.start_ns, event.duration_ns, &event.start_ns)) event.start_ns = 0;
  }
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
