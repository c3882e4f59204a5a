#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernels/formats/pftrace_packets.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/kineto/kineto_event.h"
#include "kernels/kineto/operator_links.h"
#include "kernels/trace/protobuf.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// What PyTorch's own CUPTI back end writes when a trace is to be called *.pftrace (2.14 and later,
// torch/csrc/profiler: cuspy_pftrace.cpp, before that cupti/monitor_pftrace.cpp): a trace of Perfetto
// (pftrace_packets.h). Operators, annotations and calls of the runtime are slices of threads with the categories and
// arguments of Kineto's JSON; what ran on a GPU is a render stage with its duration, "Kernel", "Memcpy", "Memset", or
// "Annotation" for what spans several. The writer ends a stage where the next on its stream begins.
namespace {

constexpr std::size_t kMostSequences = 1000;
constexpr std::size_t kMostWaiting = 50'000'000;

struct PftraceArguments {
  std::uint64_t correlation = 0, external = 0;
  std::string dims;  // "[[64,64],[64,8]]", without what has none at the end
};

std::uint64_t pftrace_number(const ProtobufField& field) {
  return field.is_bytes ? static_cast<std::uint64_t>(std::max<std::int64_t>(parse_integer(field.text()).value_or(0), 0))
                        : field.value;
}

// Numbers in arrays in arrays, as deep as shapes go.
void append_dims(PftraceBytes annotation, std::string& text, int depth) {
  constexpr int kDeepestDims = 4;
  constexpr std::size_t kLongestDims = 4096;
  ProtobufReader reader(annotation);
  bool is_array = depth == 0;
  const std::size_t begin = text.size();
  for (ProtobufField field; reader.next(field) && text.size() < kLongestDims;) {
    if ((field.number == 3 || field.number == 4) && !field.is_bytes) text += std::to_string(field.integer());
    if (field.number != 12 || !field.is_bytes || depth >= kDeepestDims) continue;
    is_array = true;
    if (text.size() > begin) text += ',';
    append_dims(field.bytes, text, depth + 1);
  }
  if (is_array || text.size() == begin) {
    text.insert(begin, "[");
    text += ']';
  }
}

std::string dims_from(PftraceBytes annotation) {
  std::string text;
  append_dims(annotation, text, 0);
  text.pop_back();
  while (text.ends_with("[]")) {
    text.resize(text.size() - 2);
    if (text.ends_with(',')) text.pop_back();
  }
  return text.size() < 2 ? "" : text + ']';
}

// A stage of a GPU as it stands in its packet.
struct PftraceStage {
  std::uint64_t duration = 0, device = 0, lane = 0, stage = 0, kernel = 0, name = 0, stream = UINT64_MAX;
  std::uint64_t correlation = 0, graph = 0, node = 0, bytes = 0, elements = 0;
  std::int64_t sequence = kNoNumber;
  Launch launch;
  std::string_view collective, type, group, group_description, group_ranks, architecture;
};

class PftraceReader {
 public:
  PftraceReader(TraceSink& sink, const TraceOptions& options)
      : sink_(sink), device_only_(options.device_only), names_(sink), tracks_(sink) {}

  Status read(TraceInput& input) {
    PftracePackets packets(input);
    PftraceBytes packet;
    while (true) {
      at_ = packets.at();
      const auto more = packets.next(packet);
      if (!more) return more.error();
      if (!*more) break;
      take_packet(packet);
    }
    if (packets.is_damaged()) sink_.damaged(packets.at(), "the file ends, or holds no packets any more");
    pair_slices();
    links_.tell(sink_);
    tell_rest();
    if (told_ > 0) return Done{};
    return Error{"reading a trace of Perfetto", input.where(), "it holds nothing that PyTorch's profiler writes",
                 "Of other writers give another format: JSON of rocprofv3, for one"};
  }

 private:
  void take_packet(PftraceBytes packet) {
    std::uint64_t time = 0, sequence = 0, flags = 0;
    PftraceBytes event, interned, stage;
    ProtobufReader reader(packet);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 8) time = field.value;
      if (field.number == 10) sequence = field.value;
      if (field.number == 11) event = field.bytes;
      if (field.number == 12) interned = field.bytes;
      if (field.number == 13) flags = field.value;
      if (field.number == 53) stage = field.bytes;
    }
    if (reader.is_damaged() || time > INT64_MAX) return sink_.damaged(at_, "a packet that is no protocol buffer");
    if (sequences_.size() >= kMostSequences && !sequences_.contains(sequence)) {
      return sink_.damaged(at_, "a packet of the thousandth sequence or a later one");
    }
    PftraceSequence& names = sequences_[sequence];
    if ((flags & 1) != 0) names.forget();
    if (!interned.empty()) names.take(interned);
    if (!stage.empty()) take_stage(names, static_cast<std::int64_t>(time), stage);
    if (!event.empty() && !device_only_) take_event(names, static_cast<std::int64_t>(time), event);
  }

  void take_event(const PftraceSequence& names, std::int64_t time, PftraceBytes message) {
    std::uint64_t type = 0, track = 0, category_id = 0, name_id = 0;
    std::string_view category, name;
    annotations_.clear();
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 3) category_id = field.value;
      if (field.number == 4 && field.is_bytes) annotations_.push_back(field.bytes);
      if (field.number == 9) type = field.value;
      if (field.number == 10) name_id = field.value;
      if (field.number == 11) track = field.value;
      if (field.number == 22 && field.is_bytes) category = field.text();
      if (field.number == 23 && field.is_bytes) name = field.text();
    }
    if (slices_.waiting() >= kMostWaiting) {
      ++left_out_;
    } else if (type == 2) {
      slices_.end(track, time);
    } else if (type == 1) {
      if (slices_.has_ends()) pair_slices();
      if (category_id != 0) category = names.name(PftraceNames::category, category_id);
      if (name_id != 0) name = names.name(PftraceNames::event, name_id);
      slices_.begin(slice_from(names, time, track, category, name));
    }
  }

  PftraceSlice slice_from(const PftraceSequence& names, std::int64_t time, std::uint64_t track,
                          std::string_view category, std::string_view name) {
    const PftraceArguments arguments = arguments_from(names);
    PftraceSlice slice{.track = track, .correlation = arguments.correlation, .external = arguments.external};
    slice.event.start_ns = time;
    switch (kineto_kind(category)) {
      case KinetoKind::operation:
        slice.event.activity = name.starts_with("ProfilerStep#") ? Activity::region : Activity::operation;
        break;
      case KinetoKind::region:
        slice.event.activity = Activity::region;
        break;
      case KinetoKind::call:
        slice.event.activity = runtime_activity(name);
        slice.is_call = true;
        slice.launches_graph = name.find("GraphLaunch") != std::string_view::npos;
        break;
      default:
        slice.is_left_out = true;
        return slice;
    }
    const bool has_shapes = slice.event.activity == Activity::operation && !arguments.dims.empty();
    slice.event.name = has_shapes ? names_.id(fmt::format("{} {}", name, arguments.dims)) : names_.id(name);
    return slice;
  }

  PftraceArguments arguments_from(const PftraceSequence& names) const {
    PftraceArguments arguments;
    for (const PftraceBytes annotation : annotations_) {
      std::string_view key;
      std::uint64_t number = 0;
      ProtobufReader reader(annotation);
      for (ProtobufField field; reader.next(field);) {
        if (field.number == 1) key = names.name(PftraceNames::annotation, field.value);
        if (field.number == 10 && field.is_bytes) key = field.text();
        if (field.number == 3 || field.number == 4) number = field.value;
      }
      if (key == "correlation") arguments.correlation = number;
      if (key == "External id") arguments.external = number;
      if (key == "Input Dims") arguments.dims = dims_from(annotation);
    }
    return arguments;
  }

  void pair_slices() {
    slices_.pair([&](const PftraceSlice& slice) { write_slice(slice); });
  }

  void write_slice(const PftraceSlice& slice) {
    if (slice.is_left_out) {
      ++other_;
      return;
    }
    TraceEvent event = slice.event;
    event.track = tracks_.thread(slice.track);
    ++told_;
    if (slice.is_call) links_.add_call(event, {slice.external, slice.correlation}, slice.launches_graph);
    if (event.activity == Activity::operation) links_.add_operation(event, slice.external);
    const Extra extra{.correlation = slice.is_call ? slice.correlation : 0};
    sink_.event(event, &extra);
  }

  void take_stage(const PftraceSequence& names, std::int64_t time, PftraceBytes message) {
    PftraceStage stage;
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 2) stage.duration = field.value;
      if (field.number == 6 && field.is_bytes) take_extra(field.bytes, stage);
      if (field.number == 11) stage.device = field.value;
      if (field.number == 13) stage.lane = field.value;
      if (field.number == 14) stage.stage = field.value;
      if (field.number == 19) stage.kernel = field.value;
      if (field.number == 20) stage.name = field.value;
      if (field.number == 21 && field.is_bytes) take_launch(names, field.bytes, stage.launch);
    }
    if (stage.duration > static_cast<std::uint64_t>(INT64_MAX - time)) {
      return sink_.damaged(at_, "something on a GPU whose times cannot be");
    }
    write_stage(names, time, stage);
  }

  // Extra data is text, numbers too.
  static void take_extra(PftraceBytes message, PftraceStage& stage) {
    std::string_view key;
    ProtobufField value;
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 1 && field.is_bytes) key = field.text();
      if (field.number == 2 && field.is_bytes) value = field;
    }
    const std::string_view text = value.text();
    if (key == "stream id") stage.stream = pftrace_number(value);
    if (key == "correlation") stage.correlation = pftrace_number(value);
    if (key == "graph id") stage.graph = pftrace_number(value);
    if (key == "graph node id") stage.node = pftrace_number(value);
    if (key == "bytes") stage.bytes = pftrace_number(value);
    if (key == "arch") stage.architecture = text;
    if (key == "Collective name") stage.collective = text;
    if (key == "In msg nelems" || key == "Out msg nelems") {
      stage.elements = std::max(stage.elements, pftrace_number(value));
    }
    if (key == "dtype") stage.type = text;
    if (key == "Seq") stage.sequence = parse_integer(text).value_or(kNoNumber);
    if (key == "Process Group Name") stage.group = text;
    if (key == "Process Group Description") stage.group_description = text;
    if (key == "Process Group Ranks") stage.group_ranks = text;
  }

  static void take_launch(const PftraceSequence& names, PftraceBytes message, Launch& launch) {
    ProtobufReader reader(message);
    for (ProtobufField field; reader.next(field);) {
      if (!field.is_bytes) continue;
      std::uint64_t name = 0;
      ProtobufReader parts(field.bytes);
      for (ProtobufField part; parts.next(part);) {
        const auto number = static_cast<std::uint32_t>(std::min<std::uint64_t>(part.value, UINT32_MAX));
        const bool is_size = part.number >= 1 && part.number <= 3;
        if (field.number == 1 && is_size) launch.grid[part.number - 1] = number;
        if (field.number == 2 && is_size) launch.block[part.number - 1] = number;
        if (field.number != 3) continue;
        if (part.number == 1) name = part.value;
        if (part.number != 4) continue;
        const std::string_view argument = names.name(PftraceNames::argument, name);
        if (argument == "registers_per_thread") launch.registers = number;
        if (argument.starts_with("shared_mem")) launch.shared_bytes += number;
      }
    }
  }

  void write_stage(const PftraceSequence& names, std::int64_t time, const PftraceStage& stage) {
    const std::string_view kind = names.name(PftraceNames::specification, stage.stage);
    if (kind != "Kernel" && kind != "Memcpy" && kind != "Memset") return;  // spans others, or is no work of the GPU
    std::string_view name = names.name(PftraceNames::kernel, stage.kernel);
    if (name.empty()) name = names.name(PftraceNames::event, stage.name);
    if (name.empty()) name = kind;
    TraceEvent event{
        .start_ns = time, .duration_ns = static_cast<std::int64_t>(stage.duration), .name = names_.id(name)};
    Extra extra{.correlation = stage.correlation, .bytes = stage.bytes, .launch = stage.launch};
    if (stage.graph != 0) extra.graph_node = stage.node == 0 ? kGraphUnknown : stage.graph << 32 | stage.node;
    event.activity = kind == "Memcpy" ? Activity::copy : kind == "Memset" ? Activity::fill : kernel_activity(name);
    if (kind == "Kernel" && !stage.collective.empty()) event.activity = Activity::collective;
    if (event.activity == Activity::collective) take_collective(stage, extra);
    const std::uint64_t stream = stage.stream == UINT64_MAX ? stage.lane : stage.stream;
    event.track = tracks_.stream(static_cast<std::int32_t>(std::min<std::uint64_t>(stage.device, INT32_MAX)),
                                 static_cast<std::int64_t>(std::min<std::uint64_t>(stream, INT64_MAX)));
    if (architecture_.empty()) architecture_ = stage.architecture;
    ++told_;
    ++stages_;
    if (device_only_ || links_.is_full()) {
      sink_.event(event, &extra);
    } else {
      links_.add_device_event(event, extra, 0);
    }
  }

  void take_collective(const PftraceStage& stage, Extra& extra) {
    const std::uint64_t size = bytes_of_type(stage.type);
    if (size > 0 && stage.elements < UINT64_MAX / size) extra.bytes = stage.elements * size;
    extra.sequence = stage.sequence;
    std::vector<std::string> parts;
    for (const std::string_view part : {stage.group, stage.group_description, stage.group_ranks}) {
      if (!part.empty() && part != "undefined") parts.emplace_back(part);
    }
    if (!parts.empty()) extra.group = names_.id(join(parts, " "));
  }

  void tell_rest() {
    if (stages_ > 0) {
      sink_.traced(Activity::kernel);
      sink_.unseen("how long kernels ran on after the next on their stream had begun: the writer ends them there");
    }
    // "sm_90"
    if (architecture_.starts_with("sm_") && architecture_.size() > 4 && parse_integer(architecture_.substr(3))) {
      const std::string digits = architecture_.substr(3);
      std::vector<std::string> capability = {digits.substr(0, digits.size() - 1) + "." + digits.back()};
      sink_.fact("gpu.compute_capabilities", known_fact(std::move(capability), "PyTorch's pftrace: arch of a kernel"));
    }
    if (other_ > 0) sink_.unseen(fmt::format("{} slices that are neither operators nor calls", other_));
    const std::uint64_t broken = slices_.unclosed() + slices_.unopened();
    if (broken > 0) sink_.unseen(fmt::format("{} slices without a beginning or an end", broken));
    if (left_out_ > 0) sink_.unseen(fmt::format("{} beginnings and ends of slices beyond 50 millions", left_out_));
  }

  TraceSink& sink_;
  bool device_only_;
  TraceNames names_;
  TraceTracks tracks_;
  std::unordered_map<std::uint64_t, PftraceSequence> sequences_;
  PftraceSlices slices_;
  OperatorLinks links_;
  std::vector<PftraceBytes> annotations_;  // of the event at hand
  std::string architecture_;
  std::uint64_t at_ = 0, told_ = 0, stages_ = 0, other_ = 0, left_out_ = 0;
};

// Packets, and among the first a track, names or a clock: nothing else that is read begins so.
bool is_pftrace(std::span<const std::byte> beginning) {
  while (true) {
    std::uint64_t key = 0, size = 0;
    if (!take_varint(beginning, key) || key != 0x0a || !take_varint(beginning, size)) return false;
    ProtobufReader packet(beginning.first(std::min<std::uint64_t>(size, beginning.size())));
    for (ProtobufField field; packet.next(field);) {
      const bool is_number = field.number == 8 || field.number == 10 || field.number == 13;
      const bool is_message = field.number == 6 || field.number == 12 || field.number == 60;
      if (is_message && field.is_bytes) return true;
      if (!is_number || field.is_bytes) return false;
    }
    if (packet.is_damaged()) return false;
    beginning = beginning.subspan(std::min<std::uint64_t>(size, beginning.size()));
  }
}

Status read_pftrace(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  return PftraceReader(sink, options).read(input);
}

}  // namespace

const TraceFormat kPftrace = {"PyTorch pftrace", WitnessKind::kineto, is_pftrace, read_pftrace};

}  // namespace varve
