#include "compare/traces/trace_measures.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base/text.h"

namespace varve {

namespace {
using Unit = TraceMeasure::Unit;
using Measures = std::map<std::string, double>;

// Layouts changed and formats converted: what computes nothing.
bool changes_layout(const Kernel& kernel) {
  constexpr std::array<std::string_view, 8> kWords = {"transpose", "nchwtonhwc",     "nhwctonchw", "addpadding",
                                                      "permute",   "tensor_reorder", "_to_copy",   "tensortransform"};
  const std::string name = to_lower(kernel.key.name);
  // What a compiler fused with something else computes as well.
  if (kernel.meaning.fused && name.find("_fused_") != std::string::npos) return false;
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return name.find(word) != std::string::npos; });
}

// Calls that bring code to a device or make it.
bool loads_code(const std::string& call) {
  constexpr std::array<std::string_view, 6> kWords = {"ModuleLoad", "LibraryLoad",  "LinkComplete",
                                                      "LinkCreate", "nvrtcCompile", "hiprtcCompile"};
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return call.find(word) != std::string::npos; });
}

struct Kernels {
  std::uint64_t count = 0;
  std::int64_t ns = 0, tensor_ns = 0, tensor_known_ns = 0, compiled_ns = 0, fused_ns = 0, layout_ns = 0;
  std::map<std::string, std::int64_t> precision_ns;
};

void add_kernel(const Kernel& kernel, const ProfileRow& row, Kernels& sums) {
  const std::int64_t ns = row.time.total_ns;
  sums.count += row.time.count;
  sums.ns += ns;
  if (kernel.meaning.tensor_cores) sums.tensor_known_ns += ns;
  if (kernel.meaning.tensor_cores.value_or(false)) sums.tensor_ns += ns;
  if (kernel.meaning.compiled) sums.compiled_ns += ns;
  if (kernel.meaning.fused) sums.fused_ns += ns;
  if (changes_layout(kernel)) sums.layout_ns += ns;
  if (!kernel.meaning.precision.empty()) sums.precision_ns[kernel.meaning.precision] += ns;
}

struct Calls {
  std::uint64_t count = 0;
  std::int64_t ns = 0;
};

void put_kernels(const Kernels& kernels, Measures& measures) {
  if (kernels.count == 0 || kernels.ns == 0) return;
  const auto whole = static_cast<double>(kernels.ns);
  const auto put_share = [&](const std::string& id, std::int64_t ns) {
    measures[id] = static_cast<double>(ns) / whole;
  };
  measures["kernels"] = static_cast<double>(kernels.count);
  measures["kernel_mean"] = whole / static_cast<double>(kernels.count);
  if (kernels.tensor_known_ns > 0) put_share("tensor_cores", kernels.tensor_ns);
  put_share("compiled", kernels.compiled_ns);
  put_share("fused", kernels.fused_ns);
  put_share("layouts", kernels.layout_ns);
  for (const auto& [precision, ns] : kernels.precision_ns) put_share("precision." + precision, ns);
}

void put_profiles(const KernelsRecord& record, Measures& measures) {
  Kernels kernels;
  std::map<std::string, Calls> calls;
  std::map<Part, std::int64_t> parts;
  for (const auto& [kind, profile] : record.record.profiles.by_kind) {
    for (const auto& [part, ns] : profile.parts) parts[part] += ns;
    for (const ProfileRow& row : profile.rows) {
      const Activity activity = row.key.activity;
      const Kernel& kernel = record.record.kernels[row.key.kernel];
      if (kind.quantity == Quantity::device_time && activity == Activity::kernel) add_kernel(kernel, row, kernels);
      if (kind.quantity != Quantity::call_time) continue;
      const auto add = [&](const char* what) {
        calls[what].count += row.time.count, calls[what].ns += row.time.total_ns;
      };
      if (activity == Activity::launch) add("launch");
      if (activity == Activity::synchronise) add("synchronise");
      if (activity == Activity::allocate) add("allocate");
      if (activity == Activity::call && loads_code(kernel.key.name)) add("loading");
    }
  }
  put_kernels(kernels, measures);
  if (kernels.count > 0) {
    for (const auto& [what, sum] : calls) {
      measures[what + "_calls"] = static_cast<double>(sum.count);
      measures[what + "_time"] = static_cast<double>(sum.ns);
    }
  }
  std::int64_t whole = 0, busy = 0;
  for (const auto& [part, ns] : parts) {
    whole += ns;
    const bool is_busy =
        part == Part::kernel || part == Part::collective || part == Part::waiting || part == Part::copy;
    busy += is_busy ? ns : 0;
  }
  if (whole > 0) measures["busy"] = static_cast<double>(busy) / static_cast<double>(whole);
}

Measures measures_of(const ComparedTrace& side) {
  Measures measures;
  put_profiles(side.record, measures);
  double launches = 0, in_graphs = 0;
  for (const TraceSource& source : side.record.sources) {
    launches += static_cast<double>(source.tally.launches);
    in_graphs += static_cast<double>(source.tally.kernels_in_graphs);
  }
  if (launches > 0) measures["launches"] = launches;
  if (measures.contains("kernels")) measures["in_graphs"] = in_graphs;
  const Durations &pauses = side.sequence.pauses, &latency = side.sequence.launch_latency;
  if (!side.sequence.empty() && !side.sequence.of_operations) {
    measures["pauses"] = static_cast<double>(pauses.count);
    if (pauses.count > 0) {
      measures["pause_median"] = static_cast<double>(pauses.quantile(0.5));
      measures["pause_longest"] = static_cast<double>(pauses.max_ns);
    }
  }
  if (latency.count > 0) measures["launch_latency"] = static_cast<double>(latency.quantile(0.5));
  return measures;
}

Unit unit_of_measure(const std::string& id) {
  constexpr std::array<std::string_view, 4> kTimes = {"kernel_mean", "pause_median", "pause_longest", "launch_latency"};
  constexpr std::array<std::string_view, 5> kShares = {"tensor_cores", "compiled", "fused", "layouts", "busy"};
  if (id.ends_with("_time") || std::find(kTimes.begin(), kTimes.end(), id) != kTimes.end()) return Unit::time;
  const bool is_share = id.starts_with("precision.") || std::find(kShares.begin(), kShares.end(), id) != kShares.end();
  return is_share ? Unit::share : Unit::count;
}
}  // namespace

std::vector<TraceMeasure> compare_measures(const ComparedTrace& a, const ComparedTrace& b) {
  const Measures of_a = measures_of(a), of_b = measures_of(b);
  constexpr std::array<std::string_view, 20> kOrder = {
      "kernels",           "launches",         "in_graphs",      "kernel_mean",   "busy",
      "tensor_cores",      "compiled",         "fused",          "layouts",       "pauses",
      "pause_median",      "pause_longest",    "launch_latency", "launch_calls",  "launch_time",
      "synchronise_calls", "synchronise_time", "allocate_calls", "allocate_time", "loading_calls"};
  std::vector<std::string> ids(kOrder.begin(), kOrder.end());
  ids.emplace_back("loading_time");
  for (const Measures* side : {&of_a, &of_b}) {
    for (const auto& [id, value] : *side) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
  }
  std::sort(ids.begin() + kOrder.size() + 1, ids.end());
  std::vector<TraceMeasure> all;
  for (const std::string& id : ids) {
    const auto value = [&](const Measures& side) {
      const auto at = side.find(id);
      return at == side.end() ? std::nullopt : std::optional(at->second);
    };
    const std::optional<double> value_a = value(of_a), value_b = value(of_b);
    const bool says_something = value_a.value_or(0) != 0 || value_b.value_or(0) != 0;
    if (!says_something) continue;
    all.push_back({.id = id, .unit = unit_of_measure(id), .a = value_a, .b = value_b});
    // Shares of a precision that one side has none of are none, where it tells of others.
    if (id.starts_with("precision.")) {
      const auto tells = [](const Measures& side) { return side.contains("kernels"); };
      if (!value_a && tells(of_a)) all.back().a = 0;
      if (!value_b && tells(of_b)) all.back().b = 0;
    }
  }
  return all;
}

}  // namespace varve
