#include "tables/metric_direction.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/embedded.h"
#include "base/text.h"

namespace varve {

namespace {
using Words = std::vector<std::string>;

// What a text says about the direction. Silence is no doubt: the other text may speak.
enum class Says { nothing, higher, lower, doubt };

struct DirectionRow {
  Words words;
  Says says = Says::nothing;
  bool decides = false;
  bool only_units = false;
};

struct DirectionTable {
  std::vector<DirectionRow> rows;  // those of most words first
  std::set<std::string> times, times_behind_per, costs, volumes;
};

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80 ||
         c == '$';
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// "timeToTrain/step" as time, to, train, per, step. GiB and GFlops stay whole.
Words metric_words(std::string_view text) {
  Words words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(to_lower(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_word_byte(c)) {
      finish();
      if (c == '/') words.push_back("per");
      continue;
    }
    const bool hump = i > 0 && i + 1 < text.size() && is_upper(c) && is_lower(text[i - 1]) && is_lower(text[i + 1]);
    if (hump && word.size() > 1) finish();
    word += c;
  }
  finish();
  if (words.size() > 2 && words[0] == "1" && words[1] == "per") words[0] = "events";
  return words;
}

Says says_from(const std::string& word) {
  if (word == "higher") return Says::higher;
  if (word == "lower") return Says::lower;
  return word == "unknown" ? Says::doubt : Says::nothing;
}

// The file is part of the program: what is wrong with it shows in the tests, not to users.
DirectionTable read_directions() {
  DirectionTable table;
  const auto document = nlohmann::json::parse(embedded_file("data/metric_directions.json"), nullptr, false);
  if (document.is_discarded()) return table;
  for (const auto& row : document.at("directions")) {
    DirectionRow read{
        {}, says_from(row.at("better").get<std::string>()), row.value("decides", false), row.value("in", "") == "unit"};
    for (const std::string_view word : split_words(row.at("words").get_ref<const std::string&>())) {
      read.words.emplace_back(word);
    }
    table.rows.push_back(std::move(read));
  }
  std::stable_sort(table.rows.begin(), table.rows.end(), [](const DirectionRow& left, const DirectionRow& right) {
    return left.words.size() > right.words.size();
  });
  document.at("times").get_to(table.times);
  document.at("times_behind_per").get_to(table.times_behind_per);
  document.at("costs").get_to(table.costs);
  document.at("volumes").get_to(table.volumes);
  return table;
}

const DirectionTable& direction_table() {
  static const DirectionTable table = read_directions();
  return table;
}

bool word_matches(const std::string& pattern, const std::string& word) {
  if (!pattern.ends_with('*')) return pattern == word;
  return word.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

// Whether the row's words stand at `at`, none of them taken by a longer row.
bool stands_at(const DirectionRow& row, const Words& words, const std::vector<bool>& taken, std::size_t at) {
  if (at + row.words.size() > words.size()) return false;
  for (std::size_t i = 0; i < row.words.size(); ++i) {
    if (taken[at + i] || !word_matches(row.words[i], words[at + i])) return false;
  }
  return true;
}

Says agreed(Says one, Says other) {
  if (one == Says::nothing || one == other) return other;
  return other == Says::nothing ? one : Says::doubt;
}

struct Statement {
  Says says = Says::nothing;
  std::optional<Says> decided;  // what counts whatever else is said
};

Statement said_by_rows(const Words& words, bool is_unit) {
  Statement statement;
  std::vector<bool> taken(words.size());
  for (const DirectionRow& row : direction_table().rows) {
    if (row.only_units && !is_unit) continue;
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (!stands_at(row, words, taken, at)) continue;
      std::fill_n(taken.begin() + static_cast<std::ptrdiff_t>(at), row.words.size(), true);
      if (row.decides) {
        statement.decided = agreed(statement.decided.value_or(Says::nothing), row.says);
      } else {
        statement.says = agreed(statement.says, row.says);
      }
    }
  }
  return statement;
}

bool is_time(const std::string& word) { return direction_table().times.contains(word); }

// "X per Y": what is had for what; `behind` are Y and what follows. In a name "/" may also stand between a group and a
// metric of it ("eval/loss").
Says said_by_quotient(const Words& left, const Words& behind, bool is_unit) {
  const DirectionTable& table = direction_table();
  const std::string& right = behind.front();
  const bool time_or_volume = is_time(left.back()) || table.volumes.contains(left.back());
  const Says says = time_or_volume ? Says::nothing : said_by_rows(left, is_unit).says;
  if (says == Says::doubt) return Says::doubt;
  if (is_time(right) || table.times_behind_per.contains(right)) {
    if (is_time(left.back()) || says == Says::lower) return Says::doubt;
    return agreed(Says::higher, said_by_rows(Words(behind.begin() + 1, behind.end()), is_unit).says);
  }
  const Says of_behind = table.volumes.contains(right) ? Says::nothing : said_by_rows(behind, is_unit).says;
  if (table.costs.contains(right) && !is_time(left.back()) && says != Says::lower) return Says::higher;
  return agreed(is_time(left.back()) ? Says::lower : says, of_behind);
}

// A unit that is a time says that less is better. In a name only its last word is a unit, and a letter is none but "s".
bool ends_in_time(const Words& words, bool is_unit) {
  if (words.empty() || !is_time(words.back())) return false;
  return is_unit ? words.size() == 1 : words.back().size() > 1 || words.back() == "s";
}

Statement statement_of(const Words& words, bool is_unit) {
  Statement statement = said_by_rows(words, is_unit);
  const auto per = std::find(words.begin(), words.end(), "per");
  if (per == words.end() || per == words.begin() || per + 1 == words.end()) {
    if (ends_in_time(words, is_unit)) statement.says = agreed(statement.says, Says::lower);
    return statement;
  }
  statement.says = said_by_quotient(Words(words.begin(), per), Words(per + 1, words.end()), is_unit);
  return statement;
}

Better better_of(Says says) {
  if (says == Says::higher) return Better::higher;
  return says == Says::lower ? Better::lower : Better::unknown;
}
}  // namespace

Better metric_direction(std::string_view name, std::string_view unit) {
  const Statement by_unit = statement_of(metric_words(unit), true);
  const Statement by_name = statement_of(metric_words(name), false);
  if (by_unit.decided || by_name.decided) {
    return better_of(agreed(by_unit.decided.value_or(Says::nothing), by_name.decided.value_or(Says::nothing)));
  }
  return better_of(agreed(by_unit.says, by_name.says));
}

namespace {
const std::set<std::string> kRateUnits = {"flops", "mflops", "gflops", "tflops", "pflops", "iops",
                                          "qps",   "rps",    "tps",    "fps",    "ips"};
const std::set<std::string> kRateWords = {"throughput", "bandwidth", "speed"};
const std::set<std::string> kCountWords = {"token",   "tokens",   "sample",     "samples",    "step",     "steps",
                                           "request", "requests", "image",      "images",     "item",     "items",
                                           "query",   "queries",  "operations", "iterations", "completed"};

MetricKind kind_of(const Words& words) {
  if (words.empty()) return MetricKind::other;
  const auto per = std::find(words.begin(), words.end(), "per");
  if (per != words.end() && per != words.begin() && per + 1 != words.end()) {
    const std::string& left = *(per - 1);
    const std::string& right = *(per + 1);
    if (is_time(left)) return MetricKind::duration;
    const bool over_time = is_time(right) || direction_table().times_behind_per.contains(right);
    // tokens/s/user, steps/s/GPU: a share, which nobody can add up without knowing of whom.
    return over_time && per + 2 == words.end() ? MetricKind::rate : MetricKind::other;
  }
  const auto any_in = [&](const std::set<std::string>& table) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return table.contains(word); });
  };
  if (any_in(kRateWords) || any_in(kRateUnits)) return MetricKind::rate;
  if (any_in({"latency", "ttft", "tpot", "itl", "duration"}) || is_time(words.back()) || words.back() == "time") {
    return MetricKind::duration;
  }
  if (direction_table().volumes.contains(words.back()) || words.back() == "memory") return MetricKind::size;
  return kCountWords.contains(words.back()) ? MetricKind::count : MetricKind::other;
}
}  // namespace

MetricKind metric_kind(std::string_view name, std::string_view unit) {
  const MetricKind by_unit = kind_of(metric_words(unit));
  return by_unit != MetricKind::other ? by_unit : kind_of(metric_words(name));
}

bool is_metric_unit(std::string_view word) {
  const Words words = metric_words(word);
  if (words.size() == 1) {
    return is_time(words[0]) || direction_table().volumes.contains(words[0]) || kRateUnits.contains(words[0]);
  }
  const MetricKind kind = kind_of(words);
  return word.find('/') != std::string_view::npos && (kind == MetricKind::rate || kind == MetricKind::duration);
}

}  // namespace varve
