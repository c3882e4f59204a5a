#include "harness/sources/printed_tables.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "harness/readings/output_pattern.h"

namespace varve {

namespace {
// What tells a program's table: a line, the first group of which is the name of what it measured.
struct PrintedTable {
  const char* program;
  const char* line;
  const char* expression;  // of --metric-from, NAME for the first name; "" where the units change
  const char* instead;     // what to do where they do, NAME as above
};

constexpr PrintedTable kPrintedTables[] = {
    {"openssl speed", R"((\S+)(?: +[0-9.]+k){2,} *)", "NAME .* (?P<throughput>[0-9.]+)k", ""},
    {"7z b", R"(()Tot: +[0-9]+ +[0-9]+ +[0-9]+ *)", "Tot: .* (?P<score>[0-9]+)", ""},
    {"stress-ng", R"(stress-ng: (?:metrc|info): +\[[0-9]+\] (\S+) +[0-9]+(?: +[0-9.]+){5}.*)",
     R"(\] NAME +[0-9]+(?: +[0-9.]+){3} +(?P<throughput>[0-9.]+))", ""},
    {"go test -bench", R"((Benchmark\S*)\s+[0-9]+\s+[0-9.]+ ns/op.*)", R"(NAME\s+[0-9]+\s+([0-9.]+) ns/op)", ""},
    {"fio", R"( +(read|write): IOPS=\S+, BW=.*)", "",
     "--output-format=json --output=fio.json lets it write what --metric-json fio.json#/jobs/0/NAME/iops reads"},
    {"iperf3", R"(\[ *(?:[0-9]+|SUM)\] .* [KMGT]?bits/sec .*(receiver).*)", "",
     "-f m keeps it to one, which --metric-from '(?P<throughput>[0-9.]+) Mbits/sec +receiver' reads"},
    {"hyperfine", R"( +(Time) \((?:mean ± σ|abs ≡)\): .*)", "",
     "--export-json hyperfine.json lets it write what --results hyperfine.json reads"},
    {"Google Benchmark", R"((\S+) +[0-9.]+ [mun]?s +[0-9.]+ [mun]?s +[0-9]+(?: .*)?)", "",
     "--benchmark_format=json lets it print what --results - reads"},
    {"pytest-benchmark", R"((Name) \(time in \S+\) +Min .*)", "",
     "--benchmark-json=pytest.json lets it write what --results pytest.json reads"},
    {"NVBench", R"((Pass): Cold: [0-9.]+[mun]?s GPU, .*)", "",
     "--json nvbench.json lets it write what --results nvbench.json reads"}};

std::string with_name(std::string text, const std::string& name) {
  if (const std::size_t at = text.find("NAME"); at != std::string::npos) text.replace(at, 4, name);
  return text;
}

std::size_t numbers_found(const std::vector<std::string>& lines, const std::string& expression) {
  const Result<OutputPattern> pattern = OutputPattern::make(expression);
  std::size_t found = 0;
  for (const std::string& line : lines) found += pattern ? pattern->find(line).size() : 0;
  return found;
}
}  // namespace

std::string suggested_table(const std::vector<std::string>& lines) {
  for (const PrintedTable& table : kPrintedTables) {
    const RE2 shape(table.line);
    std::string name;
    const bool is = std::any_of(lines.begin(), lines.end(),
                                [&](const std::string& line) { return RE2::FullMatch(line, shape, &name); });
    if (!is) continue;
    if (*table.instead != '\0') {
      return fmt::format("it prints a table of {}, whose numbers change their unit: {}", table.program,
                         with_name(table.instead, name));
    }
    const std::string expression = with_name(table.expression, RE2::QuoteMeta(name));
    if (numbers_found(lines, expression) != 1) return "";
    return fmt::format("it prints a table of {}, of which --metric-from '{}' reads a number", table.program,
                       expression);
  }
  return "";
}

}  // namespace varve
