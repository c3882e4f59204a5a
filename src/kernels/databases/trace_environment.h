#pragma once
#include <map>
#include <string>

#include "kernels/trace/trace.h"

namespace varve {

// What may be told of an environment that a trace carries whole: as settings.NAME the variables that steer which code
// runs (tables/settings.h), without secrets; and as trace.image_..., declared, the versions that the builder of an
// image wrote into it: they say what was in the image when it was built, and nothing of what the process loaded.
void tell_environment(const std::map<std::string, std::string>& environment, const std::string& source,
                      TraceSink& sink);

// The rank, where a launcher told it to the process that was recorded, and not to a parent of all ranks.
void tell_rank(const std::map<std::string, std::string>& environment, TraceSink& sink);

}  // namespace varve
