#include "kernels/analysis/host_sweep.h"

#include <algorithm>

#include "base/sort_runs.h"

namespace varve {

namespace {
constexpr std::uint32_t kNobody = kNoCall;

struct Entry {
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint32_t event = 0;
  std::uint8_t inside = 0;  // what begins and ends together with others lies inside of those of a lower number
};

std::uint8_t depth_of(Activity activity) {
  if (activity == Activity::region) return 0;
  return activity == Activity::operation ? 1 : 2;
}

bool begins_before(const Entry& a, const Entry& b) {
  if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
  if (a.end_ns != b.end_ns) return a.end_ns > b.end_ns;
  return a.inside < b.inside;
}

// What has begun and not ended.
struct Open {
  Entry entry;
  std::int64_t own_ns = 0;
  std::int64_t same_name_ns = 0;                 // own time of what bears its name inside of it
  NameId operation = kNoName, region = kNoName;  // the innermost ones, itself included
  std::uint32_t launch = kNobody;                // the outermost launch around it or itself, in the list of calls
  bool is_outermost_of_name = true;
};

class Thread {
 public:
  Thread(const Timeline& timeline, ProfileBuilder& builder, HostSweep& sweep, std::vector<std::uint32_t>& outermost)
      : timeline_(timeline), builder_(builder), sweep_(sweep), outermost_(outermost) {}

  void begin(const Entry& entry) {
    settle(entry.start_ns);
    Open open{.entry = entry};
    if (!stack_.empty()) {
      open.operation = stack_.back().operation;
      open.region = stack_.back().region;
      open.launch = stack_.back().launch;
    }
    const Activity activity = timeline_.activity(entry.event);
    if (activity == Activity::operation || activity == Activity::region) {
      open.region = name_with_shapes(entry.event);
      if (activity == Activity::operation) open.operation = open.region;
    } else {
      note_call(open, activity);
    }
    const auto name = static_cast<std::size_t>(timeline_.name(entry.event));
    if (name < outermost_.size()) {
      open.is_outermost_of_name = outermost_[name] == kNobody;
      if (open.is_outermost_of_name) outermost_[name] = static_cast<std::uint32_t>(stack_.size());
    }
    if (activity != Activity::region) cover(sweep_.intervals.busy, entry);
    stack_.push_back(open);
  }

  // Gives the time up to `to` to what was open in it.
  void settle(std::int64_t to) {
    while (!stack_.empty()) {
      Open& top = stack_.back();
      const std::int64_t until = std::min(top.entry.end_ns, to);
      if (until > at_ns_) {
        top.own_ns += until - at_ns_;
        at_ns_ = until;
      }
      if (top.entry.end_ns > to) break;
      end();
    }
    at_ns_ = std::max(at_ns_, to);
  }

 private:
  NameId name_with_shapes(std::uint32_t event) const {
    const NameId shaped = timeline_.operation(event);
    return shaped != kNoName ? shaped : timeline_.name(event);
  }

  void note_call(Open& open, Activity activity) {
    const std::uint32_t event = open.entry.event;
    if (activity == Activity::launch) cover(sweep_.intervals.launching, open.entry);
    if (activity == Activity::synchronise) cover(sweep_.intervals.synchronising, open.entry);
    const std::uint64_t correlation = timeline_.correlation(event);
    if (correlation == 0 && activity != Activity::launch) return;
    const NameId told = timeline_.operation(event);
    const std::uint32_t number = sweep_.calls.add({.correlation = correlation,
                                                   .event = event,
                                                   .operation = told != kNoName ? told : open.operation,
                                                   .region = told != kNoName ? told : open.region,
                                                   .outer = open.launch,
                                                   .is_launch = activity == Activity::launch});
    if (activity == Activity::launch && open.launch == kNobody) open.launch = number;
  }

  // Adds to intervals of this thread what does not lie within the last of them.
  static void cover(std::vector<TimeSpan>& intervals, const Entry& entry) {
    if (entry.end_ns <= entry.start_ns) return;
    if (!intervals.empty() && entry.start_ns >= intervals.back().start_ns &&
        entry.start_ns <= intervals.back().end_ns) {
      intervals.back().end_ns = std::max(intervals.back().end_ns, entry.end_ns);
    } else {
      intervals.push_back({entry.start_ns, entry.end_ns});
    }
  }

  void end() {
    const Open open = stack_.back();
    stack_.pop_back();
    const auto name = static_cast<std::size_t>(timeline_.name(open.entry.event));
    const std::int64_t whole_ns = open.entry.end_ns - open.entry.start_ns;
    EventTimes times{.own_ns = open.own_ns};
    if (open.is_outermost_of_name) {
      times.nested_ns = std::max<std::int64_t>(0, whole_ns - open.own_ns - open.same_name_ns);
      if (name < outermost_.size()) outermost_[name] = kNobody;
    } else if (outermost_[name] < stack_.size()) {
      stack_[outermost_[name]].same_name_ns += open.own_ns;
    }
    const Extra extra = timeline_.extra(open.entry.event);
    builder_.add(timeline_[open.entry.event], &extra, times);
  }

  const Timeline& timeline_;
  ProfileBuilder& builder_;
  HostSweep& sweep_;
  std::vector<std::uint32_t>& outermost_;  // by name, in the stack; nobody outside of a thread
  std::vector<Open> stack_;
  std::int64_t at_ns_ = INT64_MIN;
};

void unite(std::vector<TimeSpan>& intervals) {
  sort_runs(intervals, [](const TimeSpan& a, const TimeSpan& b) { return a.start_ns < b.start_ns; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (kept > 0 && intervals[i].start_ns <= intervals[kept - 1].end_ns) {
      intervals[kept - 1].end_ns = std::max(intervals[kept - 1].end_ns, intervals[i].end_ns);
    } else {
      intervals[kept++] = intervals[i];
    }
  }
  intervals.resize(kept);
}
}  // namespace

std::size_t HostCalls::slot_of(std::uint64_t correlation) const {
  const std::uint64_t hash = correlation * 0x9E3779B97F4A7C15u;
  std::size_t at = (hash ^ (hash >> 32)) & (slots_.size() - 1);
  while (slots_[at] != 0 && calls_[slots_[at] - 1].correlation != correlation) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void HostCalls::grow() {
  slots_.assign(std::max<std::size_t>(1024, slots_.size() * 2), 0);
  for (std::uint32_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].correlation == 0) continue;
    slots_[slot_of(calls_[i].correlation)] = i + 1;
  }
}

std::uint32_t HostCalls::add(const HostCall& call) {
  if (calls_.size() * 2 >= slots_.size()) grow();
  const auto number = static_cast<std::uint32_t>(calls_.size());
  if (call.correlation != 0) {
    std::uint32_t& slot = slots_[slot_of(call.correlation)];
    if (slot != 0) {
      calls_[slot - 1].is_launch |= call.is_launch;
      return slot - 1;
    }
    slot = number + 1;
  }
  calls_.push_back(call);
  return number;
}

HostCall* HostCalls::find(std::uint64_t correlation) {
  if (correlation == 0 || slots_.empty()) return nullptr;
  const std::uint32_t found = slots_[slot_of(correlation)];
  return found == 0 ? nullptr : &calls_[found - 1];
}

HostSweep sweep_host(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                     ProfileBuilder& builder) {
  HostSweep sweep;
  std::vector<std::uint32_t> outermost(timeline.names(), kNobody);
  std::vector<Entry> entries;
  for (std::size_t track = 0; track < by_track.size(); ++track) {
    if (track < timeline.tracks().size() && timeline.tracks()[track].kind != TrackKind::thread) continue;
    entries.clear();
    for (const std::uint32_t event : by_track[track]) {
      entries.push_back({timeline.start_ns(event), timeline.end_ns(event), event, depth_of(timeline.activity(event))});
    }
    sort_runs(entries, begins_before);
    Thread thread(timeline, builder, sweep, outermost);
    for (const Entry& entry : entries) thread.begin(entry);
    thread.settle(INT64_MAX);
  }
  unite(sweep.intervals.launching);
  unite(sweep.intervals.synchronising);
  unite(sweep.intervals.busy);
  return sweep;
}

}  // namespace varve
