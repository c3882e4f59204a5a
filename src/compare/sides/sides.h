#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/comparison.h"
#include "model/run_record.h"

namespace varve {

// One side of a comparison of two documents. The run is borrowed and must outlive the call.
struct Side {
  const Run* run = nullptr;
  std::string variant = "A";  // which variant of the run
  std::string label;          // what sentences call it: the file's name
};

// The two sides that are compared, and the units that enter. Everything is borrowed from the documents.
struct Sides {
  const Run* run_a = nullptr;
  const Run* run_b = nullptr;  // the same run in one document
  const Variant* variant_a = nullptr;
  const Variant* variant_b = nullptr;
  std::string label_a, label_b;
  bool one_document = true;                   // then unit i of A is the partner of unit i of B
  std::vector<const Unit*> units_a, units_b;  // timing units that ended well, in the order of execution
  std::vector<std::string> left_out;          // what did not enter and why, as sentences
  int failed = 0;                             // timing units that ended badly by themselves
};

// Two variants of one interleaved document. Error where it lacks one of them or has no finished pair of theirs.
Result<Sides> sides_of(const Run& run, const std::string& a = "A", const std::string& b = "B");

// Two documents. Error when a variant is missing or has no finished timing unit.
Result<Sides> sides_of(const Side& a, const Side& b);

// Those whose libraries somebody looked at.
std::vector<const Unit*> units_with_libraries(std::vector<const Unit*> units);

// The values of a metric on both sides, over the units that have a positive one (ratios and logarithms need it). In
// one document still partner by partner. Both are empty when no unit has it.
struct MetricValues {
  Metric kind;  // name, unit and direction
  std::vector<double> a, b;
  int left_out = 0;  // units, or pairs in one document, without a positive value
  // Of which block each value is, where units of a block had one server and its mean is what counts; else empty.
  std::vector<int> blocks_a, blocks_b;
};
MetricValues metric_values(const Sides& sides, const std::string& name);

// Whether one server served the units of a block: these share its luck (address layout, where its threads are), so the
// highest level that varies is the block, and its mean is the one value that counts (Kalibera and Jones 2013,
// doi 10.1145/2464157.2464160). In one document where it is so on either side.
bool counts_blocks(const Sides& sides);

// The means of the values of each block, in the order of the blocks. Without blocks the values as they are.
std::vector<double> block_means(const std::vector<double>& values, const std::vector<int>& blocks);

// Threads at work in each unit where samples told them.
std::vector<double> threads_at_work(const std::vector<const Unit*>& units);

// Samples of short units miss a thread now and then: a side has more threads at work (1: B, -1: A) where no unit of it
// has as few as any of the other, by a third at least. 0: neither.
int side_with_more_threads(const std::vector<double>& a, const std::vector<double>& b);

// Names of the metrics that units of both sides have, the primary ones of the documents first, the built-in last.
std::vector<std::string> common_metrics(const Sides& sides);

}  // namespace varve
