#pragma once
#include "capture/subject/subject.h"
#include "loading/loading_ground.h"

namespace varve {

// Where the subject's programs are loaded, with its settings as they are now. The subject must live longer.
LoadingGround loading_ground(const Subject& subject);

}  // namespace varve
