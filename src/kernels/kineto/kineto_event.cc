#include "kernels/kineto/kineto_event.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/json/json_members.h"
#include "kernels/json/same_bytes.h"

namespace varve {

namespace {
struct Category {
  std::string_view name;
  KinetoKind kind;
};
constexpr std::array kCategories = {
    Category{"kernel", KinetoKind::kernel},
    Category{"cpu_op", KinetoKind::operation},
    Category{"cuda_runtime", KinetoKind::call},
    Category{"cuda_driver", KinetoKind::call},
    Category{"gpu_memcpy", KinetoKind::copy},
    Category{"gpu_memset", KinetoKind::fill},
    Category{"user_annotation", KinetoKind::region},
    Category{"Kernel", KinetoKind::kernel},
    Category{"Operator", KinetoKind::operation},
    Category{"Runtime", KinetoKind::call},
    Category{"Memcpy", KinetoKind::copy},
    Category{"Memset", KinetoKind::fill},
    Category{"gpu_user_annotation", KinetoKind::device},
    Category{"cuda_sync", KinetoKind::device},
    Category{"mtia_ccp_events", KinetoKind::on_mtia},
    Category{"mtia_insight", KinetoKind::foreign},
    Category{"cuda_profiler_range", KinetoKind::countered},
    Category{"python_function", KinetoKind::unused},
    Category{"overhead", KinetoKind::unused},
    Category{"Trace", KinetoKind::unused},
    Category{"collective_comm", KinetoKind::unused},
    Category{"cuda_event", KinetoKind::unused},
    Category{"mtia_counters", KinetoKind::unused},
    Category{"hpu_op", KinetoKind::unused},
};

struct FieldName {
  std::string_view key;
  KinetoField field;
};
constexpr std::array kFields = {
    FieldName{"name", KinetoField::name},    FieldName{"pid", KinetoField::process},
    FieldName{"tid", KinetoField::thread},   FieldName{"ts", KinetoField::start},
    FieldName{"dur", KinetoField::duration}, FieldName{"args", KinetoField::arguments},
};
constexpr std::array kArguments = {
    FieldName{"External id", KinetoField::external},
    FieldName{"external id", KinetoField::external},
    FieldName{"correlation", KinetoField::correlation},
    FieldName{"device", KinetoField::device},
    FieldName{"stream", KinetoField::stream},
    FieldName{"bytes", KinetoField::bytes},
    FieldName{"grid", KinetoField::grid},
    FieldName{"block", KinetoField::block},
    FieldName{"registers per thread", KinetoField::registers},
    FieldName{"shared memory", KinetoField::shared_bytes},
    FieldName{"graph id", KinetoField::graph},
    FieldName{"graph node id", KinetoField::graph_node},
    FieldName{"kind", KinetoField::dispatch},
    FieldName{"kernel", KinetoField::launched},
    FieldName{"Input Dims", KinetoField::input_dims},
    FieldName{"Input dims", KinetoField::input_dims},
    FieldName{"Input type", KinetoField::input_types},
    FieldName{"Collective name", KinetoField::collective},
    FieldName{"Process Group Name", KinetoField::group_name},
    FieldName{"Process Group Description", KinetoField::group_description},
    FieldName{"Process Group Ranks", KinetoField::group_ranks},
    FieldName{"dtype", KinetoField::type},
    FieldName{"In msg nelems", KinetoField::elements_in},
    FieldName{"Out msg nelems", KinetoField::elements_out},
    FieldName{"Seq", KinetoField::sequence},
};

// The value of "ph" of an event that has a duration, and of one that names a process or thread, behind its first quote.
constexpr std::string_view kComplete = "X\"", kMetadata = "M\"";

KinetoKind without_duration(std::string_view phase) {
  return phase.starts_with(kMetadata) ? KinetoKind::label : KinetoKind::other;
}

template <std::size_t kCount>
KinetoField find_field(const std::array<FieldName, kCount>& rows, std::string_view key) {
  for (const FieldName& row : rows) {
    if (row.key == key) return row.field;
  }
  return KinetoField::unused;
}

// "stream 7" as 7, as the first Kinetos call the track of a stream.
std::optional<std::uint64_t> stream_from(std::string_view thread) {
  constexpr std::string_view kStream = "\"stream ";
  if (!thread.starts_with(kStream)) return whole_number_from(thread);
  return whole_number_from(thread.substr(kStream.size(), thread.size() - kStream.size() - 1));
}
}  // namespace

KinetoField kineto_field(std::string_view key) { return find_field(kFields, key); }
KinetoField kineto_argument(std::string_view key) { return find_field(kArguments, key); }

void set_kineto_number(KinetoField field, std::optional<std::uint64_t> number, KinetoEvent& event) {
  const std::uint64_t value = number.value_or(0);
  const auto narrow = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
  switch (field) {
    case KinetoField::external:
      event.external = value;
      break;
    case KinetoField::correlation:
      event.correlation = value;
      break;
    case KinetoField::device:
      event.device = number;
      break;
    case KinetoField::stream:
      event.stream = number;
      break;
    case KinetoField::bytes:
      event.bytes = value;
      break;
    case KinetoField::registers:
      event.launch.registers = narrow;
      break;
    case KinetoField::shared_bytes:
      event.launch.shared_bytes = narrow;
      break;
    case KinetoField::graph:
      if (value != 0 && event.graph_node == 0) event.graph_node = kGraphUnknown;
      break;
    case KinetoField::graph_node:
      if (value != 0) event.graph_node = value;
      break;
    case KinetoField::elements_in:
      event.elements_in = value;
      break;
    case KinetoField::elements_out:
      event.elements_out = value;
      break;
    case KinetoField::sequence:
      event.sequence = number;
      break;
    default:
      break;
  }
}
void set_kineto_field(KinetoField field, std::string_view value, KinetoEvent& event) {
  switch (field) {
    case KinetoField::unused:
    case KinetoField::arguments:
      break;
    case KinetoField::name:
      event.name = value;
      break;
    case KinetoField::process:
      event.process = value;
      break;
    case KinetoField::thread:
      event.thread = value;
      break;
    case KinetoField::input_dims:
      event.input_dims = value;
      break;
    case KinetoField::input_types:
      event.input_types = value;
      break;
    case KinetoField::grid:
      event.launch.grid = three_numbers_from(value);
      break;
    case KinetoField::block:
      event.launch.block = three_numbers_from(value);
      break;
    case KinetoField::dispatch:  // AMD: "Dispatch Kernel" of a stream, "Dispatch Task" of a graph
      if (value == "\"Dispatch Task\"" && event.graph_node == 0) event.graph_node = kGraphUnknown;
      break;
    case KinetoField::collective:
      event.collective = value;
      break;
    case KinetoField::group_name:
      event.group_name = value;
      break;
    case KinetoField::group_description:
      event.group_description = value;
      break;
    case KinetoField::group_ranks:
      event.group_ranks = value;
      break;
    case KinetoField::launched:
      event.launched = value;
      break;
    case KinetoField::type:
      event.type = value;
      break;
    case KinetoField::start:
      event.start_ns = nanoseconds_from(value);
      break;
    case KinetoField::duration:
      event.duration_ns = nanoseconds_from(value);
      break;
    default:
      set_kineto_number(field, whole_number_from(value), event);
  }
}

KinetoKind kind_on_mtia(std::string_view event) {
  const auto has = [&](std::string_view key) { return event.find(key) != std::string_view::npos; };
  if (has(R"("row")") && has(R"("column")")) return KinetoKind::kernel;
  return has(R"("direction")") ? KinetoKind::copy : KinetoKind::device;
}

Place kineto_place(const KinetoEvent& event) {
  constexpr std::uint64_t kMostDevice = INT32_MAX, kMostStream = INT64_MAX;
  const auto device = event.device ? event.device : whole_number_from(event.process);
  const auto stream = event.stream ? event.stream : stream_from(event.thread);
  Place place;
  if (device && *device <= kMostDevice) place.device = static_cast<std::int32_t>(*device);
  if (stream && *stream <= kMostStream) place.stream = static_cast<std::int64_t>(*stream);
  return place;
}

KinetoKind kineto_kind(std::string_view category) {
  for (const Category& row : kCategories) {
    if (row.name == category) return row.kind;
  }
  return category.ends_with("_runtime") || category.ends_with("_driver") ? KinetoKind::call : KinetoKind::other;
}

KinetoKind KindTeller::known_kind(std::string_view from_category) {
  std::uint64_t first = 0;
  if (from_category.size() < sizeof first) return kineto_kind(from_category.substr(0, from_category.find('"')));
  std::memcpy(&first, from_category.data(), sizeof first);
  Known& known = known_[(first * 0x9e3779b97f4a7c15) >> (64 - kPlaces)];
  if (!known.category.empty() && begins_with(from_category, known.category)) return known.kind;
  const std::size_t size = from_category.find('"');
  known = {std::string(from_category.substr(0, size + 1)), kineto_kind(from_category.substr(0, size))};
  return known.kind;
}

KinetoKind KindTeller::kind(std::string_view event) {
  std::string_view rest = event;
  if (!category_.empty() && begins_with(event, category_)) {
    rest.remove_prefix(category_.size());
    return known_kind(rest);
  }
  if (phase_.empty() || !begins_with(event, phase_)) return read_kind(event);
  rest.remove_prefix(phase_.size());
  return rest.starts_with(kComplete) ? read_kind(event) : without_duration(rest);
}

KinetoKind KindTeller::read_kind(std::string_view event) {
  JsonMembers fields(event);
  std::string_view phase, category;
  std::size_t keys = 0;
  for (std::string_view key, value; (phase.empty() || category.empty()) && fields.next(key, value); ++keys) {
    if (value.size() < 2 || value.front() != '"') continue;
    const auto before = static_cast<std::size_t>(value.data() + 1 - event.data());
    if (key == "ph" && phase.empty()) {
      phase = value;
      if (keys == 0) phase_ = event.substr(0, before);
      if (phase.substr(1) != kComplete) return without_duration(phase.substr(1));
    } else if (key == "cat" && category.empty()) {
      category = value;
      if (keys == 1 && !phase.empty()) category_ = event.substr(0, before);
    }
  }
  if (phase.empty() || category.empty()) return KinetoKind::other;
  return kineto_kind(category.substr(1, category.size() - 2));
}

std::uint64_t bytes_of_type(std::string_view type) {
  struct Row {
    std::string_view name;
    std::uint64_t bytes;
  };
  // c10::toString(ScalarType): the names that PyTorch writes.
  constexpr std::array kTypes = {Row{"Bool", 1},   Row{"Byte", 1},        Row{"Char", 1},          Row{"Short", 2},
                                 Row{"Int", 4},    Row{"Long", 8},        Row{"Half", 2},          Row{"Float", 4},
                                 Row{"Double", 8}, Row{"ComplexHalf", 4}, Row{"BFloat16", 2},      Row{"UInt16", 2},
                                 Row{"UInt32", 4}, Row{"UInt64", 8},      Row{"ComplexFloat", 8},  Row{"QInt8", 1},
                                 Row{"QUInt8", 1}, Row{"QInt32", 4},      Row{"ComplexDouble", 16}};
  for (const Row& row : kTypes) {
    if (row.name == type) return row.bytes;
  }
  return type.starts_with("Float8_") ? 1 : 0;
}

}  // namespace varve
