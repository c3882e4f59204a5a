#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/readings/reported.h"

namespace varve {

// What a group took of a line, and the unit that stands behind it ("ms", "tok/s"; empty: what stands there is none).
struct PrintedNumber {
  std::string text, unit;
};

// A regular expression (RE2) that finds a number in a line of what a program prints: 'GFLOP/s: ([0-9.]+)'.
class OutputPattern {
 public:
  // It has exactly one group. The metric is called as a named group is, (?P<name>…); else by the plain words in front
  // of the group; else by the expression itself.
  static Result<OutputPattern> make(const std::string& expression);

  const std::string& expression() const { return expression_; }
  const std::string& metric() const { return metric_; }
  // What the group takes in a line, in their order.
  std::vector<PrintedNumber> find(std::string_view line) const;

 private:
  struct Compiled;
  std::string expression_, metric_;
  std::shared_ptr<const Compiled> compiled_;
};

// "1234.5", "1.2e3", "1,234.5" with commas between thousands; nothing for anything else.
std::optional<double> printed_number(std::string_view text);

// Cuts a stream into lines; a carriage return ends one too, as progress bars write it. A line of more than 64 KiB is
// cut off there.
class LineFeed {
 public:
  template <class Take>
  void add(std::string_view bytes, Take take) {
    for (const char c : bytes) {
      if (c == '\n' || c == '\r') {
        if (!line_.empty()) take(std::string_view(line_));
        line_.clear();
      } else if (line_.size() < kLongestLine) {
        line_ += c;
      }
    }
  }
  template <class Take>
  void end(Take take) {
    if (!line_.empty()) take(std::string_view(line_));
    line_.clear();
  }

 private:
  static constexpr std::size_t kLongestLine = std::size_t{64} << 10;
  std::string line_;
};

}  // namespace varve
