#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/trace/trace.h"

namespace varve {

// What the profiler of XLA writes (JAX and TensorFlow, *.xplane.pb): one XSpace, a protocol buffer. Its schema is
// tsl/profiler/protobuf/xplane.proto in openxla/xla; numbers of fields as they stand there:
//
//   XSpace     1 planes, 2 errors, 3 warnings, 4 hostnames
//   XPlane     1 id, 2 name, 3 lines, 4 event_metadata (map), 5 stat_metadata (map), 6 stats
//   XLine      1 id, 2 name, 3 timestamp_ns, 4 events
//   XEvent     1 metadata_id, 2 offset_ps (from the line's timestamp), 3 duration_ps, 4 stats, 5 num_occurrences
//   XStat      1 metadata_id, and one of 2 double, 3 uint64, 4 int64, 5 text, 6 bytes, 7 the text of a stat's metadata
//   XEventMetadata 1 id, 2 name, 4 display_name, 5 stats;  XStatMetadata 1 id, 2 name
//
// A plane is a device ("/device:GPU:0": a line "Stream #16(Kernel)" for each stream, and lines that repeat the same
// time by module, step and source) or a host ("/host:CPU": a line for each thread). "/host:metadata" ran nothing: its
// events are the programs that were compiled (hlo_programs.h). What events are called stands behind them, so that a
// file is held in memory as a whole; protocol buffers end at 2 GiB. Views are into its bytes.
using XplaneBytes = std::span<const std::byte>;

// What a stat is about, of those that are made use of.
enum class XplaneStat : std::uint8_t {
  other,
  correlation,
  kernel_details,
  memcpy_details,
  memset_details,
  hlo_op,
  hlo_module,
  hlo_proto,
  program,
  tf_op,
  name,
  step,
  graph,
  graph_node,
  vendor,
  clock,
  cores,
  bandwidth,
  memory,
  major,
  minor,
  device_type,
};

// What the stats of an event, or of what it is an event of, tell.
struct XplaneDetails {
  std::uint64_t correlation = 0, graph_node = 0, program = 0;
  XplaneBytes hlo_proto;  // of a compiled program
  std::string_view kernel, memcpy, memset, hlo_op, hlo_module, tf_op, name;
  bool is_step = false;
};

// What events of one id are.
struct XplaneMeaning {
  std::string_view name;
  XplaneDetails details;
  NameId id = kNoName;  // the reader's, as the activity, once it met the first such event
  Activity activity = Activity::code;
  bool is_known = false;
};

struct XplaneStatMeaning {
  std::string_view name;
  XplaneStat stat = XplaneStat::other;
};

enum class XplaneKind { gpu, tpu, host, other };

struct Xplane {
  std::string_view name;
  XplaneKind kind = XplaneKind::other;
  std::vector<XplaneBytes> lines, stats;
  std::unordered_map<std::uint64_t, XplaneMeaning> events;
  std::unordered_map<std::uint64_t, XplaneStatMeaning> meanings;  // of stats
  std::optional<std::size_t> damaged_at;                          // byte of the plane from which on it is none
};

// What a device's plane says about the device; 0 and empty: nothing.
struct XplaneDevice {
  std::string vendor, type;
  std::uint64_t memory = 0, bandwidth = 0, cores = 0, clock_khz = 0, major = 0, minor = 0;
};

// A plane without its lines and stats, which are for the following to read.
Xplane parse_xplane(XplaneBytes message);
void take_xplane_stat(const Xplane& plane, XplaneBytes stat, XplaneDetails& details);
XplaneDevice device_of(const Xplane& plane);

// The number behind the first `mark`: 17 in "Stream #17(Kernel)"; -1: none.
std::int64_t xplane_number(std::string_view text, std::string_view mark);
Launch launch_of(const XplaneDetails& details);
std::uint64_t bytes_of(const XplaneDetails& details);  // moved by a copy
// The operation of the program: where JAX names it, by that name; else by the operation of the compiled module, whose
// numbers change with every build. Empty: not told.
std::string operation_of(const XplaneDetails& details);

}  // namespace varve
