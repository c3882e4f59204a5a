#include "kernels/kineto/kineto_event.h"

#include <algorithm>
#include <array>

#include "kernels/kineto/json_members.h"

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
};

std::uint64_t number_or(std::string_view value, std::uint64_t otherwise) {
  return whole_number_from(value).value_or(otherwise);
}

// "stream 7" as 7, as the first Kinetos call the track of a stream.
std::optional<std::uint64_t> stream_from(std::string_view thread) {
  constexpr std::string_view kStream = "\"stream ";
  if (!thread.starts_with(kStream)) return whole_number_from(thread);
  return whole_number_from(thread.substr(kStream.size(), thread.size() - kStream.size() - 1));
}

void read_argument(std::string_view key, std::string_view value, KinetoEvent& event) {
  if (key.empty()) return;
  const auto narrow = [&] {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(number_or(value, 0), UINT32_MAX));
  };
  switch (key.front()) {
    case 'E':
    case 'e':
      if (key == "External id" || key == "external id") event.external = number_or(value, 0);
      break;
    case 'b':
      if (key == "block") event.launch.block = three_numbers_from(value);
      if (key == "bytes") event.bytes = number_or(value, 0);
      break;
    case 'c':
      if (key == "correlation") event.correlation = number_or(value, 0);
      break;
    case 'd':
      if (key == "device") event.device = whole_number_from(value);
      if (key == "dtype") event.type = value;
      break;
    case 'g':
      if (key == "grid") event.launch.grid = three_numbers_from(value);
      if (key == "graph node id" && number_or(value, 0) != 0) event.graph_node = number_or(value, 0);
      if (key == "graph id" && number_or(value, 0) != 0 && event.graph_node == 0) event.graph_node = kGraphUnknown;
      break;
    case 'k':  // AMD: "Dispatch Kernel" of a stream, "Dispatch Task" of a graph
      if (key == "kind" && value == "\"Dispatch Task\"" && event.graph_node == 0) event.graph_node = kGraphUnknown;
      break;
    case 'r':
      if (key == "registers per thread") event.launch.registers = narrow();
      break;
    case 's':
      if (key == "stream") event.stream = whole_number_from(value);
      if (key == "shared memory") event.launch.shared_bytes = narrow();
      break;
    case 'C':
      if (key == "Collective name") event.collective = value;
      break;
    case 'I':
      if (key == "Input Dims" || key == "Input dims") event.input_dims = value;
      if (key == "In msg nelems") event.elements_in = number_or(value, 0);
      break;
    case 'O':
      if (key == "Out msg nelems") event.elements_out = number_or(value, 0);
      break;
    case 'P':
      if (key == "Process Group Name") event.group_name = value;
      if (key == "Process Group Description") event.group_description = value;
      if (key == "Process Group Ranks") event.group_ranks = value;
      break;
    case 'S':
      if (key == "Seq") event.sequence = whole_number_from(value);
      break;
    default:
      break;
  }
}

bool read_arguments(std::string_view object, KinetoEvent& event) {
  if (!object.starts_with('{')) return true;
  JsonMembers fields(object);
  for (std::string_view key, value; fields.next(key, value);) read_argument(key, value, event);
  return !fields.is_broken();
}
}  // namespace

KinetoKind kineto_kind(std::string_view category) {
  for (const Category& row : kCategories) {
    if (row.name == category) return row.kind;
  }
  return category.ends_with("_runtime") || category.ends_with("_driver") ? KinetoKind::call : KinetoKind::other;
}

KinetoKind KindTeller::kind(std::string_view event) {
  constexpr std::string_view kComplete = "X\"";
  if (!category_.empty() && event.starts_with(category_)) {
    const std::string_view rest = event.substr(category_.size());
    if (!last_.empty() && rest.starts_with(last_)) return last_kind_;
    const std::string_view category = rest.substr(0, rest.find('"'));
    last_kind_ = kineto_kind(category);
    last_ = rest.substr(0, category.size() + 1);
    return last_kind_;
  }
  if (!phase_.empty() && event.starts_with(phase_) && !event.substr(phase_.size()).starts_with(kComplete)) {
    return KinetoKind::other;
  }
  return read_kind(event);
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
      if (phase != "\"X\"") return KinetoKind::other;
    } else if (key == "cat" && category.empty()) {
      category = value;
      if (keys == 1 && !phase.empty()) category_ = event.substr(0, before);
    }
  }
  if (phase.empty() || category.empty()) return KinetoKind::other;
  return kineto_kind(category.substr(1, category.size() - 2));
}

bool read_kineto_event(std::string_view text, KinetoEvent& event) {
  JsonMembers fields(text);
  bool is_whole = true;
  for (std::string_view key, value; fields.next(key, value);) {
    if (key == "args") {
      is_whole = read_arguments(value, event) && is_whole;
    } else if (key == "ts") {
      event.start_ns = nanoseconds_from(value);
    } else if (key == "dur") {
      event.duration_ns = nanoseconds_from(value);
    } else if (key == "name") {
      event.name = value;
    } else if (key == "pid") {
      event.process = value;
    } else if (key == "tid") {
      event.thread = value;
    }
  }
  if (!event.device) event.device = whole_number_from(event.process);
  if (!event.stream) event.stream = stream_from(event.thread);
  return is_whole && !fields.is_broken();
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
