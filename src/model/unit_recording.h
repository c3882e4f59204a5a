#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace varve {

// How a recorder stood with one side of a run: what it was used for, or why it was not.
struct RecorderChoice {
  std::string recorder;  // "torch"
  bool used = false;
  std::string why;  // "libtorch_cpu.so was loaded", "libvarve-cuda.so is not there"
};

// How much of an evidence unit its recorder saw, and what seeing it cost. What it saw are profiles of the unit.
struct UnitRecording {
  std::string recorder;     // "torch"
  std::string way;          // "asked on demand"; empty: nothing was seen
  std::string no_evidence;  // why nothing was seen
  std::string window;       // in words: "1.00 s of 9.80 s, from 2.1 s on", "the whole unit"
  std::int64_t window_ns = 0;
  std::optional<double> coverage;  // what the rows account for, of the window; of several threads it may be above 1
  int processes = 0;               // that something was seen of
  // The recorded unit ÷ the median timing unit of its side, by this metric; turned so that above 1 is a cost.
  std::optional<double> cost;
  std::string cost_metric;
  bool indicative = false;  // it cost more than 5 %: what was seen is not quite what the timing units did
  std::vector<std::string> remarks;
};

// The Python environment that a side's program imported from.
struct ImportedPackages {
  std::string environment;                      // its path, home shortened; empty: none was found
  std::string missing;                          // why not
  std::string python;                           // version; empty: not known
  std::map<std::string, std::string> versions;  // by name as the package spells it
  // By name, what it asks for among these packages, extras that it names included (Requires-Dist).
  std::map<std::string, std::vector<std::string>> requirements{};
  std::map<std::string, std::string> libraries;  // mapped by timing units, by path: the package that lists the file
};

}  // namespace varve
