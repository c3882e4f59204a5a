#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "capture/subject/subject.h"
#include "model/stack.h"

namespace varve {

using Facts = std::map<std::string, Fact>;

// On which subjects a collector has something to look at.
enum class Scope {
  machine,  // a running machine: the host, or a process on it
  root,     // whatever has a file system of its own: also a root directory or an image
  any,
};

// A collector fills the facts of one area, each with a value or the reason why it is missing, and the parts that belong
// to it. It never fails.
struct Collector {
  std::string_view area;
  Scope scope;
  void (*collect)(const Subject& subject, Stack& stack);
};

}  // namespace varve
