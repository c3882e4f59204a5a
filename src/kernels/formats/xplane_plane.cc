#include "kernels/formats/xplane_plane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "kernels/trace/protobuf.h"

namespace varve {

namespace {

struct XplaneStatRow {
  std::string_view name;
  XplaneStat stat;
};

constexpr std::array kXplaneStats = {
    XplaneStatRow{"correlation_id", XplaneStat::correlation},
    XplaneStatRow{"kernel_details", XplaneStat::kernel_details},
    XplaneStatRow{"memcpy_details", XplaneStat::memcpy_details},
    XplaneStatRow{"memset_details", XplaneStat::memset_details},
    XplaneStatRow{"hlo_op", XplaneStat::hlo_op},
    XplaneStatRow{"hlo_module", XplaneStat::hlo_module},
    XplaneStatRow{"Hlo Proto", XplaneStat::hlo_proto},
    XplaneStatRow{"program_id", XplaneStat::program},
    XplaneStatRow{"tf_op", XplaneStat::tf_op},
    XplaneStatRow{"name", XplaneStat::name},
    XplaneStatRow{"step_num", XplaneStat::step},
    XplaneStatRow{"_r", XplaneStat::step},
    XplaneStatRow{"cuda_graph_id", XplaneStat::graph},
    XplaneStatRow{"cuda_graph_exec_id", XplaneStat::graph},
    XplaneStatRow{"cuda_graph_node_id", XplaneStat::graph_node},
    XplaneStatRow{"device_vendor", XplaneStat::vendor},
    XplaneStatRow{"clock_rate", XplaneStat::clock},
    XplaneStatRow{"core_count", XplaneStat::cores},
    XplaneStatRow{"memory_bandwidth", XplaneStat::bandwidth},
    XplaneStatRow{"memory_size", XplaneStat::memory},
    XplaneStatRow{"compute_cap_major", XplaneStat::major},
    XplaneStatRow{"compute_cap_minor", XplaneStat::minor},
    XplaneStatRow{"device_type_string", XplaneStat::device_type},
};

XplaneStat xplane_stat_from(std::string_view name) {
  const auto* found = std::find_if(kXplaneStats.begin(), kXplaneStats.end(),
                                   [&](const XplaneStatRow& row) { return row.name == name; });
  return found == kXplaneStats.end() ? XplaneStat::other : found->stat;
}

// An entry of a map: 1 the key, 2 the value.
std::pair<std::uint64_t, XplaneBytes> xplane_entry_of(XplaneBytes message) {
  std::pair<std::uint64_t, XplaneBytes> entry;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 1 && !field.is_bytes) entry.first = field.value;
    if (field.number == 2 && field.is_bytes) entry.second = field.bytes;
  }
  return entry;
}

void take_stat_meaning(Xplane& plane, XplaneBytes message) {
  const auto [id, value] = xplane_entry_of(message);
  XplaneStatMeaning meaning;
  ProtobufReader reader(value);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 2 && field.is_bytes) meaning.name = field.text();
  }
  meaning.stat = xplane_stat_from(meaning.name);
  plane.meanings[id] = meaning;
}

void take_event_meaning(Xplane& plane, XplaneBytes message) {
  const auto [id, value] = xplane_entry_of(message);
  XplaneMeaning meaning;
  std::string_view display;
  ProtobufReader reader(value);
  for (ProtobufField field; reader.next(field);) {
    if (!field.is_bytes) continue;
    if (field.number == 2) meaning.name = field.text();
    if (field.number == 4) display = field.text();
    if (field.number == 5) take_xplane_stat(plane, field.bytes, meaning.details);
  }
  // On a TPU the name is the whole instruction, and the display name what it is called.
  if (!display.empty() && plane.kind == XplaneKind::tpu) meaning.name = display;
  plane.events[id] = meaning;
}

struct XplaneValue {
  XplaneStat stat = XplaneStat::other;
  std::uint64_t number = 0;
  std::string_view text;
  XplaneBytes bytes;
};

XplaneValue xplane_value_of(const Xplane& plane, XplaneBytes message) {
  XplaneValue value;
  const auto find = [&](std::uint64_t id) {
    const auto found = plane.meanings.find(id);
    return found == plane.meanings.end() ? XplaneStatMeaning{} : found->second;
  };
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 1) value.stat = find(field.value).stat;
    if (field.number == 3 || field.number == 4) value.number = field.value;
    if (field.number == 5) value.text = field.text();
    if (field.number == 6) value.bytes = field.bytes;
    if (field.number == 7) value.text = find(field.value).name;
  }
  return value;
}

std::uint32_t xplane_size(std::int64_t number) {
  return number > 0 && number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
}

std::array<std::uint32_t, 3> xplane_sizes(std::string_view text) {
  std::array<std::uint32_t, 3> result{};
  const auto parts = split(text, ',');
  for (std::size_t i = 0; i < result.size() && i < parts.size(); ++i) {
    result[i] = xplane_size(parse_integer(parts[i]).value_or(0));
  }
  return result;
}

}  // namespace

Xplane parse_xplane(XplaneBytes message) {
  Xplane plane;
  std::vector<XplaneBytes> events, meanings;
  ProtobufReader reader(message);
  for (ProtobufField field; reader.next(field);) {
    if (!field.is_bytes) continue;
    if (field.number == 2) plane.name = field.text();
    if (field.number == 3) plane.lines.push_back(field.bytes);
    if (field.number == 4) events.push_back(field.bytes);
    if (field.number == 5) meanings.push_back(field.bytes);
    if (field.number == 6) plane.stats.push_back(field.bytes);
  }
  if (reader.is_damaged()) plane.damaged_at = message.size() - reader.left();
  if (plane.name.starts_with("/device:GPU:")) plane.kind = XplaneKind::gpu;
  if (plane.name.starts_with("/device:TPU:")) plane.kind = XplaneKind::tpu;
  if (plane.name.starts_with("/host:")) plane.kind = XplaneKind::host;
  for (const XplaneBytes entry : meanings) take_stat_meaning(plane, entry);
  for (const XplaneBytes entry : events) take_event_meaning(plane, entry);
  return plane;
}

void take_xplane_stat(const Xplane& plane, XplaneBytes stat, XplaneDetails& details) {
  const XplaneValue value = xplane_value_of(plane, stat);
  switch (value.stat) {
    case XplaneStat::correlation:
      details.correlation = value.number;
      break;
    case XplaneStat::kernel_details:
      details.kernel = value.text;
      break;
    case XplaneStat::memcpy_details:
      details.memcpy = value.text;
      break;
    case XplaneStat::memset_details:
      details.memset = value.text;
      break;
    case XplaneStat::hlo_op:
      details.hlo_op = value.text;
      break;
    case XplaneStat::hlo_module:
      details.hlo_module = value.text;
      break;
    case XplaneStat::hlo_proto:
      details.hlo_proto = value.bytes;
      break;
    case XplaneStat::program:
      details.program = value.number;
      break;
    case XplaneStat::tf_op:
      details.tf_op = value.text;
      break;
    case XplaneStat::name:
      details.name = value.text;
      break;
    case XplaneStat::step:
      details.is_step = true;
      break;
    case XplaneStat::graph:
      if (details.graph_node == 0) details.graph_node = kGraphUnknown;
      break;
    case XplaneStat::graph_node:
      details.graph_node = value.number;
      break;
    default:
      break;
  }
}

XplaneDevice device_of(const Xplane& plane) {
  XplaneDevice device;
  for (const XplaneBytes stat : plane.stats) {
    const XplaneValue value = xplane_value_of(plane, stat);
    if (value.stat == XplaneStat::vendor) device.vendor = value.text;
    if (value.stat == XplaneStat::device_type) device.type = value.text;
    if (value.stat == XplaneStat::memory) device.memory = value.number;
    if (value.stat == XplaneStat::bandwidth) device.bandwidth = value.number;
    if (value.stat == XplaneStat::cores) device.cores = value.number;
    if (value.stat == XplaneStat::clock) device.clock_khz = value.number;
    if (value.stat == XplaneStat::major) device.major = value.number;
    if (value.stat == XplaneStat::minor) device.minor = value.number;
  }
  return device;
}

std::int64_t xplane_number(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return -1;
  text.remove_prefix(at + mark.size());
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return parse_integer(text.substr(0, end)).value_or(-1);
}

// "regs:32 static_shared:0 dynamic_shared:1024 grid:8,1,1 block:256,1,1 occ_pct:100", on AMD
// " grid:8,1,1 block:256,1,1 private_mem:0 group_mem:1024 occ_pct:0"; old ones have line ends for blanks.
Launch launch_of(const XplaneDetails& details) {
  Launch launch;
  for (const std::string_view word : split_words(details.kernel)) {
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = word.substr(0, colon), value = word.substr(colon + 1);
    const std::uint32_t number = xplane_size(parse_integer(value).value_or(0));
    if (key == "grid") launch.grid = xplane_sizes(value);
    if (key == "block") launch.block = xplane_sizes(value);
    if (key == "regs" || key == "registers_per_thread") launch.registers = number;
    const bool is_shared = key.starts_with("static_shared") || key.starts_with("dynamic_shared") || key == "group_mem";
    if (is_shared) launch.shared_bytes += number;
  }
  // Old XLA wrote memory that it had not set where ROCm tells no registers; no GPU has so many for a thread.
  constexpr std::uint32_t kMostRegisters = 1024;
  if (launch.registers > kMostRegisters) launch.registers = launch.shared_bytes = 0;
  return launch;
}

// "kind_src:pageable kind_dst:device size:512 dest:0 async:1", of a fill "kind:Device num_bytes:512 async:1"
std::uint64_t bytes_of(const XplaneDetails& details) {
  const std::int64_t copied = xplane_number(details.memcpy, "size:"), filled = xplane_number(details.memset, "bytes:");
  return static_cast<std::uint64_t>(std::max<std::int64_t>({copied, filled, 0}));
}

std::string operation_of(const XplaneDetails& details) {
  // Without a path it is the name of an argument.
  if (details.name.find('/') != std::string_view::npos) return std::string(details.name);
  std::string_view operation = details.tf_op;
  if (operation.ends_with(':')) operation.remove_suffix(1);
  if (!operation.empty() && operation != "XlaModule") return std::string(operation);
  if (details.hlo_op.empty()) return "";
  return details.hlo_module.empty() ? std::string(details.hlo_op)
                                    : fmt::format("{}/{}", details.hlo_module, details.hlo_op);
}

}  // namespace varve
