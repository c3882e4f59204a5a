#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/fact.h"
#include "model/kernels/profile.h"

namespace varve {

// A part of a trace that was passed over.
struct TraceDamage {
  std::uint64_t at = 0;  // byte of the trace, inflated
  std::string what;
};

// A trace that was read.
struct TraceSource {
  std::string file;                   // its name, without folders
  std::string format;                 // "perf script"
  std::map<std::string, Fact> facts;  // what it discloses of the stack under it
  std::uint64_t damaged = 0;          // parts that were passed over
  std::vector<TraceDamage> damage;    // the first of them
};

// What `varve kernels` found: the traces, and what ran in all of them together.
struct KernelsRecord {
  std::string tool_version;
  std::vector<TraceSource> sources;
  ProfileRecord record;
};

}  // namespace varve
