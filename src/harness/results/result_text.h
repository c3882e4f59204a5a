#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "harness/readings/reported.h"

namespace varve {

// A result that a benchmark program wrote, as a file or among what it printed, in the forms that readers ask for.
struct ResultText {
  std::string_view text;
  std::vector<std::string_view> lines;  // without line ends; the first 100 000
  // The JSON values in it: the whole text; else what stands between the first line that begins with { or [ and the last
  // that ends with } or ]; else one a line. Empty: there are none. Bare NaN and Infinity are read as null.
  std::vector<Json> json;
};
ResultText result_text(std::string_view text);

// Takes the numbers of one result. What is not finite is left out.
class ResultMetrics {
 public:
  ResultMetrics(std::string source, ReportedMetrics& reported) : source_(std::move(source)), reported_(reported) {}

  struct Kind {
    std::string unit;
    Better better = Better::unknown;
    std::optional<Combined> combine{};  // of several of this name
  };
  void add(std::string_view name, double value, const Kind& kind);
  // A member of a JSON object that is a number; anything else is left out.
  void add_member(const Json& object, const char* member, std::string_view name, const Kind& kind);
  void note(const std::string& text) { reported_.note(source_ + ": " + text); }
  void work_fault(const std::string& text) { reported_.work_fault(source_ + ": " + text); }
  int count() const { return count_; }

 private:
  std::string source_;
  ReportedMetrics& reported_;
  int count_ = 0;
};

// The number of a member, also where it is written as a text; nothing for anything else.
std::optional<double> number_member(const Json& object, const char* member);
std::string text_member(const Json& object, const char* member);  // "" where it is no text
// The member if it is an array, else an empty array.
const Json& array_member(const Json& object, const char* member);

// The cells of a line of comma-separated values (RFC 4180), quotes taken off.
std::vector<std::string> csv_cells(std::string_view line);

}  // namespace varve
