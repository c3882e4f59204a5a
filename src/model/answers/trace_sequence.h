#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "model/kernels/profile.h"

namespace varve {

// What ran in a trace, in its order: what two traces are aligned by. Of a trace that shows no device the operations of
// threads take the place of kernels: each with its own time, without that of what ran inside of it. Of several ranks of
// one job their streams stand beside each other, and a step is the same step of all of them.
struct TraceSequence {
  struct Item {
    KernelId kernel = kNoKernel;  // ids are of the table of the record that was read with it
    // On whose behalf it ran, with shapes where they are known: of a kernel the innermost operation around its launch,
    // of an operation the outermost around itself, which may be it. None of a kernel in a graph, whose own is not
    // known.
    KernelId operation = kNoKernel;
    std::uint32_t launch = 0;  // into launches
    std::int32_t step = -1;    // into steps; -1: in none
    Part part = Part::kernel;  // kernel, collective or copy
    std::int32_t depth = 0;    // of an operation: how many others it runs inside of
    std::int64_t duration_ns = 0;
    // Of a collective what it waited for the rank that came last; -1: not known, as where one rank alone was seen.
    std::int64_t waiting_ns = -1;
  };
  struct Stream {
    Place place;
    std::vector<Item> items;  // by rising start
  };
  // A time of all devices together, divided: the parts sum to its length. The whole goes from the first beginning to
  // the last end of what ran, or farther to those of the steps that the program marked.
  struct Window {
    std::int64_t length_ns = 0;
    std::map<Part, std::int64_t> parts;
  };
  // What one device had of the whole.
  struct DeviceWindow {
    std::int32_t rank = -1, device = -1;
    Window window;
  };
  // A step as the devices saw it: from the first of its items, or its annotation, to the beginning of the next step.
  struct Step {
    Window window;
    bool complete = true;
  };

  bool of_operations = false;
  std::vector<Launch> launches{Launch{}};
  std::vector<Stream> streams;
  Window whole;
  std::vector<DeviceWindow> devices;
  std::vector<Step> steps;
  Durations pauses;          // of devices, in which nothing ran on one
  Durations launch_latency;  // from the beginning of a call to that of the kernel that it launched

  bool empty() const { return streams.empty(); }
};

}  // namespace varve
