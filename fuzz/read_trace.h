#pragma once
#include <cstdlib>
#include <set>
#include <span>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/tee.h"
#include "kernels/trace/trace_input.h"

// Aborts when a reader breaks what it promises to sinks: names and tracks are told before they are spoken of, each
// once and without gaps, and no time is negative.
class StrictSink final : public varve::TraceSink {
 public:
  void name(varve::NameId id, const varve::TraceName&) override {
    if (static_cast<std::size_t>(id) != names_++) std::abort();
  }
  void track(varve::TrackId id, const varve::Place&, varve::TrackKind) override {
    if (static_cast<std::size_t>(id) != tracks_++) std::abort();
  }
  void event(const varve::TraceEvent& event, const varve::Extra* extra) override {
    if (event.start_ns < 0 || event.duration_ns < 0 || static_cast<std::size_t>(event.track) >= tracks_) std::abort();
    check(event.name);
    if (extra != nullptr) check(extra->operation), check(extra->group);
  }
  void fact(std::string_view id, varve::Fact) override {
    if (id.empty()) std::abort();
  }
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t at, std::string_view) override {
    if (at > size_) std::abort();
  }

  void total(const varve::TraceEvent& told, const varve::Extra* extra, const varve::Durations& time,
             std::int64_t nested_ns) override {
    event(told, extra);
    if (time.total_ns < 0 || time.quantiles.count() > time.count || nested_ns < 0) std::abort();
    if (time.has_spread() && (time.min_ns < 0 || time.min_ns > time.max_ns)) std::abort();
  }

  explicit StrictSink(std::size_t size) : size_(size) {}

 private:
  void check(varve::NameId id) const {
    if (id != varve::kNoName && static_cast<std::size_t>(id) >= names_) std::abort();
  }
  std::size_t names_ = 0, tracks_ = 0, size_;
};

// Reads the bytes in this format, whether or not it recognises them, in both ways.
inline void read_trace_of(const varve::TraceFormat& format, std::span<const std::uint8_t> data) {
  const auto bytes = std::as_bytes(data);
  (void)varve::find_trace_format(bytes.first(std::min<std::size_t>(bytes.size(), 4096)));
  for (const bool device_only : {false, true}) {
    varve::ProfileBuilder builder(format.witness);
    StrictSink strict(bytes.size());
    varve::TeeSink both{&builder, &strict};
    const auto input = varve::trace_of_bytes(bytes, "fuzz");
    if (!format.read(*input, both, {.device_only = device_only})) continue;
    const varve::TraceReading reading = builder.take();
    for (const auto& [kind, profile] : reading.record.profiles.by_kind) {
      if (profile.remainder_ns() != 0) std::abort();
    }
  }
}
