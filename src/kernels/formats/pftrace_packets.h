#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace.h"

namespace varve {

// A trace as Perfetto writes it (google/perfetto, protos/perfetto/trace): a protocol buffer that is a list of packets,
// field 1, each complete in itself. Numbers of the fields that are made use of:
//
//   TracePacket           6 clock_snapshot, 8 timestamp, 10 trusted_packet_sequence_id, 11 track_event,
//                         12 interned_data, 13 sequence_flags, 53 gpu_render_stage_event, 60 track_descriptor
//   InternedData          1 event_categories, 2 event_names, 3 debug_annotation_names (each 1 iid, 2 name),
//                         24 gpu_specifications (1 iid, 2 name), 1000 compute_kernels (1 iid, 2 name,
//                         3 demangled_name), 1001 compute_arg_names (1 iid, 2 name)
//   TrackEvent            3 category_iids, 4 debug_annotations, 9 type (1 begin, 2 end), 10 name_iid, 11 track_uuid,
//                         22 categories, 23 name
//   DebugAnnotation       1 name_iid, 3 uint, 4 int, 6 text, 10 name, 12 array_values
//   GpuRenderStageEvent   2 duration, 6 extra_data (1 name, 2 value), 11 gpu_id, 13 hw_queue_iid, 14 stage_iid,
//                         19 kernel_iid, 20 name_iid, 21 launch (1 grid, 2 workgroup: 1 x, 2 y, 3 z; 3 args: 1
//                         name_iid, 4 uint)
//
// Times are nanoseconds. Names are told once for a sequence of packets and meant by their number until the sequence
// forgets all of them (sequence_flags 1).
using PftraceBytes = std::span<const std::byte>;

// The packets of a trace as they stream by.
class PftracePackets {
 public:
  explicit PftracePackets(TraceInput& input) : input_(input) {}

  // The next packet; false at the end, and where what follows is none: then is_damaged() is true. Error: reading or
  // inflating failed. Valid until the next call; at most 256 MiB.
  Result<bool> next(PftraceBytes& packet);
  bool is_damaged() const { return damaged_; }
  std::uint64_t at() const { return base_ + from_; }  // byte of the trace that comes next

 private:
  Result<bool> fill();

  TraceInput& input_;
  std::string buffer_;
  std::size_t from_ = 0;
  std::uint64_t base_ = 0;
  bool damaged_ = false;
};

enum class PftraceNames { category, event, annotation, specification, kernel, argument };

// What the numbers of a sequence of packets stand for.
class PftraceSequence {
 public:
  void take(PftraceBytes interned_data);
  void forget() { names_.clear(); }
  // Empty: never told.
  std::string_view name(PftraceNames kind, std::uint64_t id) const;
  std::size_t bytes() const { return bytes_; }

 private:
  std::map<PftraceNames, std::unordered_map<std::uint64_t, std::string>> names_;
  std::size_t bytes_ = 0;  // of all names ever told
};

// Something between two packets, of which the first names it.
struct PftraceSlice {
  TraceEvent event;  // its track and end come last
  std::uint64_t track = 0, correlation = 0, external = 0;
  bool is_call = false, launches_graph = false;
  bool is_left_out = false;  // of no category that counts
};

// Finds the ends of slices. PyTorch writes many beginnings in a row and then as many ends in the same order, whatever
// their times; everybody else writes packets as time goes by, and an end is that of the innermost open slice.
class PftraceSlices {
 public:
  void begin(const PftraceSlice& slice) { begins_.push_back(slice); }
  void end(std::uint64_t track, std::int64_t at_ns) { ends_.push_back({track, at_ns}); }
  // Pairs what came since the last call, and calls `take(slice)` for all that is complete, with its duration; to be
  // called before a beginning that follows ends, and last of all. Slices whose ends are missing stay open.
  template <class Take>
  void pair(Take take) {
    if (ends_.empty()) return;
    const bool in_order = stands_in_order();
    for (std::size_t i = 0; in_order && i < ends_.size(); ++i) close(begins_[i], ends_[i].at_ns, take);
    if (!in_order) {
      for (const PftraceSlice& slice : begins_) open_[slice.track].push_back(slice);
      for (const End& end : ends_) {
        std::vector<PftraceSlice>& open = open_[end.track];
        if (open.empty()) {
          ++unopened_;
          continue;
        }
        close(open.back(), end.at_ns, take);
        open.pop_back();
      }
    }
    begins_.clear();
    ends_.clear();
  }
  bool has_ends() const { return !ends_.empty(); }
  std::size_t waiting() const { return begins_.size() + ends_.size(); }
  std::uint64_t unopened() const { return unopened_; }  // ends without a beginning
  std::uint64_t unclosed() const;                       // slices without an end

 private:
  struct End {
    std::uint64_t track = 0;
    std::int64_t at_ns = 0;
  };
  bool stands_in_order() const;
  template <class Take>
  void close(PftraceSlice& slice, std::int64_t at_ns, Take take) {
    slice.event.duration_ns = at_ns > slice.event.start_ns ? at_ns - slice.event.start_ns : 0;
    take(slice);
  }

  std::vector<PftraceSlice> begins_;
  std::vector<End> ends_;
  std::unordered_map<std::uint64_t, std::vector<PftraceSlice>> open_;  // by track
  std::uint64_t unopened_ = 0;
};

}  // namespace varve
