#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// What a CDI specification (Container Device Interface, SPEC.md) takes from the host.
struct CdiSpecification {
  std::string kind;                  // "nvidia.com/gpu"; empty: the file is more than can be read here
  std::vector<std::string> devices;  // by their names in it
  std::vector<std::string> nodes;    // device nodes
  std::vector<std::string> files;    // that are mounted, and programs that are started as hooks
};

// `name` ends in .json or .yaml. Error: what container engines refuse: no such text, no version, kind or device.
Result<CdiSpecification> read_cdi_specification(std::string_view text, const std::string& name);

}  // namespace varve
