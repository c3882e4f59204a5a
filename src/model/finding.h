#pragma once
#include <string>
#include <string_view>

#include "model/fact.h"

namespace varve {

enum class Severity { error, warning, note };

// Who can mend it.
enum class Mender { hardware, platform, framework, application };

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
  // What kind of fault it is, of those that a check tells apart (rules/rule.h): "driver_ceiling"; empty elsewhere.
  std::string category = {};
};

std::string_view to_string(Severity severity);
std::string_view to_string(Mender mender);

}  // namespace varve
