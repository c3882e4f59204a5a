#pragma once
// For tests only: reading traces, and what a reference adds up of them. What cannot be read at all counts as damage.
#include <fcntl.h>

#include <string>

#include "kernels/kineto/kineto.h"
#include "kernels/kineto/kineto_reference_testing.h"
#include "kernels/trace/trace_testing.h"

namespace varve::test {

inline std::span<const std::byte> text_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

inline RecordedTrace read_text(const std::string& text, const TraceOptions& options = {}) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(text_bytes(text), "made.json");
  const Status status = kKineto.read(*input, trace, options);
  if (!status) trace.damage.emplace_back(0, status.error().found);
  return trace;
}

inline RecordedTrace recorded(const std::string& path, const TraceOptions& options = {}) {
  RecordedTrace trace;
  const auto file = FileReader::open(FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  const auto input = open_trace(*file, path);
  const Status status = kKineto.read(**input, trace, options);
  if (!status) trace.damage.emplace_back(0, status.error().found);
  return trace;
}

inline std::int64_t device_ns(const RecordedTrace& trace) {
  return trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective);
}
inline std::uint64_t kernels_of(const RecordedTrace& trace) {
  return trace.count(Activity::kernel) + trace.count(Activity::collective);
}

// What the reference adds up, of what the reader told.
inline Reference sums_of(const RecordedTrace& trace) {
  Reference sums;
  for (const auto& [event, extra] : trace.events) {
    std::string key = "host";
    switch (event.activity) {
      case Activity::kernel:
      case Activity::collective:
        key = "kernel " + trace.name_of(event.name);
        break;
      case Activity::copy:
      case Activity::fill:
        key = (event.activity == Activity::copy ? "copy " : "fill ") + trace.name_of(event.name);
        break;
      case Activity::operation:
      case Activity::region:
        break;
      default:
        key = "call " + trace.name_of(event.name);
    }
    ++sums[key].count;
    sums[key].total_ns += event.duration_ns;
  }
  return sums;
}

}  // namespace varve::test
