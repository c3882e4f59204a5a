#include "kernels/databases/nsys_tables.h"

#include <set>

namespace varve {

namespace {
constexpr std::size_t kMostTracks = 1'000'000;

std::uint64_t process_of(std::int64_t global_id) { return static_cast<std::uint64_t>(global_id) >> 24; }
}  // namespace

NsysTables::NsysTables(TraceDatabase& from, TraceSink& into, const TraceOptions& asked)
    : database(from), sink(into), options(asked), names(into), strings(from, "StringIds", "id", "value") {
  read_devices();
}

// Devices are numbered by each process as it sees them. Where several processes were recorded, the machine's numbers
// are taken, so that one GPU is not taken for another.
void NsysTables::read_devices() {
  std::set<std::int64_t> processes;
  std::map<std::pair<std::uint64_t, std::int64_t>, std::int64_t> gpus;
  TableRows rows = database.rows("TARGET_INFO_CUDA_DEVICE", {"gpuId", "cudaId", "pid"});
  while (rows.next() && rows.count() <= kMostTracks) {
    if (!rows.has(0)) continue;
    processes.insert(rows.integer(2));
    gpus[{static_cast<std::uint64_t>(rows.integer(2)), rows.integer(1)}] = rows.integer(0);
  }
  if (processes.size() > 1) gpus_ = std::move(gpus);
}

std::int32_t NsysTables::gpu_of(std::int64_t global_pid, std::int64_t device_id) const {
  const auto found = gpus_.find({process_of(global_pid) & 0xFFFFFF, device_id});
  const std::int64_t number = found == gpus_.end() ? device_id : found->second;
  return number >= 0 && number <= INT32_MAX ? static_cast<std::int32_t>(number) : -1;
}

TrackId NsysTables::track_of(const TrackKey& key, const Place& place, TrackKind kind) {
  auto found = tracks_.find(key);
  if (found == tracks_.end()) {
    // A process has some tens of streams; all beyond a million share the last track.
    if (tracks_.size() >= kMostTracks) return static_cast<TrackId>(kMostTracks - 1);
    found = tracks_.emplace(key, static_cast<TrackId>(tracks_.size())).first;
    sink.track(found->second, place, kind);
  }
  last_track_ = *found;
  return found->second;
}

TrackId NsysTables::stream_of(std::int64_t global_pid, std::int64_t device_id, std::int64_t context,
                              std::int64_t stream) {
  const TrackKey key = {global_pid, device_id, context, stream};
  if (last_track_ && last_track_->first == key) return last_track_->second;
  return track_of(key, {.rank = -1, .device = gpu_of(global_pid, device_id), .stream = stream}, TrackKind::stream);
}

TrackId NsysTables::thread_of(std::int64_t global_tid) {
  const TrackKey key = {global_tid, INT64_MIN, INT64_MIN, INT64_MIN};
  if (last_track_ && last_track_->first == key) return last_track_->second;
  return track_of(key, {}, TrackKind::thread);
}

std::uint64_t NsysTables::correlation_of(std::int64_t global_id, std::int64_t number) {
  if (number <= 0 || number > UINT32_MAX) return 0;
  const std::uint64_t id = process_of(global_id);
  if (id != last_process_ || process_numbers_.empty()) {
    last_process_ = id;
    last_process_number_ = process_numbers_.emplace(id, process_numbers_.size()).first->second;
  }
  return last_process_number_ << 32 | static_cast<std::uint64_t>(number);
}

}  // namespace varve
