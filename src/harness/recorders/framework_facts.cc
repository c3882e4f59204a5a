#include "harness/recorders/framework_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"
#include "harness/unit/redacted_line.h"
#include "tables/settings.h"

namespace varve {

namespace {
constexpr std::size_t kMostText = 512;
constexpr std::size_t kMostTexts = 32;
constexpr std::size_t kMostOwnTraces = 64;
constexpr double kWorker = 0.1;  // of the CPU time of the process that used the most
constexpr const char* kReadingFacts = "reading what the framework was told";

std::optional<std::string> text_from(const Json& value, std::string_view home) {
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  if (text.size() > kMostText || looks_like_secret(text)) return std::nullopt;
  return redact_line(text, home);
}

std::optional<Value> value_from(const Json& value, std::string_view home) {
  if (value.is_boolean()) return Value(value.get<bool>());
  if (value.is_number_integer()) return Value(value.get<std::int64_t>());
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    return std::isfinite(number) ? std::optional<Value>(number) : std::nullopt;
  }
  if (value.is_string()) {
    std::optional<std::string> text = text_from(value, home);
    return text ? std::optional<Value>(std::move(*text)) : std::nullopt;
  }
  if (!value.is_array() || value.size() > kMostTexts) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& each : value) {
    std::optional<std::string> text = text_from(each, home);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return Value(std::move(texts));
}

void read_facts(const Json& json, std::string_view home, std::map<std::string, Fact>& facts) {
  for (const auto& [id, row] : framework_facts()) {
    const auto found = json.find(id);
    if (found == json.end()) continue;
    if (std::optional<Value> value = value_from(*found, home)) {
      facts.emplace(id, known_fact(std::move(*value), row.source));
    } else {
      facts.emplace(id, missing_fact(Missing::unreadable, row.source, "not recorded: too long, or like a secret"));
    }
  }
}
}  // namespace

Result<ToldFacts> parse_framework_facts(std::string_view text, const std::string& where, std::string_view home) {
  const auto bad = [&](const char* found) {
    return Error{kReadingFacts, where, found, "it is written by Varve's own hook: another program has changed it"};
  };
  const Result<Json> json = parse_json(text, kReadingFacts, where);
  if (!json) return json.error();
  if (!json->is_object()) return bad("no JSON object");
  const auto process = json->find("process");
  const auto seconds = json->find("cpu_seconds");
  const auto facts = json->find("facts");
  if (process == json->end() || !process->is_number_integer()) return bad("no whole number \"process\"");
  if (seconds == json->end() || !seconds->is_number()) return bad("no number \"cpu_seconds\"");
  if (facts == json->end() || !facts->is_object()) return bad("no object \"facts\"");
  ToldFacts told;
  told.process = process->get<std::int64_t>();
  told.cpu_seconds = seconds->get<double>();
  read_facts(*facts, home, told.facts);
  const auto own = json->find("own_profiler");
  told.own_profiler = own != json->end() && own->is_boolean() && own->get<bool>();
  const auto traces = json->find("own_traces");
  if (traces == json->end() || !traces->is_array()) return told;
  for (const Json& trace : *traces) {
    if (!trace.is_string() || told.own_traces.size() == kMostOwnTraces) continue;
    const std::string& path = trace.get_ref<const std::string&>();
    if (path.starts_with('/') && path.size() < 4096 && path.find('\0') == std::string::npos) {
      told.own_traces.push_back(path);
    }
  }
  return told;
}

std::map<std::string, Fact> main_facts(const std::vector<ToldFacts>& processes) {
  const auto most = std::max_element(processes.begin(), processes.end(), [](const ToldFacts& a, const ToldFacts& b) {
    return std::tuple(a.cpu_seconds, -a.process) < std::tuple(b.cpu_seconds, -b.process);
  });
  if (most == processes.end()) return {};
  std::map<std::string, Fact> facts = most->facts;
  for (auto& [id, fact] : facts) {
    int other = 0;
    for (const ToldFacts& each : processes) {
      if (each.cpu_seconds < kWorker * most->cpu_seconds) continue;
      const auto found = each.facts.find(id);
      if (found == each.facts.end() || !same_fact(found->second, fact)) ++other;
    }
    if (other > 0) fact.detail = fmt::format("{} of {} processes say something else", other, processes.size());
  }
  return facts;
}

}  // namespace varve
