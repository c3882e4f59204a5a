#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/fact.h"

namespace varve {

// What the start-up hook of one process wrote at its end (start_up_hook.py): JSON
//   {"process": 4711, "cpu_seconds": 1.5, "facts": {"torch.threads": 2, …}, "own_profiler": false, "own_traces":
//   [path]}
// A value is a text, a number, true, false or a list of texts.
struct ToldFacts {
  std::int64_t process = 0;
  double cpu_seconds = 0;
  std::map<std::string, Fact> facts;    // that data/framework_facts.json lists
  bool own_profiler = false;            // the program opened torch.profiler itself
  std::vector<std::string> own_traces;  // absolute paths that it wrote, at most 64
};

// It is a foreign file: anything else than that is an Error, facts that are not listed and values that are too large or
// look like a secret are left out. `home` becomes "~" in values.
Result<ToldFacts> parse_framework_facts(std::string_view text, const std::string& where, std::string_view home);

// The facts of the process that used the most CPU time, which is the one that did the work; a launcher beside it has
// its own. Where another that did at least a tenth of that work says something else, the detail says so.
std::map<std::string, Fact> main_facts(const std::vector<ToldFacts>& processes);

}  // namespace varve
