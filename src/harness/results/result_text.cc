#include "harness/results/result_text.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kResultLineCap = 100'000;
constexpr std::size_t kJsonLineCap = 10'000;
constexpr std::size_t kResultNameCap = 200;
constexpr const char* kResultTextDoing = "reading a result";

std::vector<std::string_view> result_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kResultLineCap) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

// Numbers that are none, as C and Python print them where JSON has no word for them: null in their place.
std::string without_bare_nan(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted) {
      const std::string_view rest = text.substr(i);
      bool replaced = false;
      for (const std::string_view word : {"-Infinity", "Infinity", "-NaN", "NaN"}) {
        if (!rest.starts_with(word)) continue;
        out += "null";
        i += word.size() - 1;
        replaced = true;
        break;
      }
      if (replaced) continue;
    }
    out += c;
  }
  return out;
}

std::optional<Json> json_of(std::string_view text) {
  text = trim(text);
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return std::nullopt;
  const bool bare = text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
  Result<Json> json = parse_json(bare ? without_bare_nan(text) : std::string(text), kResultTextDoing, "");
  if (!json) return std::nullopt;
  return std::move(*json);
}

// What stands between the first line that opens a value and the last that closes one.
std::string_view braced(std::string_view text, const std::vector<std::string_view>& lines) {
  const char* begin = nullptr;
  const char* end = nullptr;
  for (const std::string_view line : lines) {
    const std::string_view shown = trim(line);
    if (shown.empty()) continue;
    if (begin == nullptr && (line.front() == '{' || line.front() == '[')) begin = line.data();
    if (begin != nullptr && (shown.back() == '}' || shown.back() == ']')) end = shown.data() + shown.size();
  }
  if (begin == nullptr || end == nullptr || end <= begin) return {};
  return text.substr(static_cast<std::size_t>(begin - text.data()), static_cast<std::size_t>(end - begin));
}

}  // namespace

ResultText result_text(std::string_view text) {
  ResultText result{text, result_lines(text), {}};
  if (text.find_first_of("{[") == std::string_view::npos) return result;
  std::optional<Json> whole = json_of(text);
  if (!whole) whole = json_of(braced(text, result.lines));
  if (whole) {
    result.json.push_back(std::move(*whole));
    return result;
  }
  for (const std::string_view line : result.lines) {
    if (line.empty() || line.front() != '{') continue;
    if (std::optional<Json> value = json_of(line)) result.json.push_back(std::move(*value));
    if (result.json.size() == kJsonLineCap) break;
  }
  return result;
}

void ResultMetrics::add(std::string_view name, double value, const Kind& kind) {
  if (!std::isfinite(value)) return;
  Reported reported;
  reported.metric.name = clean_utf8(trim(name), kResultNameCap);
  for (char& c : reported.metric.name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (trim(reported.metric.name).empty()) return;
  if (is_built_in_metric(reported.metric.name)) reported.metric.name += " of " + source_;
  reported.metric.unit = kind.unit;
  reported.metric.better = kind.better;
  reported.metric.value = value;
  reported.metric.source = source_;
  reported.combine = kind.combine;
  if (const std::string fault = reported_.add(std::move(reported)); fault.empty()) {
    ++count_;
  } else {
    note(fault);
  }
}

void ResultMetrics::add_member(const Json& object, const char* member, std::string_view name, const Kind& kind) {
  if (const std::optional<double> value = number_member(object, member)) add(name, *value, kind);
}

std::optional<double> number_member(const Json& object, const char* member) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(member);
  if (found == object.end()) return std::nullopt;
  if (found->is_number()) return found->get<double>();
  return found->is_string() ? parse_number(found->get_ref<const std::string&>()) : std::nullopt;
}

std::string text_member(const Json& object, const char* member) {
  if (!object.is_object()) return "";
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& array_member(const Json& object, const char* member) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(member);
  return found != object.end() && found->is_array() ? *found : none;
}

std::vector<std::string> csv_cells(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

}  // namespace varve
