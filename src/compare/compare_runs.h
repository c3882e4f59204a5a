#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "base/result.h"
#include "compare/sides/sides.h"
#include "model/comparison.h"
#include "model/run_record.h"

namespace varve {

struct CompareOptions {
  std::optional<double> margin;       // as a fraction; else the protocol's
  std::vector<std::string> variable;  // ids of the items that were meant to differ; "settings." may be left out
  std::optional<std::string> metric;  // the primary metric; else the protocol's
  std::string created_at;             // RFC 3339, by the caller's clock
};

// Two variants of one document whose units alternated, pair by pair: `b` against `a`. Host facts are shared; what the
// plan changed is the variable. Error when a variant is missing, there is no finished pair, or no such metric on both.
Result<Comparison> compare_variants(const Run& run, const CompareOptions& options = {}, const std::string& a = "A",
                                    const std::string& b = "B");

// Every other variant of a document against its first, in their order. Error as above, also when there is only one.
Result<std::vector<Comparison>> compare_all_variants(const Run& run, const CompareOptions& options = {});

// Two documents. One was measured before the other, so drift cannot be told from change: the ratio and its interval
// (Welch on logarithms) are given, the speed is always `order_confounded`. Error when a variant is missing, has no
// finished unit, or the metric is not on both sides.
Result<Comparison> compare_runs(const Side& a, const Side& b, const CompareOptions& options = {});

// ok: same or faster, controlled (also with gaps). failed: slower beyond the margin, controlled (also with gaps).
// inconclusive: everything else, also faster when confounded.
ExitStatus exit_status(const Comparison& comparison);

}  // namespace varve
