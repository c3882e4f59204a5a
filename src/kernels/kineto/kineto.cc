#include "kernels/kineto/kineto.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "kernels/json/json_members.h"
#include "kernels/kineto/event_parts.h"
#include "kernels/kineto/event_scanner.h"
#include "kernels/kineto/kineto_event.h"
#include "kernels/kineto/kineto_facts.h"
#include "kernels/kineto/operator_links.h"
#include "kernels/kineto/text_index.h"
#include "kernels/trace/runtime_calls.h"
#include "kernels/trace/trace_names.h"

namespace varve {

namespace {
constexpr std::size_t kMostThreads = 8;  // of one file: more would wait for the one that takes what they read
constexpr std::size_t kMostNames = 1'000'000, kMostTracks = 1'000'000;

// "[[8, 64], [64, 8], []]" as "[[8,64],[64,8]]": without blanks and the empty shapes at the end, which belong to
// arguments that are no tensors. Empty when no argument has a shape.
std::string shapes_from(std::string_view dims) {
  std::string text;
  for (const char c : dims) {
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') text += c;
  }
  if (!text.ends_with(']')) return {};
  text.pop_back();
  while (text.ends_with("[]")) {
    text.resize(text.size() - 2);
    if (text.ends_with(',')) text.pop_back();
  }
  return text.size() < 2 ? std::string() : text + ']';
}

// What the floating inputs of an operation are, each once: " bf16" of ["c10::BFloat16", "Scalar"]. Empty where that
// goes without saying: of fp32 alone, and where none is.
std::string types_from(std::string_view types) {
  struct InputType {
    std::string_view written, said;
  };
  constexpr std::array kTypes = {InputType{"float", "fp32"}, InputType{"double", "fp64"},
                                 InputType{"c10::Half", "fp16"}, InputType{"c10::BFloat16", "bf16"},
                                 InputType{"c10::Float8_", "fp8"}};
  std::vector<std::string_view> said;
  for (std::size_t begin = types.find('"'); begin != std::string_view::npos;) {
    const std::size_t end = types.find('"', begin + 1);
    if (end == std::string_view::npos) break;
    const std::string_view one = types.substr(begin + 1, end - begin - 1);
    for (const InputType& type : kTypes) {
      const bool is_it = type.written.ends_with('_') ? one.starts_with(type.written) : one == type.written;
      if (is_it && std::find(said.begin(), said.end(), type.said) == said.end()) said.push_back(type.said);
    }
    begin = types.find('"', end + 1);
  }
  if (said.empty() || (said.size() == 1 && said[0] == "fp32")) return "";
  return fmt::format(" {}", fmt::join(said, "+"));
}

class KinetoReader final : public ScanSink {
 public:
  KinetoReader(TraceSink& sink, const TraceOptions& options)
      : sink_(sink),
        device_only_(options.device_only),
        keep_captured_(options.keep_captured),
        pieces_{std::min(options.threads, kMostThreads), options.piece_bytes},
        parts_(options.device_only) {}

  Status read(TraceInput& input);
  void event(std::string_view object, std::uint64_t at) override;
  void member(std::string_view key, std::string_view value) override;
  std::unique_ptr<EventPiece> make_piece() override { return std::make_unique<EventParts>(device_only_); }
  void take(EventPiece& piece) override { take_parts(static_cast<EventParts&>(piece)); }
  void damaged(std::uint64_t at, std::string_view what) override { sink_.damaged(at, what); }

 private:
  struct DeviceName {
    NameId id = kNoName;
    bool is_collective = false;
  };

  void take_parts(const EventParts& parts);
  void take_part(const EventParts::Part& part);
  void take_device_event(KinetoKind kind, const KinetoEvent& event);
  void take_host_event(KinetoKind kind, const KinetoEvent& event);
  void tell_clock();
  void read_times(const KinetoEvent& event, std::uint64_t at);
  void tell_unseen();
  NameId name_of(std::string_view text);
  DeviceName name_on_device(std::string_view value);
  NameId name_of_operation(const KinetoEvent& event, bool& is_region);
  NameId group_of(const KinetoEvent& event);
  TrackId new_track(const Place& place, TrackKind kind);
  TrackId thread_of(const KinetoEvent& event);
  TrackId stream_of(const KinetoEvent& event);

  TraceSink& sink_;
  const bool device_only_, keep_captured_;
  const PieceOptions pieces_;
  EventParts parts_;  // of one event, where they come one by one
  OperatorLinks links_;
  TextIndex<NameId> names_;
  TextIndex<DeviceName> device_names_;  // by the text as it stands there
  // Likewise, with the shapes, of one set of types: nearly all of a trace has one.
  struct TypedOperations {
    std::string types;  // " bf16"
    TextIndex<NameId> names;
  };
  TypedOperations& operations_of(std::string_view input_types);

  std::vector<std::unique_ptr<TypedOperations>> operations_;
  TextIndex<std::size_t> types_;  // of operations_, by how the types are written
  TextIndex<TrackId> threads_;    // of a process
  std::map<Place, TrackId> streams_;
  std::uint32_t tracks_ = 0;
  std::string buffer_;
  Place last_place_;
  std::optional<TrackId> last_stream_;  // at that place
  TraceEvent next_;                     // what is being read: its times
  bool saw_device_ = false;
  bool saw_claimed_ = false;             // an event of a category of Kineto's, or a member that it alone writes
  std::optional<std::int64_t> base_ns_;  // of the UNIX clock
  std::uint64_t timed_ = 0, unclaimed_ = 0, foreign_ = 0, countered_ = 0;
};

Status KinetoReader::read(TraceInput& input) {
  EventScanner scanner(input, *this, pieces_);
  if (const Status scanned = scanner.scan(); !scanned) return scanned;
  if (!scanner.found_events()) {
    return Error{"reading a Chrome trace", input.where(), "it holds no list traceEvents",
                 "A trace of PyTorch's profiler is written by export_chrome_trace"};
  }
  if (!saw_claimed_ && unclaimed_ > 0) {
    return Error{
        "reading a Chrome trace", input.where(),
        fmt::format("none of its {} events is of a category that PyTorch's profiler writes (Kineto, since 1.8.1)",
                    unclaimed_),
        "Another program's trace is not read, nor that of torch.autograd.profiler_legacy: use torch.profiler; of the "
        "first rocprof, give results.db"};
  }
  links_.tell(sink_);
  tell_unseen();
  return Done{};
}

void KinetoReader::tell_unseen() {
  if (foreign_ > 0) {
    sink_.unseen(
        fmt::format("what ran on an MTIA accelerator: its {} events do not say which of them are kernels", foreign_));
  }
  if (countered_ > 0) {
    sink_.unseen(fmt::format("the time of kernels: {} ran one by one while counters were read", countered_));
  }
}

void KinetoReader::event(std::string_view object, std::uint64_t at) {
  parts_.clear();
  parts_.saw_claimed = saw_claimed_;
  parts_.event(object, at);
  take_parts(parts_);
}

void KinetoReader::take_parts(const EventParts& parts) {
  if (parts.saw_device && !saw_device_) sink_.traced(Activity::kernel);
  saw_device_ = saw_device_ || parts.saw_device;
  foreign_ += parts.foreign;
  countered_ += parts.countered;
  if (!saw_claimed_) unclaimed_ += parts.unclaimed;
  saw_claimed_ = saw_claimed_ || parts.saw_claimed;
  for (const EventParts::Part& part : parts.parts) take_part(part);
}

void KinetoReader::take_part(const EventParts::Part& part) {
  if (!part.is_whole) sink_.damaged(part.at, "an event whose fields cannot be read to their end");
  if (!part.has_time()) return;
  read_times(part.event, part.at);
  if (is_on_host(part.kind) || part.kind == KinetoKind::call) {
    take_host_event(part.kind, part.event);
  } else {
    take_device_event(part.kind, part.event);
  }
}

void KinetoReader::member(std::string_view key, std::string_view value) {
  constexpr std::string_view kBase = "baseTimeNanoseconds";
  if (key == kBase) base_ns_ = parse_integer(trim(value));
  saw_claimed_ = saw_claimed_ || key == "schemaVersion" || key == "deviceProperties";
  tell_kineto_facts(key, value, sink_);
}

// Times count from a moment that stands in front, or from 1970 (PyTorch 2.1 states none).
void KinetoReader::tell_clock() {
  constexpr std::int64_t kYear2001 = 1'000'000'000'000'000'000;
  if (base_ns_ || next_.start_ns > kYear2001) sink_.clock(base_ns_.value_or(0));
}

// Where the trace states no duration that can be read the event counts, without time.
void KinetoReader::read_times(const KinetoEvent& event, std::uint64_t at) {
  if (!event.duration_ns || !event.start_ns) sink_.damaged(at, "an event whose time is no number");
  next_.start_ns = event.start_ns.value_or(0);
  next_.duration_ns = event.duration_ns.value_or(0);
  if (next_.duration_ns < 0 || next_.start_ns < 0) {
    sink_.damaged(at, next_.duration_ns < 0 ? "an event that ends before it begins" : "an event before time began");
    next_.start_ns = std::max<std::int64_t>(next_.start_ns, 0);
    next_.duration_ns = std::max<std::int64_t>(next_.duration_ns, 0);
  }
  if (timed_++ == 0) tell_clock();
}

NameId KinetoReader::name_of(std::string_view text) {
  if (const NameId* known = names_.find(text)) return *known;
  if (names_.size() >= kMostNames) return kNoName;
  const auto id = static_cast<NameId>(names_.size());
  sink_.name(id, {.text = text, .library = {}, .build_id = {}, .named = Named::trace});
  names_.add(text, {}, id);
  return id;
}

KinetoReader::DeviceName KinetoReader::name_on_device(std::string_view value) {
  if (const DeviceName* known = device_names_.find(value)) return *known;
  const std::string_view text = text_from(value, buffer_);
  const DeviceName name{name_of(text), kernel_activity(clean_utf8(text)) == Activity::collective};
  if (device_names_.size() < kMostNames) device_names_.add(value, {}, name);
  return name;
}

NameId KinetoReader::name_of_operation(const KinetoEvent& event, bool& is_region) {
  // Before there were annotations a step of the profiler was an operator.
  is_region = is_region || event.name.starts_with("\"ProfilerStep#");
  const std::string_view dims = is_region ? std::string_view() : event.input_dims;
  TypedOperations& operations = operations_of(dims.empty() ? std::string_view() : event.input_types);
  if (const NameId* known = operations.names.find(event.name, dims)) return *known;
  std::string text(text_from(event.name, buffer_));
  if (const std::string shapes = shapes_from(dims); !shapes.empty()) text += ' ' + shapes + operations.types;
  const NameId id = name_of(text);
  if (operations.names.size() < kMostNames) operations.names.add(event.name, dims, id);
  return id;
}

KinetoReader::TypedOperations& KinetoReader::operations_of(std::string_view input_types) {
  if (const std::size_t* known = types_.find(input_types)) return *operations_[*known];
  const std::string types = types_from(input_types);
  const auto same =
      std::find_if(operations_.begin(), operations_.end(), [&](const auto& one) { return one->types == types; });
  const auto number = static_cast<std::size_t>(same - operations_.begin());
  if (same == operations_.end()) operations_.push_back(std::make_unique<TypedOperations>(TypedOperations{types, {}}));
  if (types_.size() < kMostNames) types_.add(input_types, {}, number);
  return *operations_[number];
}

// Beyond a million tracks all that is on others counts as on the first.
TrackId KinetoReader::new_track(const Place& place, TrackKind kind) {
  const auto id = static_cast<TrackId>(tracks_++);
  sink_.track(id, place, kind);
  return id;
}

TrackId KinetoReader::thread_of(const KinetoEvent& event) {
  if (const TrackId* known = threads_.find(event.process, event.thread)) return *known;
  if (tracks_ >= kMostTracks) return TrackId{0};
  const TrackId track = new_track({}, TrackKind::thread);
  threads_.add(event.process, event.thread, track);
  return track;
}

TrackId KinetoReader::stream_of(const KinetoEvent& event) {
  const Place place = kineto_place(event);
  if (last_stream_ && place == last_place_) return *last_stream_;
  auto known = streams_.find(place);
  if (known == streams_.end() && tracks_ >= kMostTracks) return TrackId{0};
  if (known == streams_.end()) known = streams_.emplace(place, new_track(place, TrackKind::stream)).first;
  last_place_ = place;
  return *(last_stream_ = known->second);
}

// "3 tensor_parallel [0, 1, 2, 3]": the number of a process group, what it is for, and its ranks.
NameId KinetoReader::group_of(const KinetoEvent& event) {
  std::string text, part;
  for (const std::string_view value : {event.group_name, event.group_description, event.group_ranks}) {
    const std::string_view said = text_from(value, part);
    if (said.empty() || said == "undefined") continue;
    if (!text.empty()) text += ' ';
    text += said;
  }
  return text.empty() ? kNoName : name_of(text);
}

void KinetoReader::take_device_event(KinetoKind kind, const KinetoEvent& event) {
  const DeviceName name = name_on_device(event.name);
  next_.name = name.id;
  next_.track = stream_of(event);
  Extra extra{.bytes = event.bytes, .launch = event.launch, .graph_node = event.graph_node};
  if (!device_only_) extra.correlation = event.correlation;
  next_.activity = kind == KinetoKind::copy   ? Activity::copy
                   : kind == KinetoKind::fill ? Activity::fill
                                              : Activity::kernel;
  if (kind == KinetoKind::kernel && (name.is_collective || !event.collective.empty())) {
    next_.activity = Activity::collective;
    const std::uint64_t size = bytes_of_type(text_from(event.type, buffer_));
    const std::uint64_t elements = std::max(event.elements_in, event.elements_out);
    if (size > 0 && elements < UINT64_MAX / size) extra.bytes = elements * size;
    extra.group = group_of(event);
    if (event.sequence && *event.sequence <= INT64_MAX) extra.sequence = static_cast<std::int64_t>(*event.sequence);
  }
  if (device_only_ || links_.is_full()) {
    sink_.event(next_, &extra);
  } else {
    links_.add_device_event(next_, extra, event.external);
  }
}

void KinetoReader::take_host_event(KinetoKind kind, const KinetoEvent& event) {
  next_.track = thread_of(event);
  if (kind == KinetoKind::call) {
    const std::string_view text = text_from(event.name, buffer_);
    next_.name = name_of(text);
    next_.activity = runtime_activity(text);
    const bool launches_graph = text.find("GraphLaunch") != std::string_view::npos;
    links_.add_call(next_, {event.external, event.correlation}, launches_graph);
    Extra extra;
    extra.correlation = event.correlation;
    if (keep_captured_ && !event.launched.empty()) extra.launched = name_of(text_from(event.launched, buffer_));
    return sink_.event(next_, &extra);
  }
  bool is_region = kind == KinetoKind::region;
  next_.name = name_of_operation(event, is_region);
  next_.activity = is_region ? Activity::region : Activity::operation;
  if (!is_region) links_.add_operation(next_, event.external);
  sink_.event(next_, nullptr);
}

// By what stands at the beginning: a list of events, or an object with a key that only such traces have. Where 4 KiB
// hold none of them but some other member first, reading tells: no other format begins so.
bool recognises_kineto(std::span<const std::byte> beginning) {
  constexpr std::size_t kAllThatIsShown = 4096;
  constexpr std::array<std::string_view, 9> kKeys = {"traceEvents",     "schemaVersion",       "deviceProperties",
                                                     "displayTimeUnit", "baseTimeNanoseconds", "cuda_runtime_version",
                                                     "cupti_version",   "distributedInfo",     "roctracer_version"};
  std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text = trim(text);
  if (text.empty()) return false;
  const char first = text.front();
  text = trim(text.substr(1));
  if (first == '[') return text.starts_with('{') && text.find("\"ph\"") != std::string_view::npos;
  if (first != '{') return false;
  for (const std::string_view key : kKeys) {
    if (text.find(fmt::format("\"{}\"", key)) != std::string_view::npos) return true;
  }
  return text.starts_with('"') && beginning.size() >= kAllThatIsShown && text.find('\0') == std::string_view::npos;
}

Status read_kineto(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  return KinetoReader(sink, options).read(input);
}

}  // namespace

extern const TraceFormat kKineto;
const TraceFormat kKineto = {"Kineto (Chrome trace JSON)", WitnessKind::kineto, recognises_kineto, read_kineto};

}  // namespace varve
