#include "tables/kernel_parts.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "model/kernels/kernel_spelling.h"
#include "model/kernels/name_tree.h"
#include "tables/table.h"

namespace varve {
namespace {

constexpr std::size_t kMostParts = 200;

struct PartRow {
  std::unique_ptr<RE2> pattern;
  std::string meaning;
};
struct PartScheme {
  std::unique_ptr<RE2> pattern;
  std::vector<PartRow> parts;
};
struct KernelParts {
  std::vector<PartScheme> schemes;
  std::map<std::string, std::vector<std::string>> templates;
  std::map<std::string, std::string> names;
};

std::unique_ptr<RE2> compiled(const TableRow& row, const char* key, const std::string& before) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  auto pattern = std::make_unique<RE2>(before.empty() ? row.required(key) : before, options);
  if (!pattern->ok()) row.reject(key, row.text(key), "in RE2's syntax: " + pattern->error());
  return pattern;
}

PartScheme read_part_scheme(const TableRow& row) {
  PartScheme scheme{.pattern = compiled(row, "regex", ""), .parts = {}};
  row.required_rows("parts", [&](const TableRow& part) {
    std::string meaning = part.required("meaning");
    std::replace(meaning.begin(), meaning.end(), '$', '\\');
    scheme.parts.push_back({compiled(part, "regex", "^(?:" + part.required("regex") + ")(?:_|$)"), std::move(meaning)});
  });
  row.required("title");
  row.required("source");
  row.ignore({"examples"});
  return scheme;
}

const Result<KernelParts>& parts_table() {
  static const Result<KernelParts> parts = []() -> Result<KernelParts> {
    KernelParts read;
    const auto date = read_table(chosen_tables(), "kernel_parts", [&](const TableRow& table) {
      table.required_rows("schemes", [&](const TableRow& row) { read.schemes.push_back(read_part_scheme(row)); });
      table.required_rows("templates", [&](const TableRow& row) {
        read.templates[row.required("template")] = row.texts("arguments");
        row.required("source");
      });
      table.required_rows("names",
                          [&](const TableRow& row) { read.names[row.required("name")] = row.required("meaning"); });
    });
    if (!date) return date.error();
    return read;
  }();
  return parts;
}

// What the first of the parts that stands at the beginning of `rest` is, and how long it is; 0 when none does.
std::size_t read_part(const PartScheme& scheme, const std::string& rest, std::string& meaning) {
  for (const PartRow& row : scheme.parts) {
    re2::StringPiece whole;
    if (!row.pattern->Match(rest, 0, rest.size(), RE2::ANCHOR_START, &whole, 1)) continue;
    RE2::Extract(rest, *row.pattern, row.meaning, &meaning);
    const bool has_end = !whole.empty() && whole[whole.size() - 1] == '_';
    return whole.size() - (has_end ? 1 : 0);
  }
  return 0;
}

void add_part(std::vector<KernelNamePart>& parts, std::string text, std::string meaning) {
  if (parts.size() >= kMostParts || text.empty()) return;
  if (meaning.empty() && !parts.empty() && parts.back().meaning.empty()) {
    parts.back().text += "_" + text;
  } else {
    parts.push_back({std::move(text), std::move(meaning)});
  }
}

// The words of an identifier by the first scheme that fits it; whether one did.
bool add_words(const KernelParts& table, const std::string& identifier, std::vector<KernelNamePart>& parts) {
  const auto scheme = std::find_if(table.schemes.begin(), table.schemes.end(),
                                   [&](const PartScheme& one) { return RE2::PartialMatch(identifier, *one.pattern); });
  if (scheme == table.schemes.end()) return false;
  for (std::size_t at = 0; at < identifier.size() && parts.size() < kMostParts;) {
    if (identifier[at] == '_' && at > 0) {
      ++at;
      continue;
    }
    std::string meaning;
    const std::string rest = identifier.substr(at);
    const std::size_t length = read_part(*scheme, rest, meaning);
    const std::size_t end = length > 0 ? length : std::min(rest.find('_', 1), rest.size());
    add_part(parts, rest.substr(0, end), length > 0 ? meaning : "");
    at += end;
  }
  return true;
}

std::string meaning_of_type(const std::string& text) {
  constexpr std::array<std::pair<const char*, const char*>, 10> kTypes{{{"BFloat16", "bf16"},
                                                                        {"__nv_bfloat16", "bf16"},
                                                                        {"__hip_bfloat16", "bf16"},
                                                                        {"bfloat16_t", "bf16"},
                                                                        {"Half", "fp16"},
                                                                        {"__half", "fp16"},
                                                                        {"half_t", "fp16"},
                                                                        {"float", "fp32"},
                                                                        {"double", "fp64"},
                                                                        {"tfloat32_t", "tf32"}}};
  for (const auto& [name, type] : kTypes) {
    if (text == name) return std::string("the type ") + type;
  }
  return "";
}

// Names and arguments, from the outside in.
void add_tree(const KernelParts& table, const NameTree& tree, int depth, std::vector<KernelNamePart>& parts) {
  const auto known = [&](const std::string& name) {
    const auto found = table.names.find(name);
    return found == table.names.end() ? std::string() : found->second;
  };
  std::string space;
  for (const NamePart& part : tree.parts) {
    space += (space.empty() ? "" : "::") + part.text;
    const bool is_flat = add_words(table, part.text, parts);
    const std::string by_path = known(space), by_name = known(part.text);
    const std::string meaning = !by_path.empty() ? by_path : !by_name.empty() ? by_name : meaning_of_type(part.text);
    if (!is_flat && !meaning.empty()) add_part(parts, by_path.empty() ? part.text : space, meaning);
    const auto arguments = table.templates.find(part.text);
    for (std::size_t i = 0; i < part.arguments.size() && depth < 4; ++i) {
      const NamePart* named = named_part(part.arguments[i]);
      const bool has_place = arguments != table.templates.end() && i < arguments->second.size();
      if (has_place && named != nullptr) add_part(parts, named->text, arguments->second[i]);
      if (!has_place || (named != nullptr && named->has_arguments))
        add_tree(table, part.arguments[i], depth + 1, parts);
    }
  }
}

}  // namespace

Status load_kernel_parts() { return parts_table() ? Status(Done{}) : Status(parts_table().error()); }

std::vector<KernelNamePart> kernel_name_parts(const std::string& kernel_name) {
  std::vector<KernelNamePart> parts;
  if (!parts_table()) return parts;
  add_tree(*parts_table(), parse_name(canonical_spelling(kernel_name)), 0, parts);
  const bool any =
      std::any_of(parts.begin(), parts.end(), [](const KernelNamePart& part) { return !part.meaning.empty(); });
  if (!any) parts.clear();
  return parts;
}

}  // namespace varve
