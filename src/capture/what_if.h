#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/stack.h"
#include "tables/knowledge.h"
#include "world/world.h"

namespace varve {

// What to suppose of a machine instead of what it has.
struct WhatIf {
  std::string driver;             // a version, "535.104", or a branch, "550", "R570"
  std::string driver_folder;      // a folder with driver files, "libcuda.so.550.163.01"; or a root that holds them
  std::vector<std::string> gpus;  // products or compute capabilities
  bool empty() const { return driver.empty() && driver_folder.empty() && gpus.empty(); }
};

// Error: a driver version that is none, a GPU that no table knows. For a command line, before any work.
Status check_supposition(const WhatIf& what_if);

// The machine with the supposed driver and GPUs in place of its own, as declared facts. A supposed driver has both its
// halves; its API level and compiler are those of its files, or by the tables. Facts that say how the real driver was
// found (device nodes, modules, handshake) no longer apply. A driver that was supposed without GPUs keeps the
// machine's, and on a machine without any GPU none is supposed. Error: as check_supposition, or a folder that cannot be
// looked into.
Result<Stack> suppose(const World& world, Stack machine, const WhatIf& what_if, const Knowledge& knowledge);

}  // namespace varve
