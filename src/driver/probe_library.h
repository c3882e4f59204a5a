#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "world/child_probe.h"
#include "world/world.h"

namespace varve {

// A shared library opened to ask it something. For the child of a probe only: opening runs the library's own code. It
// is never closed; the child ends instead.
class ProbeLibrary {
 public:
  // A path, or a name that the loader finds. `global` makes its symbols and its SONAME serve libraries opened later.
  static ProbeLibrary open(const std::string& library, bool global = false);

  explicit operator bool() const { return handle_ != nullptr; }
  const std::string& problem() const { return problem_; }  // the loader's words, when it could not be opened

  // The function as a pointer of type F, or nullptr where the library has none of that name.
  template <class F>
  F function(const char* name) const {
    return reinterpret_cast<F>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;
  void* handle_ = nullptr;
  std::string problem_;
};

// Where the loader would find a driver library ("libnvidia-ml.so.1"), without opening it: LD_LIBRARY_PATH, the loader's
// cache, the directories that driver packages use. Reads a few hundred kilobytes at most. Nothing: it is not here.
std::optional<std::string> find_driver_library(const World& world, std::string_view soname);

}  // namespace varve
