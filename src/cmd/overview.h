#pragma once
#include "base/exit_status.h"

namespace varve {

// This machine in one screen: the chain with its states, what would run, what to try next. Reads headers only and
// touches no GPU. Its exit status does not judge: `varve check` does.
ExitStatus overview();

}  // namespace varve
