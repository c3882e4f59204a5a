#pragma once
// For tests and fuzzing only: databases made by SQLite itself, and slow questions in plain SQL.
#include <string>

#include "kernels/trace/trace_testing.h"

namespace varve::test {

// The bytes of a database that SQLite made by these statements.
std::string made_database(const std::string& statements);

// What SQLite itself answers to a question whose answer is one whole number; -1 when it is refused.
std::int64_t number_of(const std::string& path, const std::string& question);

struct DatabaseReading {
  RecordedTrace trace;
  Status status;
};

DatabaseReading read_bytes(const TraceFormat& format, const std::string& bytes, const TraceOptions& options = {});

}  // namespace varve::test
