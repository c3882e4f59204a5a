#pragma once
#include <string>
#include <vector>

#include "kernels/analysis/device_events.h"
#include "kernels/analysis/host_sweep.h"
#include "model/answers/captured_kernels.h"
#include "model/answers/kernels_record.h"

namespace varve {

// Adds to what was counted what the calls and the kernels together tell: which have no counterpart, which ran in
// graphs, which durations cannot be.
void keep_ledger(const Timeline& timeline, const std::vector<Device>& devices, const HostCalls& calls,
                 TraceTally& tally);

// Of every call, whether it or a call inside of it started something that is known.
std::vector<bool> calls_that_started(const HostCalls& calls);

// Of a trace that ends at a round number of events; a loop of a round number of rounds ends so too.
std::string capped_sentence(const TraceTally& tally);

// What a reader of the trace must know of how whole it is, each a sentence without its full stop.
std::vector<std::string> ledger_sentences(const TraceTally& tally, const CaptureJoined& joined, bool with_capture);

}  // namespace varve
