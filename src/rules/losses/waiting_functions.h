#pragma once
#include "rules/losses/consumer_files.h"

namespace varve {

// Whether functions that a file wants and no file that it loads has are given by somebody else before it is opened, or
// are for what nobody looks at here, so that nothing is lost by them. `head`: where the opening of the file begins.
bool waits_for_others(const ConsumerFiles& files, const LibraryView& library, const Head& head);

}  // namespace varve
