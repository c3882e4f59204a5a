#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/answers/check_result.h"
#include "model/environment.h"
#include "model/fact.h"
#include "tables/messages/error_patterns.h"

namespace varve {

// What stands in a log.
struct LogReading {
  // By priority of their patterns, the highest first; of equals the one that stands last in the log. One entry for a
  // message however often it is repeated, at its first line.
  std::vector<ExplainedError> errors;
  // What the log says about the machine it was written on: standing "declared", source "log line N".
  std::map<std::string, Fact> facts;
  std::vector<Package> packages;  // with versions, as collect_env and pip list them
  std::int64_t lines = 0;
  std::int64_t bytes = 0;
  bool is_cut = false;  // it goes on behind what was read
};

constexpr std::int64_t kLogCap = std::int64_t{1} << 30;  // bytes of a log that are read

// Reads the log in windows that overlap: memory does not grow with it. Any bytes: escape sequences of terminals,
// carriage returns and the zero bytes of UTF-16 are passed over.
LogReading read_log_text(std::string_view text, const ErrorPatterns& patterns);

// From a descriptor (file, pipe or terminal) to its end or to `cap` bytes of text; gzip and zstd are inflated. `where`
// names it in errors: it cannot be read, damaged or unsupported compression.
Result<LogReading> read_log(int fd, const std::string& where, const ErrorPatterns& patterns,
                            std::int64_t cap = kLogCap);

// Adds what the log states to facts that have no value; returns the ids of those whose value is another one than the
// log's: then the log was probably written on another machine.
std::vector<std::string> complete_facts(std::map<std::string, Fact>& facts, const LogReading& log);

}  // namespace varve
