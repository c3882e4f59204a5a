#include "tables/operators/operator_names.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "base/text.h"
#include "tables/table.h"

namespace varve {

namespace {
using Pattern = std::unique_ptr<RE2>;

struct OperatorPattern {
  Pattern regex;
  Pattern file;      // nullptr: any
  std::string name;  // as RE2 rewrites: \1 is the first group
  std::string FunctionRole::*level = nullptr;
};

struct TeamPattern {
  Pattern library;
  Pattern function;  // nullptr: all of them
};

struct OperatorTable {
  std::vector<OperatorPattern> operators;
  std::set<std::string> wholes;
  std::vector<TeamPattern> teams;
  std::vector<Pattern> interpreters, frames;
};

Pattern read_pattern(const TableRow& row, const char* key) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  const std::string text = row.required(key);
  auto pattern = std::make_unique<RE2>(text, options);
  if (!pattern->ok()) row.reject(key, text, "in RE2's syntax: " + pattern->error());
  return pattern;
}

OperatorPattern read_operator(const TableRow& row) {
  const std::string level = row.one_of("level", {"framework", "library", "routine"});
  OperatorPattern read{read_pattern(row, "regex"), nullptr, row.required("name"),
                       level == "framework" ? &FunctionRole::operation
                       : level == "library" ? &FunctionRole::library_call
                                            : &FunctionRole::routine};
  if (!row.text("file").empty()) read.file = read_pattern(row, "file");
  std::replace(read.name.begin(), read.name.end(), '$', '\\');
  std::string problem;
  if (!read.regex->CheckRewriteString(read.name, &problem)) row.reject("name", read.name, "a text with $1: " + problem);
  row.required("source");
  row.ignore({"library", "examples"});
  return read;
}

TeamPattern read_team(const TableRow& row) {
  row.required("source");
  TeamPattern read{read_pattern(row, "library"), nullptr};
  if (!row.text("function").empty()) read.function = read_pattern(row, "function");
  return read;
}

const Result<OperatorTable>& operator_table() {
  static const Result<OperatorTable> table = []() -> Result<OperatorTable> {
    OperatorTable read;
    const auto date = read_table(chosen_tables(), "operators", [&](const TableRow& all) {
      all.required_rows("operators", [&](const TableRow& row) { read.operators.push_back(read_operator(row)); });
      all.each("wholes", [&](const TableRow& row) {
        read.wholes.insert(row.required("operator"));
        row.required("source");
      });
      all.each("teams", [&](const TableRow& row) { read.teams.push_back(read_team(row)); });
      all.each("frames", [&](const TableRow& row) {
        read.frames.push_back(read_pattern(row, "function"));
        row.required("source");
      });
      all.each("interpreters", [&](const TableRow& row) {
        read.interpreters.push_back(read_pattern(row, "library"));
        row.required("source");
      });
    });
    if (!date) return date.error();
    return read;
  }();
  return table;
}

bool stands_in(const Pattern& pattern, const std::string& text) { return RE2::PartialMatch(text, *pattern); }

bool stands_in_any(const std::vector<Pattern>& patterns, const std::string& text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& pattern) { return stands_in(pattern, text); });
}

bool is_of_team(const OperatorTable& table, const std::string& name, const std::string& file) {
  return std::any_of(table.teams.begin(), table.teams.end(), [&](const TeamPattern& team) {
    return stands_in(team.library, file) && (team.function == nullptr || stands_in(team.function, name));
  });
}
}  // namespace

Result<FunctionRole> function_role(const std::string& name, const std::string& library) {
  const Result<OperatorTable>& table = operator_table();
  if (!table) return table.error();
  FunctionRole role;
  const std::string file = file_name(library);
  role.team = is_of_team(*table, name, file);
  for (const OperatorPattern& pattern : table->operators) {
    std::string& found = role.*pattern.level;
    const bool is_of_file = pattern.file == nullptr || stands_in(pattern.file, file);
    if (found.empty() && is_of_file && !name.empty() && stands_in(pattern.regex, name)) {
      pattern.regex->Extract(name, *pattern.regex, pattern.name, &found);
    }
  }
  role.routine = to_lower(role.routine);  // Fortran's names have no case
  role.whole = table->wholes.contains(role.operation);
  const bool shared_object = file.find(".so") != std::string::npos;
  role.program = !name.empty() && !shared_object && !stands_in_any(table->interpreters, file) &&
                 !stands_in_any(table->frames, name);
  return role;
}

}  // namespace varve
