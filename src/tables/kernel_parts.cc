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
  std::string what, value, meaning;  // the latter two as RE2 rewrites
};
struct PartScheme {
  std::string known;
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

// "$1 x $2" of the table as RE2 writes it.
std::string rewrite_of(std::string text) {
  std::replace(text.begin(), text.end(), '$', '\\');
  return text;
}

PartScheme read_part_scheme(const TableRow& row) {
  PartScheme scheme{.known = "scheme: " + row.required("title"), .pattern = compiled(row, "regex", ""), .parts = {}};
  row.required_rows("parts", [&](const TableRow& part) {
    scheme.parts.push_back({.pattern = compiled(part, "regex", "^(?:" + part.required("regex") + ")(?:_|$)"),
                            .what = part.required("what"),
                            .value = rewrite_of(part.text("value")),
                            .meaning = rewrite_of(part.required("meaning"))});
  });
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

// What the groups of a match hold, "128x64"; the whole text where there are none.
std::string value_of(const PartRow& row, const std::string& rest, const std::string& text) {
  std::string value;
  if (!row.value.empty()) return RE2::Extract(rest, *row.pattern, row.value, &value) ? value : text;
  for (int group = 1; group <= row.pattern->NumberOfCapturingGroups(); ++group) {
    std::string one;
    RE2::Extract(rest, *row.pattern, "\\" + std::to_string(group), &one);
    if (!one.empty()) value += (value.empty() ? "" : "x") + one;
  }
  return value.empty() ? text : value;
}

// What the first of the parts that stands at the beginning of `rest` is; without a text when none does.
KernelNamePart read_part(const PartScheme& scheme, const std::string& rest) {
  for (const PartRow& row : scheme.parts) {
    re2::StringPiece whole;
    if (!row.pattern->Match(rest, 0, rest.size(), RE2::ANCHOR_START, &whole, 1)) continue;
    const bool has_end = !whole.empty() && whole[whole.size() - 1] == '_';
    KernelNamePart part{.text = rest.substr(0, whole.size() - (has_end ? 1 : 0)),
                        .meaning = {},
                        .what = row.what,
                        .value = {},
                        .known = scheme.known};
    RE2::Extract(rest, *row.pattern, row.meaning, &part.meaning);
    part.value = value_of(row, rest, part.text);
    return part;
  }
  return {};
}

void add_part(std::vector<KernelNamePart>& parts, KernelNamePart part) {
  if (parts.size() >= kMostParts || part.text.empty()) return;
  if (part.meaning.empty() && !parts.empty() && parts.back().meaning.empty()) {
    parts.back().text += "_" + part.text;
  } else {
    parts.push_back(std::move(part));
  }
}

KernelNamePart unknown_part(std::string text) {
  return {.text = std::move(text), .meaning = {}, .what = {}, .value = {}, .known = {}};
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
    const std::string rest = identifier.substr(at);
    KernelNamePart part = read_part(*scheme, rest);
    if (part.text.empty()) part = unknown_part(rest.substr(0, rest.find('_', 1)));
    at += part.text.size();
    add_part(parts, std::move(part));
  }
  return true;
}

std::string precision_of_type(const std::string& text) {
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
    if (text == name) return type;
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
    const std::string by_path = known(space), by_name = known(part.text), type = precision_of_type(part.text);
    if (!is_flat && !(by_path.empty() && by_name.empty())) {
      const std::string& text = by_path.empty() ? part.text : space;
      add_part(parts, {.text = text,
                       .meaning = by_path.empty() ? by_name : by_path,
                       .what = "name",
                       .value = text,
                       .known = "name"});
    } else if (!is_flat && !type.empty()) {
      add_part(parts,
               {.text = part.text, .meaning = "the type " + type, .what = "types", .value = type, .known = "type"});
    }
    const auto arguments = table.templates.find(part.text);
    for (std::size_t i = 0; i < part.arguments.size() && depth < 4; ++i) {
      const NamePart* named = named_part(part.arguments[i]);
      const bool has_place = arguments != table.templates.end() && i < arguments->second.size();
      if (has_place && named != nullptr) {
        add_part(parts, {.text = named->text,
                         .meaning = arguments->second[i],
                         .what = "argument",
                         .value = named->text,
                         .known = "template: " + part.text});
      }
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
