#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/decimal_time.h"
#include "kernels/trace/json_stream.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// What Triton's profiler writes (*.hatchet; triton-lang/triton, third_party/proton/csrc/lib/Data/TreeData.cpp): a tree
// of what the program was in, whose leaves are kernels with numbers and sums only, and behind it the devices.
//
//   [{"children": [{"children": [], "frame": {"name": "matmul_kernel", "type": "function"},
//                   "metrics": {"time (ns)": 2112, "count": 3, "device_id": "0", "device_type": "CUDA"}}],
//     "frame": {"name": "ROOT", …}, "metrics": {"time (ns)": 0, "count": 0}},
//    {"CUDA": {"0": {"arch": "90", "num_sms": 132, "clock_rate": 1980000, "bus_width": 5120, …}}}]
//
// Keys are sorted, so that a name stands behind all that is below it. Triton 3.0 wrote "Time (ns)", "Count",
// "DeviceId".
namespace {

struct ProtonKernel {
  std::string name;
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;
  std::int32_t device = -1;
};

// A node that is not read to its end yet.
struct ProtonNode {
  std::string name, time, count, device;
  std::vector<ProtonKernel> kernels;  // below it, of no named scope yet
};

class ProtonReader {
 public:
  ProtonReader(TraceInput& input, TraceSink& sink, const TraceOptions& options)
      : stream_(input), sink_(sink), device_only_(options.device_only), names_(sink), tracks_(sink) {}

  Status read(const std::string& where) {
    bool whole = stream_.next() == JsonToken::array && take_list();
    if (!stream_.status()) return stream_.status();
    whole = whole && stream_.next() == JsonToken::end;
    if (!whole) sink_.damaged(stream_.at(), "the text ends, or is no tree of Proton any more");
    // What a cut tree holds below nodes that have no name yet.
    for (const ProtonNode& node : open_) write(node.kernels, "");
    if (!is_tree_) {
      return Error{"reading a tree of Proton", where, "it has no nodes",
                   "Write it with triton.profiler: proton.start(NAME), proton.finalize()"};
    }
    // A device is listed once something of it was recorded: a bare root does not tell whether any was watched.
    if (kernels_ > 0 || !architectures_.empty()) sink_.traced(Activity::kernel);
    if (kernels_ > 0) {
      sink_.unseen("how durations are spread and when kernels ran: the tree has numbers and totals only");
    }
    tell_devices();
    return Done{};
  }

 private:
  // The list of the root and the devices: nodes without recursion, since programs nest as they please.
  bool take_list() {
    while (true) {
      switch (stream_.next()) {
        case JsonToken::object:
          open_.emplace_back();
          break;
        case JsonToken::key:
          if (open_.empty() || !take_member(std::string(stream_.text()))) return false;
          break;
        case JsonToken::end_object:
          if (open_.empty()) return false;
          close_node();
          break;
        case JsonToken::end_array:
          if (stream_.depth() == 0) return true;
          break;
        default:
          return false;
      }
    }
  }

  // What stands below "children" is read by take_list.
  bool take_member(const std::string& key) {
    ProtonNode& node = open_.back();
    const JsonToken token = stream_.next();
    if (key == "children") return token == JsonToken::array;
    if (token != JsonToken::object) return skip_value(stream_, token) && token != JsonToken::damaged;
    if (key == "frame") {
      is_tree_ = true;
      const std::array wishes = {JsonWish{"name", nullptr, &node.name}};
      return take_object(stream_, wishes);
    }
    if (key == "metrics") {
      const std::array wishes = {
          JsonWish{"time (ns)", nullptr, &node.time},   JsonWish{"Time (ns)", nullptr, &node.time},
          JsonWish{"count", nullptr, &node.count},      JsonWish{"Count", nullptr, &node.count},
          JsonWish{"device_id", nullptr, &node.device}, JsonWish{"DeviceId", nullptr, &node.device},
      };
      return take_object(stream_, wishes);
    }
    return each_key(stream_, [&](const std::string&, JsonToken value) {
      return value == JsonToken::object ? take_device() : skip_value(stream_, value);
    });
  }

  bool take_device() {
    std::string architecture, units;
    const std::array wishes = {JsonWish{"arch", nullptr, &architecture}, JsonWish{"num_sms", nullptr, &units}};
    if (!take_object(stream_, wishes)) return false;
    constexpr std::size_t kMostDevices = 1000;
    if (!architecture.empty() && architectures_.size() < kMostDevices) {
      architectures_.push_back(clean_utf8(architecture, 100));
      units_.push_back(clean_utf8(units, 100));
    }
    return true;
  }

  // A node with a time is a kernel, for the next scope above it; a scope names what is below it.
  void close_node() {
    ProtonNode node = std::move(open_.back());
    open_.pop_back();
    const auto total = ns_from_decimal(node.time, 0), count = ns_from_decimal(node.count, 0);
    const bool is_kernel = total && count && (*total > 0 || *count > 0);
    if (is_kernel || node.name.empty() || node.name == "ROOT") {
      if (is_kernel) {
        const auto device = parse_integer(node.device).value_or(-1);
        node.kernels.push_back({node.name, static_cast<std::uint64_t>(*count), *total,
                                static_cast<std::int32_t>(std::clamp<std::int64_t>(device, -1, INT32_MAX))});
      }
      if (open_.empty()) return write(node.kernels, "");
      auto& above = open_.back().kernels;
      std::move(node.kernels.begin(), node.kernels.end(), std::back_inserter(above));
      return;
    }
    write(node.kernels, node.name);
  }

  void write(const std::vector<ProtonKernel>& kernels, std::string_view scope) {
    Extra extra;
    if (!scope.empty() && !device_only_ && !kernels.empty()) extra.operation = names_.id(scope);
    for (const ProtonKernel& kernel : kernels) {
      const TraceEvent event{.name = names_.id(kernel.name),
                             .track = tracks_.stream(kernel.device, -1),
                             .activity = kernel_activity(kernel.name)};
      sink_.total(event, &extra, {.count = kernel.count, .total_ns = kernel.total_ns}, 0);
      ++kernels_;
    }
  }

  // "90" is a compute capability, "gfx942" an architecture.
  void tell_devices() {
    if (architectures_.empty()) return;
    std::vector<std::string> capabilities;
    for (const std::string& one : architectures_) {
      if (one.size() < 2 || !parse_integer(one)) continue;
      capabilities.push_back(fmt::format("{}.{}", one.substr(0, one.size() - 1), one.back()));
    }
    const std::string source = "Proton: the devices behind the tree";
    const bool is_nvidia = capabilities.size() == architectures_.size();
    sink_.fact("trace.devices", known_fact(static_cast<std::int64_t>(architectures_.size()), source));
    sink_.fact("trace.device_cores", known_fact(std::move(units_), source));
    if (is_nvidia) sink_.fact("gpu.compute_capabilities", known_fact(std::move(capabilities), source));
    if (!is_nvidia) sink_.fact("gpu.architecture", known_fact(std::move(architectures_), source));
  }

  JsonStream stream_;
  TraceSink& sink_;
  bool device_only_;
  TraceNames names_;
  TraceTracks tracks_;
  std::vector<ProtonNode> open_;  // from the root down
  std::vector<std::string> architectures_, units_;
  std::uint64_t kernels_ = 0;
  bool is_tree_ = false;
};

bool is_proton(std::span<const std::byte> beginning) {
  std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  text = trim(text);
  if (!text.starts_with('[')) return false;
  text = trim(text.substr(1));
  if (!text.starts_with('{')) return false;
  text = trim(text.substr(1));
  for (const std::string_view key : {"\"children\"", "\"frame\"", "\"metrics\""}) {
    if (text.starts_with(key)) return true;
  }
  return false;
}

Status read_proton(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  return ProtonReader(input, sink, options).read(input.where());
}

}  // namespace

const TraceFormat kProton = {"Proton", WitnessKind::proton, is_proton, read_proton};

}  // namespace varve
