#include "harness/experiment/scan.h"

#include <fmt/format.h>

#include "base/text.h"
#include "harness/plan.h"

namespace varve {

namespace {
constexpr const char* kScanning = "reading what is to be scanned";

// Whether anything was replaced.
bool fill(std::string& text, const std::string& name, const std::string& value) {
  const std::string place = "{" + name + "}";
  bool any = false;
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size())) {
    text.replace(at, place.size(), value);
    any = true;
  }
  return any;
}

bool fill_all(std::vector<std::string>& texts, const std::string& name, const std::string& value) {
  bool any = false;
  for (std::string& text : texts) any |= fill(text, name, value);
  return any;
}

bool fill_variant(VariantPlan& variant, const std::string& name, const std::string& value) {
  bool any = fill_all(variant.command, name, value);
  for (auto& [variable, text] : variant.environment) any |= fill(text, name, value);
  any |= fill(variant.directory, name, value);
  if (variant.server) {
    any |= fill_all(variant.server->command, name, value);
    any |= fill(variant.server->ready.url, name, value);
    any |= fill(variant.server->ready.line, name, value);
  }
  if (any) {
    variant.label += (variant.label.empty() ? "" : ", ") + name + "=" + value;
    variant.scanned.values[name] = value;
  }
  return any;
}

// "1..8", "1..64*2": the numbers; nothing for any other text.
std::optional<std::vector<std::string>> range_of(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const std::size_t star = text.find('*', dots);
  const auto first = parse_integer(text.substr(0, dots));
  const auto last = parse_integer(text.substr(dots + 2, star == std::string_view::npos ? star : star - dots - 2));
  const auto factor =
      star == std::string_view::npos ? std::optional<std::int64_t>(1) : parse_integer(text.substr(star + 1));
  if (!first || !last || !factor || *last < *first || (star != std::string_view::npos && (*factor < 2 || *first < 1))) {
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (std::int64_t value = *first; value <= *last && values.size() <= kMostVariants;) {
    values.push_back(std::to_string(value));
    value = star == std::string_view::npos ? value + 1 : value * *factor;
  }
  return values;
}
}  // namespace

Status add_scan(const std::string& text, Scans& scans) {
  const std::size_t equals = text.find('=');
  const auto wrong = [&](const std::string& found) {
    return Error{kScanning, text, found, "Write NAME=VALUE,VALUE,… and {NAME} where the value belongs"};
  };
  if (equals == std::string::npos || equals == 0) return wrong("there is no name before a =");
  if (equals + 1 == text.size()) return wrong("there is no value");
  const std::string name = text.substr(0, equals);
  if (name.find_first_of("{}") != std::string::npos) return wrong("a name has no braces");
  std::vector<std::string>& values = scans[name];
  for (const std::string_view value : split(std::string_view(text).substr(equals + 1), ',')) {
    if (value.empty()) return wrong("one of the values is empty");
    if (const auto range = range_of(value)) {
      values.insert(values.end(), range->begin(), range->end());
    } else {
      values.emplace_back(value);
    }
  }
  return Done{};
}

Result<std::vector<VariantPlan>> expand_scans(const std::vector<VariantPlan>& variants, const Scans& scans) {
  std::vector<VariantPlan> expanded = variants;
  for (std::size_t i = 0; i < expanded.size(); ++i) expanded[i].scanned.origin = static_cast<int>(i);
  for (const auto& [name, values] : scans) {
    std::vector<VariantPlan> next;
    bool any = false;
    if (values.empty()) return Error{kScanning, name, "there is no value", "Give it one at least"};
    for (const VariantPlan& variant : expanded) {
      for (const std::string& value : values) {
        VariantPlan filled = variant;
        const bool used = fill_variant(filled, name, value);
        any |= used;
        next.push_back(std::move(filled));
        if (!used) break;  // it is the same for every value
      }
    }
    if (!any) {
      return Error{kScanning, name, fmt::format("{{{}}} stands in no command, environment or directory", name),
                   fmt::format("Write {{{}}} where the values belong", name)};
    }
    if (next.size() > kMostVariants) {
      return Error{kScanning, name, fmt::format("that makes {} variants or more", next.size()),
                   fmt::format("Scan fewer values at once: {} variants are the most", kMostVariants)};
    }
    expanded = std::move(next);
  }
  return expanded;
}

}  // namespace varve
