#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_sequence.h"
#include "world/files.h"

namespace varve {

// One side of a comparison: the trace of a run, or those of all its ranks together.
struct TraceSide {
  KernelsRecord record;
  TraceSequence sequence;  // empty where a document, totals or samples are among the files
};

// The traces of a side: those in a folder (not below it), sorted by name, or the one file that a path names. Error: it
// is a folder without any.
Result<std::vector<std::string>> traces_at(const Files& files, const std::string& path);

// Reads all files of one side with the order of what ran, several at a time. Their streams stand beside each other, by
// rank; their steps are those that every rank shows, each the same step of all of them. Where two ranks (or devices of
// one file) show the same collectives, each collective knows what it waited. Error: a file cannot be read; two are of
// one rank, or of jobs of different sizes; some show kernels and others only operations.
Result<TraceSide> read_trace_side(const Files& files, const std::vector<std::string>& paths);

}  // namespace varve
