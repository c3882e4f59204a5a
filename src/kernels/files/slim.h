#pragma once
#include <string>

#include "model/answers/kernels_record.h"

namespace varve {

// What a comparison of kernels needs of a record, and nothing that says whose machine or program it was: fit to be
// attached to a report of a fault. Kept: every kernel with its times, launch shapes, operation, rank and device; facts
// of the kinds that slim.cc lists; how whole the traces were. Left out: settings, names of hosts, files and regions,
// raw names, streams and what damaged bytes held; homes in paths become "~". What rows are left out stays part of the
// whole, so that shares are as they were. Slimming a merged record gives what merging slimmed ones gives.
KernelsRecord slimmed(const KernelsRecord& record);

// A record as the bytes of a small file: JSON on one line, gzipped where the file's name ends in ".gz".
std::string slim_bytes(const KernelsRecord& slim, const std::string& file);

}  // namespace varve
