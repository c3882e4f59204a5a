#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/trace/trace_input.h"

namespace varve {

// The rows of a table as CSV (RFC 4180), one after the other: fields between commas, those in quotes may hold commas,
// line ends and doubled quotes. Lines without anything are no rows.
class CsvRows {
 public:
  explicit CsvRows(TraceInput& input) : lines_(input) {}

  // The next row; false at the end. Error: reading or inflating failed.
  Result<bool> next();
  // Of the row, without quotes; valid until the next call.
  const std::vector<std::string_view>& fields() const { return fields_; }
  std::uint64_t at() const { return at_; }  // of its first byte
  // It is longer than 1 MiB, or its quotes do not end: its fields mean nothing.
  bool is_damaged() const { return is_damaged_; }

 private:
  void split_row();

  TraceLines lines_;
  std::string row_, texts_;
  std::vector<std::string_view> fields_;
  std::uint64_t at_ = 0;
  bool is_damaged_ = false;
};

}  // namespace varve
