#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/trace/profile_builder.h"
#include "kernels/trace/timeline.h"

namespace varve {

inline constexpr std::uint32_t kNoCall = UINT32_MAX;

// A call that starts something on a device, or may.
struct HostCall {
  std::uint64_t correlation = 0;
  std::uint32_t event = 0;        // of the timeline
  NameId operation = kNoName;     // the innermost one around it, with its shapes where they are known
  NameId region = kNoName;        // the innermost operation or region around it
  std::uint32_t outer = kNoCall;  // the launch that it is a part of
  bool is_launch = false;
  std::uint32_t started = 0, kernels = 0;  // activities of devices of its correlation; kernels of them
};

// The calls of a trace by their correlation: a hash table into a list.
class HostCalls {
 public:
  // Its number in all(). Of one correlation only the first is kept: a call that is part of another bears the same.
  std::uint32_t add(const HostCall& call);
  HostCall* find(std::uint64_t correlation);  // nullptr when there is none
  std::vector<HostCall>& all() { return calls_; }
  const std::vector<HostCall>& all() const { return calls_; }

 private:
  std::size_t slot_of(std::uint64_t correlation) const;
  void grow();

  std::vector<HostCall> calls_;
  std::vector<std::uint32_t> slots_;  // numbers of calls, from 1
};

struct TimeSpan {
  std::int64_t start_ns = 0, end_ns = 0;
};

// What the host did, by what a device that has nothing to do may wait for. Each list by rising start, without overlap.
struct HostIntervals {
  std::vector<TimeSpan> launching, synchronising, busy;  // busy: in any call or operation
};

struct HostSweep {
  HostCalls calls;
  HostIntervals intervals;
};

// Goes through the events of all threads from their beginnings to their ends, thread by thread: each moment of a thread
// belongs to the innermost of what runs in it, which is what began last. Hands every event of a thread on to `builder`
// with what ran inside of it: own_ns is without that; nested_ns is what brings the sum over a name to the time from
// beginning to end, recursion counted once at the outermost. Where two overlap without nesting, the overlap belongs to
// the later one alone. O(n log n); the memory is some 20 bytes for an event of a thread and 60 for a call.
HostSweep sweep_host(const Timeline& timeline, const std::vector<std::vector<std::uint32_t>>& by_track,
                     ProfileBuilder& builder);

}  // namespace varve
