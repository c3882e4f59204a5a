// What the start-up hook of a process left behind.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "harness/recorders/framework_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto told =
      varve::parse_framework_facts({reinterpret_cast<const char*>(data), size}, "facts_1.json", "/home/me");
  if (!told) return 0;
  if (told->facts.size() > 1000 || told->own_traces.size() > 64) std::abort();
  for (const auto& [id, fact] : told->facts) {
    if (fact.source.empty() || varve::fact_text(fact).size() > 32 * 600) std::abort();
  }
  for (const std::string& path : told->own_traces) {
    if (path.empty() || path.front() != '/') std::abort();
  }
  return 0;
}
