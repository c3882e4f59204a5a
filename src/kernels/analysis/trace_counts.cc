#include "kernels/analysis/trace_counts.h"

#include <algorithm>

namespace varve {

namespace {
constexpr std::uint64_t kEnough = 20;  // events from which one may conclude how fine a clock is

// Whether a writer stopped there rather than that there was no more: a million, 2^20. From ten thousand on one in
// ten thousand numbers looks like that by chance.
bool is_round(std::uint64_t count) {
  if (count < 10'000) return false;
  if ((count & (count - 1)) == 0) return true;
  std::uint64_t unit = 1;
  while (unit * 10 <= count) unit *= 10;
  return count % unit == 0 || (count >= 100'000 && count % (unit / 10) == 0);
}
}  // namespace

void TraceCounts::track(TrackId id, const Place&, TrackKind kind) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= is_stream_.size()) is_stream_.resize(index + 1);
  is_stream_[index] = kind == TrackKind::stream;
}

void TraceCounts::refine_resolution(const TraceEvent& event) {
  while (resolution_ns_ > 1 && (event.start_ns % resolution_ns_ != 0 || event.duration_ns % resolution_ns_ != 0)) {
    resolution_ns_ /= 10;
  }
}

bool TraceCounts::on_stream(const TraceEvent& event) const {
  const auto track = static_cast<std::size_t>(event.track);
  return track < is_stream_.size() && is_stream_[track];
}

void TraceCounts::total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t) {
  has_totals_ = true;
  const std::uint64_t count = std::max<std::uint64_t>(time.count, time.total_ns > 0 ? 1 : 0);
  events_ = add_counts(events_, count);
  if (event.activity == Activity::launch) launches_ = add_counts(launches_, count);
  if (event.activity != Activity::kernel && event.activity != Activity::collective) return;
  if (!on_stream(event)) {
    kernels_of_cpu_ = add_counts(kernels_of_cpu_, count);
    return;
  }
  kernels_ = add_counts(kernels_, count);
  kernels_ns_ = add_ns(kernels_ns_, time.total_ns);
  const std::vector<QuantileSketch::Bucket>& spread = time.quantiles.buckets();
  if (!spread.empty() && spread.front().number == 0) zero_ = add_counts(zero_, spread.front().count);
  if (extra == nullptr || extra->graph_node == 0) return;
  in_graphs_ = add_counts(in_graphs_, count);
  in_graphs_ns_ = add_ns(in_graphs_ns_, time.total_ns);
}

void TraceCounts::event(const TraceEvent& event, const Extra*) {
  ++events_;
  if (event.is_sample) {
    ++kernels_of_cpu_;
    return;
  }
  if (resolution_ns_ > 1) refine_resolution(event);
  switch (event.activity) {
    case Activity::kernel:
    case Activity::collective:
    case Activity::code:
      if (!on_stream(event)) {
        ++kernels_of_cpu_;
        return;
      }
      ++kernels_;
      kernels_ns_ = add_ns(kernels_ns_, event.duration_ns);
      if (event.duration_ns <= 0) ++zero_;
      return;
    case Activity::launch:
      ++launches_;
      return;
    default:
      return;
  }
}

TraceTally TraceCounts::tally() const {
  TraceTally tally;
  tally.events = events_;
  tally.launches = launches_;
  tally.kernels = kernels_;
  tally.kernels_ns = kernels_ns_;
  tally.zero_durations = zero_;
  tally.kernels_in_graphs = in_graphs_;
  tally.in_graphs_ns = in_graphs_ns_;
  tally.resolution_ns = !has_totals_ && events_ - kernels_of_cpu_ >= kEnough ? resolution_ns_ : 0;
  tally.environments = environments_;
  tally.capped = !has_totals_ && (is_round(events_) || is_round(kernels_));
  return tally;
}

KernelAbsence TraceCounts::absence() const {
  if (kernels_ > 0 || kernels_of_cpu_ > 0) return KernelAbsence::none_absent;
  if (lost_) return KernelAbsence::lost;
  // A table of calls alone is one of several that were written.
  if (!traced_.contains(Activity::kernel)) return KernelAbsence::not_traced;
  return launches_ > 0 ? KernelAbsence::lost : KernelAbsence::none_launched;
}

}  // namespace varve
