#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/benchmark.h"

namespace varve {

// Values to try in the place of "{name}", by name.
using Scans = std::map<std::string, std::vector<std::string>>;

// "batch=1,8,32". A range "1..8" or "1..64*2" (each twice the one before) stands for its whole numbers.
Status add_scan(const std::string& text, Scans& scans);

// Every variant with every value of every scan, the last name changing fastest: in its command, its environment, its
// directory and its server, "{name}" is replaced. Error where a name stands nowhere, or there are too many.
Result<std::vector<VariantPlan>> expand_scans(const std::vector<VariantPlan>& variants, const Scans& scans);

}  // namespace varve
