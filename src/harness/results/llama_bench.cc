// llama-bench -o json, jsonl, csv or md (tools/llama-bench/llama-bench.cpp of ggml-org/llama.cpp). JSON and CSV have
// the same fields: "model_type", "n_prompt", "n_gen", "n_depth", "avg_ts" (tokens a second), "avg_ns", "samples_ts".
// The table in Markdown has columns "model", "test" and "t/s", as in | llama 7B Q4_0 | … | pp512 | 1234.56 ± 7.89 |.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "harness/results/result_formats.h"

namespace varve {

namespace {
const ResultMetrics::Kind kTokenRate = {"tokens/s", Better::higher, Combined::median};

// As the table in Markdown names it: pp512, tg128, pp512+tg128, with "@ d4096" behind a filled context.
std::string llama_test(long long prompt, long long generated, long long depth) {
  std::string name;
  if (prompt > 0) name = fmt::format("pp{}", prompt);
  if (generated > 0) name += fmt::format("{}tg{}", name.empty() ? "" : "+", generated);
  if (depth > 0) name += fmt::format(" @ d{}", depth);
  return name;
}

long long whole_number(std::optional<double> value) {
  return value && *value >= 0 && *value < 1e15 ? static_cast<long long>(*value) : 0;
}

bool is_llama_row(const Json& row) {
  return row.is_object() && row.contains("model_type") && row.contains("avg_ts") && row.contains("n_prompt");
}

// One array, or one object a line.
std::vector<const Json*> llama_rows(const ResultText& text) {
  std::vector<const Json*> rows;
  for (const Json& value : text.json) {
    if (is_llama_row(value)) rows.push_back(&value);
    if (!value.is_array()) continue;
    for (const Json& row : value) {
      if (is_llama_row(row)) rows.push_back(&row);
    }
  }
  return rows;
}

void read_llama_rows(const std::vector<const Json*>& rows, ResultMetrics& metrics) {
  for (const Json* row : rows) {
    const std::string name =
        text_member(*row, "model_type") + " " +
        llama_test(whole_number(number_member(*row, "n_prompt")), whole_number(number_member(*row, "n_gen")),
                   whole_number(number_member(*row, "n_depth")));
    const Json& samples = array_member(*row, "samples_ts");
    for (const Json& sample : samples) {
      if (sample.is_number()) metrics.add(name, sample.get<double>(), kTokenRate);
    }
    if (samples.empty()) metrics.add_member(*row, "avg_ts", name, kTokenRate);
  }
}

std::vector<std::string> table_cells(std::string_view line) {
  std::vector<std::string> cells;
  line = trim(line);
  if (!line.starts_with('|') || !line.ends_with('|') || line.size() < 2) return cells;
  for (const std::string_view cell : split(line.substr(1, line.size() - 2), '|')) cells.emplace_back(trim(cell));
  return cells;
}

std::size_t column_of(const std::vector<std::string>& head, const char* name) {
  return static_cast<std::size_t>(std::find(head.begin(), head.end(), name) - head.begin());
}

// A table with a line of headings, its cells taken apart by `cells_of`.
struct LlamaTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

LlamaTable llama_table(const ResultText& text, std::vector<std::string> (*cells_of)(std::string_view),
                       const std::vector<const char*>& columns) {
  LlamaTable table;
  for (const std::string_view line : text.lines) {
    std::vector<std::string> cells = cells_of(line);
    if (table.head.empty()) {
      const bool is_head = std::all_of(columns.begin(), columns.end(),
                                       [&](const char* column) { return column_of(cells, column) < cells.size(); });
      if (is_head) table.head = std::move(cells);
    } else if (cells.size() == table.head.size()) {
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

LlamaTable llama_csv(const ResultText& text) {
  return llama_table(text, csv_cells, {"model_type", "n_prompt", "n_gen", "avg_ts"});
}
LlamaTable llama_markdown(const ResultText& text) { return llama_table(text, table_cells, {"model", "test", "t/s"}); }

void read_llama_csv(const LlamaTable& table, ResultMetrics& metrics) {
  const auto cell = [&](const std::vector<std::string>& row, const char* name) {
    const std::size_t at = column_of(table.head, name);
    return at < row.size() ? row[at] : std::string();
  };
  for (const std::vector<std::string>& row : table.rows) {
    const std::optional<double> rate = parse_number(cell(row, "avg_ts"));
    if (!rate) continue;
    const std::string test =
        llama_test(whole_number(parse_number(cell(row, "n_prompt"))), whole_number(parse_number(cell(row, "n_gen"))),
                   whole_number(parse_number(cell(row, "n_depth"))));
    metrics.add(cell(row, "model_type") + " " + test, *rate, kTokenRate);
  }
}

void read_llama_markdown(const LlamaTable& table, ResultMetrics& metrics) {
  for (const std::vector<std::string>& row : table.rows) {
    const std::vector<std::string_view> words = split_words(row[column_of(table.head, "t/s")]);
    const std::optional<double> rate = words.empty() ? std::nullopt : parse_number(words[0]);
    if (!rate) continue;  // the line under the headings
    metrics.add(row[column_of(table.head, "model")] + " " + row[column_of(table.head, "test")], *rate, kTokenRate);
  }
}

bool is_llama_bench(const ResultText& text) {
  return !llama_rows(text).empty() || !llama_csv(text).rows.empty() || !llama_markdown(text).rows.empty();
}

void read_llama_bench(const ResultText& text, ResultMetrics& metrics) {
  if (const auto rows = llama_rows(text); !rows.empty()) return read_llama_rows(rows, metrics);
  if (const LlamaTable table = llama_csv(text); !table.rows.empty()) return read_llama_csv(table, metrics);
  read_llama_markdown(llama_markdown(text), metrics);
}
}  // namespace

const ResultFormat kLlamaBench = {"llama-bench", is_llama_bench, read_llama_bench};

}  // namespace varve
