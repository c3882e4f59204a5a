#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/trace/trace.h"

namespace varve {

// What an event of a Kineto trace is, by its `cat`. The spellings of all eras:
//
//   until 2021   Operator  Runtime                     Kernel  Memcpy      Memset
//   2022 on      cpu_op    cuda_runtime, cuda_driver   kernel  gpu_memcpy  gpu_memset  user_annotation
//
// HIP writes cuda_runtime too; other back ends have xpu_runtime, privateuse1_driver and the like.
enum class KinetoKind {
  label,      // the name of a process or thread, which every program that shares the format writes in one way
  other,      // what is not told on: arrows between events, counters; whatever other programs write
  unused,     // what is not told on, and is of a category that PyTorch's profiler has: Python functions
  device,     // nothing that is told on, but what is there only when a device was recorded
  foreign,    // of an accelerator whose kernels, copies and waits nothing tells apart: only counted
  on_mtia,    // of an MTIA accelerator: its arguments say what, see kind_on_mtia
  countered,  // a kernel that ran alone while its counters were read: named, without a time of its own
  kernel,
  copy,
  fill,
  operation,
  call,
  region,
};

KinetoKind kineto_kind(std::string_view category);

constexpr bool is_on_host(KinetoKind kind) { return kind == KinetoKind::operation || kind == KinetoKind::region; }

// On an MTIA accelerator all has one category. What has a place on its grid of processing elements (row, column) is a
// kernel, what has a direction a copy between host and device; the rest marks events and waits for them.
KinetoKind kind_on_mtia(std::string_view event);

// Tells the kind of an event by its first bytes: `ph` and `cat` come first and are spelt the same in most events, so
// that comparing them with what was read before spares reading the keys.
class KindTeller {
 public:
  // Of a whole event. Only those that have a duration ("ph": "X") are of any kind but `label` and `other`. Of a key
  // that is there twice the first counts.
  KinetoKind kind(std::string_view event);

 private:
  struct Known {
    std::string category;  // with its closing quote
    KinetoKind kind = KinetoKind::other;
  };
  static constexpr unsigned kPlaces = 6;  // a power of two

  KinetoKind read_kind(std::string_view event);
  KinetoKind known_kind(std::string_view from_category);

  std::string phase_;     // of the last event, from its brace to before the value of "ph"
  std::string category_;  // and to before the value of "cat", when "ph" stands before it and is "X"
  std::array<Known, std::size_t{1} << kPlaces> known_;  // by the first bytes of a category
};

// The fields that are read of an event. Views are parts of its text: strings with their quotes, escapes as they are;
// empty where there is none.
struct KinetoEvent {
  std::string_view name, process, thread;
  std::optional<std::int64_t> start_ns, duration_ns;  // nothing: not there, or no number
  std::optional<std::uint64_t> device, stream;
  std::uint64_t correlation = 0, external = 0;  // 0: none
  std::uint64_t bytes = 0;
  std::uint64_t graph_node = 0;  // kGraphUnknown: in a graph, which does not say its nodes
  Launch launch;
  std::string_view launched;     // of a launch, by HIP: the name of the kernel that it starts
  std::string_view input_dims;   // "[[8, 64], [64, 8]]"
  std::string_view input_types;  // "["c10::BFloat16", "Scalar"]"
  // Of collectives.
  std::string_view collective, group_name, group_description, group_ranks, type;
  std::uint64_t elements_in = 0, elements_out = 0;
  std::optional<std::uint64_t> sequence;
};

// What a member of an event, or of its arguments, is read for.
enum class KinetoField : std::uint8_t {
  unused,
  arguments,  // an object, or nothing that is read
  name,
  process,
  thread,
  launched,
  input_dims,
  input_types,
  grid,
  block,
  dispatch,
  collective,
  group_name,
  group_description,
  group_ranks,
  type,
  start,
  duration,
  external,  // from here on whole numbers
  correlation,
  device,
  stream,
  bytes,
  registers,
  shared_bytes,
  graph,
  graph_node,
  elements_in,
  elements_out,
  sequence,
};
constexpr bool is_number(KinetoField field) { return field >= KinetoField::external; }

KinetoField kineto_field(std::string_view key);
KinetoField kineto_argument(std::string_view key);

// Sets what the value of a field says. Of one that is there twice the last counts.
void set_kineto_field(KinetoField field, std::string_view value, KinetoEvent& event);
// The same where the value is a whole number; nothing: it is not.
void set_kineto_number(KinetoField field, std::optional<std::uint64_t> number, KinetoEvent& event);

// Device and stream of what ran on a device, which old traces tell by process and thread: "stream 7".
Place kineto_place(const KinetoEvent& event);

// The size of an element of a tensor: "BFloat16" 2; 0 for a type that is not known.
std::uint64_t bytes_of_type(std::string_view type);

}  // namespace varve
