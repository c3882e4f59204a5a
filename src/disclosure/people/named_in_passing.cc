#include "disclosure/people/named_in_passing.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/people/spoken_products.h"
#include "package/python_metadata.h"

namespace varve {

namespace {
constexpr std::size_t kMostNamed = 16;

// Sentences of which not even the only GPU, driver or release that a text names is that of its machine.
constexpr auto kDoubts = std::to_array<std::string_view>(
    {"if ",          "would",     "could",     "should",    "want",       "wish",       "plan",         "consider",
     "buy",          "purchas",   "going to",  "gonna",     "thinking",   "suppos",     "imagin",       "whether",
     "recommend",    "suggest",   "advis",     "example",   "e.g",        "i.e",        "don't have",   "do not have",
     "doesn't have", "haven't",   "have not",  "not an ",   "not a ",     "have no ",   "has no ",      "with no ",
     "no longer",    "never",     "used to",   " had ",     "previous",   "formerly",   "another",      "other",
     "friend",       "colleague", "customer",  "client",    "someone",    "somebody",   " he ",         " she ",
     " they ",       "people",    "seen ",     " saw ",     "heard",      " read ",     "noticed",      "instead",
     "unlike",       "work on",   "work with", " works",    "worked ",    "same issue", "same problem", "same error",
     "sold",         "return",    "compar",    " vs",       "versus",     " or ",       "need",         "requir",
     "minimum",      "at least",  "enough",    "access to", " rent",      "cloud",      "wrote",        "said",
     "says",         "asked",     "question",  "support",   "assum",      "newer",      "older",        "later",
     "higher",       "lower",     "above",     "below",     "series",     "family",     "like ",        "such as",
     "similar",      "http",      "benchmark", "reference", "trained on", "tried ",     "faster than",  "slower than",
     "better than",  "only on",   "except",    "roadmap",   "request",    "add ",       "simulat",      "emulat",
     "will ",        "you ",      "your ",     "docs",      "document",   "readme",     "reported",     "n't see",
     " wait",        "when i "});
// The same of drivers and packages, whose releases come and go.
constexpr auto kChanges = std::to_array<std::string_view>(
    {"upgrad", "downgrad", "updat",      "switch",        " from ", "latest", "between",   "before",
     "after ", "since ",   "until",      "try ",          "test",   "again",  "reinstall", "roll",
     "revert", "broke in", "introduced", "starting with", "build",  "compil"});

// A release that is written in full: "2.6.0", "2.3.0+cu121", and of Python "3.12".
bool is_full_release(std::string_view version, std::string_view package) {
  if (!is_package_version(version) || version.find_first_of("xX") != std::string_view::npos) return false;
  const auto dots = std::count(version.begin(), version.end(), '.');
  return dots > 1 || (dots == 1 && package == "python" && version.starts_with("3."));
}

struct Named {
  SpokenMachine::Told* told;
  std::string value;
  std::int64_t count = 1;
  bool may_change = false;  // by an update that the sentence may be about
  bool is_key = false;      // "RTX 3090: 12 tokens/s": of a table of several machines
};

void find_gpus(const SpokenWords& words, std::int64_t line, SpokenMachine& spoken, std::vector<Named>& found) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto product = spoken_product_at(words, i);
    if (!product) product = numbered_product_at(words, i, false);
    if (!product) continue;
    if (spoken.named.size() < kMostNamed) spoken.named.emplace(plain_name(product->name), line);
    i += product->words - 1;
    found.push_back({.told = &spoken.gpu_in_passing,
                     .value = product->name,
                     .count = product->count,
                     .is_key = words[i].ends_with(':')});
  }
}

bool is_driver_word(std::string_view word) {
  word = bare_word(word);
  return (word.size() == 6 || word.size() == 7) && to_lower(word).starts_with("driver");
}

void find_drivers(const SpokenWords& words, SpokenMachine& spoken, std::vector<Named>& found) {
  constexpr std::size_t kReach = 4;  // words behind "driver"
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!is_driver_word(words[i])) continue;
    for (std::size_t j = i + 1; j < words.size() && j < i + kReach; ++j) {
      const std::string_view number = driver_number(words[j]);
      if (number.empty()) continue;
      const bool is_present = words[j - 1] == "to";  // what it was updated to is there
      found.push_back({.told = &spoken.driver_in_passing, .value = std::string(number), .may_change = !is_present});
    }
  }
}

void find_releases(const SpokenWords& words, SpokenMachine& spoken, std::vector<Named>& found) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string_view version = bare_word(words[i + 1]);
    if (version.starts_with('v')) version.remove_prefix(1);
    const bool may_be = !version.empty() && is_digit(version[0]) && version.find('.') != std::string_view::npos;
    if (!may_be || is_mark_behind(words[i]) || is_driver_word(words[i])) continue;
    const std::string package = spoken_package(bare_word(words[i]));
    if (package.empty() || !is_full_release(version, package)) continue;
    const bool is_installed = version.find('+') != std::string_view::npos;  // nobody writes "2.3.0+cu121" of a plan
    found.push_back(
        {.told = &spoken.packages_in_passing[package], .value = std::string(version), .may_change = !is_installed});
  }
}
}  // namespace

void note_in_passing(std::string_view sentence, const TextLine& line, SpokenMachine& spoken) {
  const SpokenWords words = split_words(sentence);
  std::vector<Named> found;
  find_gpus(words, line.number, spoken, found);
  find_drivers(words, spoken, found);
  find_releases(words, spoken, found);
  if (found.empty()) return;
  const std::string lower = " " + to_lower(trim(sentence)) + " ";
  const bool is_listed = is_digit(sentence.front());  // of a list, or behind a line's number
  const bool is_doubtful = line.is_quoted || is_listed || trim(sentence).ends_with('?') || says_any(lower, kDoubts);
  const bool is_changing = says_any(lower, kChanges);
  for (const Named& named : found) {
    SpokenMachine::Told& told = *named.told;
    tell_spoken(told, named.value, line.number, named.count);
    const bool is_of_package = named.told != &spoken.gpu_in_passing && named.told != &spoken.driver_in_passing;
    const bool is_asked = is_of_package && named.may_change && has(lower, "install");
    told.is_doubtful = told.is_doubtful || is_doubtful || named.is_key || is_asked || (named.may_change && is_changing);
  }
}

}  // namespace varve
