// What all_reduce_perf and its like print (nccl-tests, src/common.cu of NVIDIA/nccl-tests; rccl-tests prints the same):
// a line of headings behind "#" with size, time, algbw, busbw and #wrong, twice where the collective is also run in
// place, then a line for each size; times in microseconds, bandwidth in 10⁹ bytes a second; at the end "# Out of bounds
// values : 0 OK" and "# Avg bus bandwidth : 448.2". mpirun may put "[1,0]<stdout>:" before each line.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
// Without what mpirun puts before it.
std::string_view nccl_line(std::string_view line) {
  line = trim(line);
  const std::size_t end = line.find(">:");
  if (line.starts_with('[') && end != std::string_view::npos) line = trim(line.substr(end + 2));
  return line;
}

// The names of the columns; empty for any other line.
std::vector<std::string_view> nccl_columns(std::string_view line) {
  line = nccl_line(line);
  if (!line.starts_with('#') || line.find("algbw") == std::string_view::npos) return {};
  std::vector<std::string_view> columns = split_words(line.substr(1));
  const bool of_a_test = !columns.empty() && columns.front() == "size" &&
                         std::find(columns.begin(), columns.end(), "busbw") != columns.end() &&
                         std::find(columns.begin(), columns.end(), "time") != columns.end();
  return of_a_test ? columns : std::vector<std::string_view>{};
}

bool is_nccl_tests(const ResultText& text) {
  return std::any_of(text.lines.begin(), text.lines.end(),
                     [](std::string_view line) { return !nccl_columns(line).empty(); });
}

// What stands behind the colon of a line of this name.
std::optional<std::string_view> nccl_remark(std::string_view line, std::string_view name) {
  line = nccl_line(line);
  if (!line.starts_with('#')) return std::nullopt;
  line = trim(line.substr(1));
  const std::size_t colon = line.find(':');
  if (!line.starts_with(name) || colon == std::string_view::npos) return std::nullopt;
  return trim(line.substr(colon + 1));
}

// "8 GiB" for a size in bytes, exactly: two sizes have two names.
std::string nccl_size(std::string_view bytes) {
  constexpr std::int64_t kStep = 1024;
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
  std::int64_t size = parse_integer(bytes).value_or(0);
  std::size_t unit = 0;
  for (; size >= kStep && size % kStep == 0 && unit + 1 < std::size(kUnits); ++unit) size /= kStep;
  return fmt::format("{} {}", size, kUnits[unit]);
}

// A test's table as it is read, line by line.
class NcclTable {
 public:
  explicit NcclTable(ResultMetrics& metrics) : metrics_(metrics) {}

  void line(std::string_view line) {
    if (const auto test = nccl_remark(line, "Collective test starting")) test_ = clean_utf8(*test, 60) + " ";
    if (std::vector<std::string_view> columns = nccl_columns(line); !columns.empty()) {
      columns_ = std::move(columns);
      if (test_.empty() && tables_ > 0) prefix_ = fmt::format("table {} ", tables_ + 1);
      ++tables_;
      return;
    }
    const std::string_view shown = nccl_line(line);
    const std::vector<std::string_view> cells = split_words(shown);
    if (cells.size() == columns_.size() && !cells.empty() && parse_integer(cells[0])) row(cells);
  }
  std::string name(const char* what) const { return test_ + prefix_ + what; }

 private:
  void row(const std::vector<std::string_view>& cells) {
    int times = 0;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      times += columns_[i] == "time" ? 1 : 0;
      const std::optional<double> number = parse_number(cells[i]);
      if (!number) continue;  // "N/A"
      const std::string where = nccl_size(cells[0]) + (times > 1 ? " in place" : "");
      if (columns_[i] == "busbw") {
        metrics_.add(name("bus bandwidth ") + where, *number, {"GB/s", Better::higher, Combined::median});
      } else if (columns_[i] == "time") {
        metrics_.add(name("time ") + where, *number, {"us", Better::lower, Combined::median});
      } else if ((columns_[i] == "#wrong") && *number > 0) {
        metrics_.work_fault(fmt::format("{} wrong values at {}", *number, where));
      }
    }
  }

  ResultMetrics& metrics_;
  std::vector<std::string_view> columns_;
  std::string test_, prefix_;
  int tables_ = 0;
};

void read_nccl_tests(const ResultText& text, ResultMetrics& metrics) {
  // The average stands last, and is what people quote first.
  NcclTable names(metrics);
  std::string test;
  for (const std::string_view line : text.lines) {
    if (const auto starting = nccl_remark(line, "Collective test starting")) test = clean_utf8(*starting, 60) + " ";
    const auto average = nccl_remark(line, "Avg bus bandwidth");
    const std::vector<std::string_view> words = average ? split_words(*average) : std::vector<std::string_view>{};
    const std::optional<double> number = words.empty() ? std::nullopt : parse_number(words[0]);
    if (number) metrics.add(test + "average bus bandwidth", *number, {"GB/s", Better::higher});
    if (const auto wrong = nccl_remark(line, "Out of bounds values"); wrong && wrong->ends_with("FAILED")) {
      metrics.work_fault("what the collective computed is wrong: out of bounds values " + clean_utf8(*wrong, 40));
    }
  }
  for (const std::string_view line : text.lines) names.line(line);
}
}  // namespace

const ResultFormat kNcclTests = {"nccl-tests", is_nccl_tests, read_nccl_tests};

}  // namespace varve
