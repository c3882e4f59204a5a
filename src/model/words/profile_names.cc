// The words of the enumerations of kernels and profiles, as they stand in documents.
#include "model/words/profile_names.h"

#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<Family, 16> kFamilies{{{
    {Family::attention, "attention"},
    {Family::gemm, "gemm"},
    {Family::conv, "conv"},
    {Family::norm, "norm"},
    {Family::softmax, "softmax"},
    {Family::elementwise, "elementwise"},
    {Family::reduction, "reduction"},
    {Family::embedding, "embedding"},
    {Family::sort, "sort"},
    {Family::optimizer, "optimizer"},
    {Family::quantisation, "quantisation"},
    {Family::random, "random"},
    {Family::fft, "fft"},
    {Family::copy, "copy"},
    {Family::collective, "collective"},
    {Family::other, "other"},
}}};
constexpr EnumNames<Named, 5> kNamed{{{
    {Named::symbol, "symbol"},
    {Named::range, "range"},
    {Named::generated, "generated"},
    {Named::system, "system"},
    {Named::trace, "trace"},
}}};
constexpr EnumNames<WitnessKind, 12> kWitnesses{{{
    {WitnessKind::cpu_samples, "cpu-samples"},
    {WitnessKind::onednn_verbose, "onednn-verbose"},
    {WitnessKind::perf_script, "perf-script"},
    {WitnessKind::mkl_verbose, "mkl-verbose"},
    {WitnessKind::kineto, "kineto"},
    {WitnessKind::nsight_systems, "nsight-systems"},
    {WitnessKind::nvprof, "nvprof"},
    {WitnessKind::rocprof, "rocprof"},
    {WitnessKind::rpd, "rpd"},
    {WitnessKind::xplane, "xplane"},
    {WitnessKind::proton, "proton"},
    {WitnessKind::cupti, "cupti"},
}}};
constexpr EnumNames<Quantity, 3> kQuantities{{{
    {Quantity::cpu_time, "cpu_time"},
    {Quantity::device_time, "device_time"},
    {Quantity::call_time, "call_time"},
}}};
constexpr EnumNames<Activity, 11> kActivities{{{
    {Activity::code, "code"},
    {Activity::kernel, "kernel"},
    {Activity::copy, "copy"},
    {Activity::fill, "fill"},
    {Activity::collective, "collective"},
    {Activity::call, "call"},
    {Activity::synchronise, "synchronise"},
    {Activity::launch, "launch"},
    {Activity::allocate, "allocate"},
    {Activity::operation, "operation"},
    {Activity::region, "region"},
}}};
constexpr EnumNames<Part, 8> kParts{{{
    {Part::kernel, "kernel"},
    {Part::collective, "collective"},
    {Part::waiting, "waiting"},
    {Part::copy, "copy"},
    {Part::idle_launch, "idle_launch"},
    {Part::idle_synchronise, "idle_synchronise"},
    {Part::idle_host, "idle_host"},
    {Part::idle, "idle"},
}}};
}  // namespace

std::string_view to_string(Family value) { return kFamilies.name(value); }
std::string_view to_string(Named value) { return kNamed.name(value); }
std::string_view to_string(WitnessKind value) { return kWitnesses.name(value); }
std::string_view to_string(Quantity value) { return kQuantities.name(value); }
std::string_view to_string(Activity value) { return kActivities.name(value); }
std::string_view to_string(Part value) { return kParts.name(value); }

Family family_from(std::string_view text) { return kFamilies.value(text).value_or(Family::other); }
std::optional<Named> named_from(std::string_view text) { return kNamed.value(text); }
std::optional<WitnessKind> witness_from(std::string_view text) { return kWitnesses.value(text); }
std::optional<Quantity> quantity_from(std::string_view text) { return kQuantities.value(text); }
std::optional<Activity> activity_from(std::string_view text) { return kActivities.value(text); }
std::optional<Part> part_from(std::string_view text) { return kParts.value(text); }

std::string quantity_title(Quantity quantity) {
  switch (quantity) {
    case Quantity::cpu_time:
      return "CPU time";
    case Quantity::device_time:
      return "device time";
    case Quantity::call_time:
      return "time in calls";
  }
  return "";
}

}  // namespace varve
