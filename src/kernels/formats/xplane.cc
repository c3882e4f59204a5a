#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernels/formats/hlo_programs.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/formats/xplane_plane.h"
#include "kernels/trace/protobuf.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_names.h"
#include "kernels/trace/whole_trace.h"

namespace varve {

// The events of an XSpace; what it looks like stands in xplane_plane.h.
namespace {

constexpr std::size_t kLargestXplane = std::size_t{1} << 31;

// "$profiler.py:213 stop_trace", as the tracer of Python writes it: no call of a runtime, and open all the time.
bool is_python_function(std::string_view name) { return name.starts_with('$'); }

Activity xla_host_activity(std::string_view name) {
  for (const std::string_view library : {"cuda", "cu", "hip", "hsa_"}) {
    if (!name.starts_with(library) || name.size() == library.size()) continue;
    const char next = name[library.size()];
    if (library.back() == '_' || (next >= 'A' && next <= 'Z')) return runtime_activity(name);
  }
  return Activity::operation;
}

// " [[8,64],[64,8]] bf16" of "dot_general (fusion) [[8,64],[64,8]] bf16".
std::string_view shapes_behind(std::string_view operation) {
  const std::size_t at = operation.find(" [");
  return at == std::string_view::npos ? std::string_view() : operation.substr(at);
}

class XplaneReader {
 public:
  XplaneReader(TraceSink& sink, const TraceOptions& options, XplaneBytes bytes)
      : sink_(sink), options_(options), bytes_(bytes), names_(sink), tracks_(sink) {}

  // False when there is no plane.
  bool read() {
    std::size_t planes = 0;
    take_programs();
    ProtobufReader space(bytes_);
    for (ProtobufField field; space.next(field);) {
      if (!field.is_bytes) continue;
      if (field.number == 1) {
        take_plane(field.bytes);
        ++planes;
      }
      if (field.number == 2 || field.number == 3) {
        sink_.unseen(fmt::format("what the profiler says that it missed: {}", clean_utf8(field.text(), 300)));
      }
    }
    if (space.is_damaged()) {
      // A plane that is cut off is read as far as it goes.
      XplaneBytes rest = bytes_.last(space.left());
      std::uint64_t key = 0, size = 0;
      if (take_varint(rest, key) && key == 0x0a && take_varint(rest, size)) {
        take_plane(rest);
        ++planes;
      }
      sink_.damaged(bytes_.size() - space.left(), "the file ends, or is no protocol buffer any more, inside a plane");
    }
    if (aggregated_ > 0) sink_.unseen(fmt::format("{} events that stand for several at unknown times", aggregated_));
    tell_devices();
    return planes > 0;
  }

 private:
  std::uint64_t position(XplaneBytes part) const { return static_cast<std::uint64_t>(part.data() - bytes_.data()); }

  // What was compiled stands in a plane of its own, in no certain order with the others.
  void take_programs() {
    ProtobufReader space(bytes_);
    for (ProtobufField field; space.next(field);) {
      if (!field.is_bytes || field.number != 1 || !is_programs_plane(field.bytes)) continue;
      for (const auto& [id, meaning] : parse_xplane(field.bytes).events) {
        const XplaneDetails& details = meaning.details;
        if (!details.hlo_proto.empty()) programs_.add(details.program, details.hlo_proto);
      }
    }
  }

  static bool is_programs_plane(XplaneBytes message) {
    ProtobufReader plane(message);
    for (ProtobufField field; plane.next(field);) {
      if (field.number == 2 && field.is_bytes) return field.text() == "/host:metadata";
    }
    return false;
  }

  void take_plane(XplaneBytes message) {
    Xplane plane = parse_xplane(message);
    if (plane.damaged_at) sink_.damaged(position(message) + *plane.damaged_at, "a plane that is no protocol buffer");
    if (plane.kind == XplaneKind::other || (plane.kind == XplaneKind::host && options_.device_only)) return;
    std::int32_t device = -1;
    if (plane.kind != XplaneKind::host) {
      sink_.traced(Activity::kernel);
      devices_.push_back(device_of(plane));
      device = static_cast<std::int32_t>(std::min<std::int64_t>(xplane_number(plane.name, "U:"), INT32_MAX));
    }
    for (const XplaneBytes line : plane.lines) take_line(plane, device, line);
  }

  void take_line(Xplane& plane, std::int32_t device, XplaneBytes message) {
    std::uint64_t id = 0;
    std::string_view name;
    std::int64_t start_ns = 0;
    std::vector<XplaneBytes> events;
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 1) id = field.value;
      if (field.number == 2 && field.is_bytes) name = field.text();
      if (field.number == 3) start_ns = field.integer();
      if (field.number == 4 && field.is_bytes) events.push_back(field.bytes);
    }
    if (reader.is_damaged()) {
      sink_.damaged(position(message) + message.size() - reader.left(), "a line that is no protocol buffer");
    }
    if (plane.kind == XplaneKind::gpu && !name.starts_with("Stream #")) return;
    if (plane.kind == XplaneKind::tpu && name != "XLA Ops") return;
    if (events.empty()) return;
    const std::int64_t stream = plane.kind == XplaneKind::gpu ? xplane_number(name, "#") : 0;
    const TrackId track = plane.kind == XplaneKind::host ? tracks_.thread(id) : tracks_.stream(device, stream);
    for (const XplaneBytes event : events) take_event(plane, track, start_ns, event);
  }

  void take_event(Xplane& plane, TrackId track, std::int64_t line_ns, XplaneBytes message) {
    std::uint64_t id = 0;
    std::int64_t offset_ps = 0, duration_ps = 0;
    bool is_aggregate = false;
    stats_.clear();
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 1) id = field.value;
      if (field.number == 2) offset_ps = field.integer();
      if (field.number == 3) duration_ps = field.integer();
      if (field.number == 4 && field.is_bytes) stats_.push_back(field.bytes);
      if (field.number == 5) is_aggregate = true;
    }
    if (reader.is_damaged()) return sink_.damaged(position(message), "an event that is no protocol buffer");
    if (is_aggregate) {
      ++aggregated_;
      return;
    }
    // Both ends are rounded down, so that what lies inside something else still does.
    std::int64_t end_ps = 0, start_ns = 0, end_ns = 0;
    if (offset_ps < 0 || duration_ps < 0 || __builtin_add_overflow(offset_ps, duration_ps, &end_ps) || line_ns < 0 ||
        __builtin_add_overflow(line_ns, offset_ps / 1000, &start_ns) ||
        __builtin_add_overflow(line_ns, end_ps / 1000, &end_ns)) {
      return sink_.damaged(position(message), "an event at a time that cannot be");
    }
    const auto known = plane.events.find(id);
    if (known == plane.events.end()) return sink_.damaged(position(message), "an event without a name");
    write(plane, known->second, {.start_ns = start_ns, .duration_ns = end_ns - start_ns, .track = track});
  }

  void write(const Xplane& plane, XplaneMeaning& meaning, TraceEvent event) {
    const bool on_host = plane.kind == XplaneKind::host;
    if (on_host && is_python_function(meaning.name)) return;
    if (!meaning.is_known) {
      meaning.id = names_.id(meaning.name);
      meaning.activity = on_host ? xla_host_activity(meaning.name) : kernel_activity(meaning.name);
      meaning.is_known = true;
    }
    XplaneDetails details = meaning.details;
    for (const XplaneBytes stat : stats_) take_xplane_stat(plane, stat, details);
    event.name = meaning.id;
    event.activity = meaning.activity;
    Extra extra{.correlation = details.correlation, .graph_node = details.graph_node};
    if (on_host) {
      if (details.is_step && event.activity == Activity::operation) event.activity = Activity::region;
      const std::string& operation = programs_.operation(details.program, details.hlo_op);
      if (!operation.empty()) event.name = names_.id(operation);
    } else {
      if (!details.memcpy.empty()) event.activity = Activity::copy;
      if (!details.memset.empty()) event.activity = Activity::fill;
      extra.bytes = bytes_of(details);
      extra.launch = launch_of(details);
      std::string operation = options_.device_only ? "" : operation_of(details);
      if (!operation.empty()) operation += shapes_behind(programs_.operation(details.program, details.hlo_op));
      if (!operation.empty()) extra.operation = names_.id(operation);
    }
    sink_.event(event, &extra);
  }

  // What the devices that tell anything say, in their order; what the tracer says of all of them alike, once.
  template <class Text>
  void tell(std::string_view fact, std::string_view stat, Text text) {
    std::vector<std::string> values;
    for (const XplaneDevice& device : devices_) values.push_back(clean_utf8(text(device), 200));
    std::erase(values, "");
    if (values.empty()) return;
    const bool is_alike = std::all_of(values.begin(), values.end(), [&](const auto& one) { return one == values[0]; });
    const std::string source = fmt::format("XPlane, planes of devices: {}", stat);
    const bool is_list = fact.starts_with("gpu.") || !is_alike;
    sink_.fact(fact, is_list ? known_fact(std::move(values), source) : known_fact(std::move(values[0]), source));
  }

  void tell_devices() {
    if (devices_.empty()) return;
    const auto number = [](std::uint64_t value, std::string_view unit = "") {
      return value == 0 ? std::string() : fmt::format("{}{}", value, unit);
    };
    sink_.fact("trace.devices", known_fact(static_cast<std::int64_t>(devices_.size()), "XPlane: planes of devices"));
    const bool is_amd = devices_.front().vendor == "AMD";
    tell("trace.device_vendor", "device_vendor", [](const XplaneDevice& device) { return device.vendor; });
    tell("trace.device_type", "device_type_string", [](const XplaneDevice& device) { return device.type; });
    tell("gpu.memory", "memory_size", [&](const XplaneDevice& device) { return number(device.memory >> 20, " MiB"); });
    // AMD's two numbers are those of its instruction set: 9.4 is gfx94x.
    tell(is_amd ? "trace.gfx_version" : "gpu.compute_capabilities", "compute_cap_major, compute_cap_minor",
         [](const XplaneDevice& device) {
           return device.major == 0 ? std::string() : fmt::format("{}.{}", device.major, device.minor);
         });
    tell("trace.device_cores", "core_count", [&](const XplaneDevice& device) { return number(device.cores); });
    tell("trace.device_clock", "clock_rate",
         [&](const XplaneDevice& device) { return number(device.clock_khz, " kHz"); });
    tell("trace.memory_bandwidth", "memory_bandwidth",
         [&](const XplaneDevice& device) { return number(device.bandwidth, " B/s"); });
  }

  TraceSink& sink_;
  const TraceOptions& options_;
  XplaneBytes bytes_;
  HloPrograms programs_;
  TraceNames names_;
  TraceTracks tracks_;
  std::vector<XplaneDevice> devices_;
  std::vector<XplaneBytes> stats_;  // of the event at hand
  std::uint64_t aggregated_ = 0;
};

// A plane that begins with its id and its name: "/device:GPU:0", "/host:CPU", "Task Environment".
bool is_xplane(std::span<const std::byte> beginning) {
  std::uint64_t key = 0, size = 0;
  if (!take_varint(beginning, key) || key != 0x0a || !take_varint(beginning, size)) return false;
  ProtobufReader plane(beginning.first(std::min<std::uint64_t>(size, beginning.size())));
  for (ProtobufField field; plane.next(field);) {
    if (field.number == 1 && !field.is_bytes) continue;
    const std::string_view name = field.text();
    return field.number == 2 && field.is_bytes &&
           (name.starts_with("/host:") || name.starts_with("/device:") || name == "Task Environment");
  }
  return false;
}

Status read_xplane(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  const auto bytes = read_whole(input, kLargestXplane);
  if (!bytes) return bytes.error();
  if (XplaneReader(sink, options, std::as_bytes(std::span(*bytes))).read()) return Done{};
  return Error{"reading an XPlane", input.where(), "it holds no plane",
               "Write it with jax.profiler.trace(DIRECTORY) and give the .xplane.pb below it"};
}

}  // namespace

const TraceFormat kXplane = {"XPlane", WitnessKind::xplane, is_xplane, read_xplane};

}  // namespace varve
