#pragma once
#include <memory>

#include "archive/inflate.h"
#include "archive/inflater.h"

namespace varve {

// Inflates ahead of its reader in a thread of its own, so that what is done with the bytes costs no time of its own
// where there are two processors. Where a thread would cost more than it saves, or none can be had, next() does the
// work.
std::unique_ptr<ByteStream> inflate_ahead(std::unique_ptr<Inflater> inflater, const InflateLimits& limits);

}  // namespace varve
