#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"

namespace varve {

enum class Severity { error, warning, note };

// What kind of fault a check found, or a message speaks of.
enum class FaultCategory {
  none,  // no fault of the stack under the program
  driver_ceiling,
  kernel_coverage,
  user_kernel_mismatch,
  library_mix,
  framework_bundle,
  host_toolkit,
  container,
  device_handshake,
  silent_slowdown,
};

// Who can mend it.
enum class Mender { hardware, platform, framework, application };

// A thing that a finding is about, by which other texts about it are joined with the finding.
struct FindingSubject {
  enum class Kind { consumer, package, library, missing_library, symbol, gpu, driver, setting };
  Kind kind = Kind::library;
  std::string name;  // as a message would write it: "libcudnn_ops.so.9", "CUDA_VISIBLE_DEVICES", "535.104.05"
};

// Something a reader must know about a stack, a run or a comparison.
struct Finding {
  std::string id;  // stable: "VRV-RUN-UNIT-FAILED"
  Layer layer = Layer::os;
  Severity severity = Severity::note;
  Mender mender = Mender::application;
  std::string evidence;     // what was seen
  std::string consequence;  // what follows from it
  std::string fix;          // what to do
  std::string source;       // what the rule rests on; empty when it is plain observation
  FaultCategory category = FaultCategory::none;
  std::vector<FindingSubject> about = {};
};

std::string_view to_string(Severity severity);
std::string_view to_string(Mender mender);
std::string_view to_string(FindingSubject::Kind kind);  // "missing_library"
std::string_view to_string(FaultCategory category);     // empty for none
std::string category_title(FaultCategory category);     // "GPU code that does not fit the GPU"

}  // namespace varve
