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
    {"if ",        "would",      "could",       "should",        "want",         "wish",           "plan",
     "consider",   "buy",        "purchas",     "going to",      "gonna",        "thinking",       "suppos",
     "imagin",     "whether",    "recommend",   "suggest",       "advis",        "example",        "e.g",
     "i.e",        "don't have", "do not have", "doesn't have",  "haven't",      "have not",       "not an ",
     "not a ",     "have no ",   "has no ",     "with no ",      "no longer",    "never",          "used to",
     " had ",      "previous",   "formerly",    "another",       "other",        "friend",         "colleague",
     "customer",   "client",     "someone",     "somebody",      " he ",         " she ",          " they ",
     "people",     "seen ",      " saw ",       "heard",         " read ",       "noticed",        "instead",
     "unlike",     "work on",    "work with",   " works",        "worked ",      "same issue",     "same problem",
     "same error", "sold",       "return",      "compar",        " vs",          "versus",         " or ",
     "need",       "requir",     "minimum",     "at least",      "enough",       "access to",      " rent",
     "cloud",      "wrote",      "said",        "says",          "asked",        "question",       "support",
     "assum",      "newer",      "older",       "later",         "higher",       "lower",          "above",
     "below",      "series",     "family",      "like ",         "such as",      "similar",        "http",
     "benchmark",  "reference",  "trained on",  "tried ",        "faster than",  "slower than",    "better than",
     "only on",    "except",     "roadmap",     "request",       "add ",         "simulat",        "emulat",
     "will ",      "you ",       "your ",       "docs",          "document",     "readme",         "reported",
     "n't see",    " wait",      "when i ",     "hoping",        "hope to",      " his ",          " her ",
     " their ",    "instances",  "measured",    "training took", "all models",   "experiments",    "developed with",
     "path to ",   "publish",    "wheel for",   "wheels for",    "binaries for", "please provide", "goes away",
     "went away",  "disappear",  "arriv"});
// The same of drivers and packages, whose releases come and go.
constexpr auto kChanges = std::to_array<std::string_view>(
    {"upgrad", "downgrad", "updat",      "switch",        " from ",      "latest",        "between",   "before",
     "after ", "since ",   "until",      "try ",          "test",        "again",         "reinstall", "roll",
     "revert", "broke in", "introduced", "first release", "release was", "starting with", "build",     "compil"});

bool is_of_changes(std::string_view sentence) {
  if (!sentence.starts_with("- ") && !sentence.starts_with("* ")) return false;
  constexpr auto kDone = std::to_array<std::string_view>(
      {"fix", "fixed", "fixes", "add", "added", "adds", "drop", "dropped", "support", "improve", "improved", "remove"});
  const std::string_view rest = trim(sentence.substr(2));
  return is_among(to_lower(rest.substr(0, rest.find(' '))), kDone);
}

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
  std::size_t at = 0;       // the word that begins it
};

// "4 nvidia Tesla K80", "2x P40": how many, by the word before the product.
std::int64_t count_before(const SpokenWords& words, std::size_t at) {
  if (at > 0 && to_lower(words[at - 1]) == "nvidia") --at;
  if (at == 0) return 1;
  constexpr std::int64_t kMostGpus = 16;
  std::string_view word = words[at - 1];
  if (word.starts_with('(')) word.remove_prefix(1);  // "nodes (8 A100 gpus)"
  constexpr auto kNumbers = std::to_array<std::string_view>({"", "", "two", "three", "four", "", "six", "", "eight"});
  const auto* const number = std::find(kNumbers.begin(), kNumbers.end(), to_lower(word));
  if (number != kNumbers.end() && !number->empty()) return number - kNumbers.begin();
  if (to_lower(word) == "dual" || to_lower(word) == "double") return 2;
  if (word.ends_with('x')) word.remove_suffix(1);
  const auto count = parse_integer(word);
  return count && *count > 0 && *count <= kMostGpus ? *count : 1;
}

void find_gpus(const SpokenWords& words, std::int64_t line, SpokenMachine& spoken, std::vector<Named>& found) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto product = spoken_product_at(words, i);
    if (!product) product = numbered_product_at(words, i, false);
    if (!product) continue;
    if (spoken.named.size() < kMostNamed) spoken.named.emplace(plain_name(product->name), line);
    const std::size_t at = i;
    product->count = std::max(product->count, count_before(words, at));
    i += product->words - 1;
    found.push_back({.told = &spoken.gpu_in_passing,
                     .value = product->name,
                     .count = product->count,
                     .is_key = words[i].ends_with(':'),
                     .at = at});
  }
}

bool is_driver_word(std::string_view word) {
  word = bare_word(word);
  return (word.size() == 6 || word.size() == 7) && to_lower(word).starts_with("driver");
}

constexpr auto kBesideNumber = std::to_array<std::string_view>({"nvidia", "nvidia's", "version", "geforce"});

// "I just upgraded to Ubuntu 14.04 and Nvidia driver 337.12", "installed latest Nvidia driver 555.85": it is there
// since.
bool is_there_since(const SpokenWords& words) {
  constexpr auto kMoved = std::to_array<std::string_view>({"upgraded", "updated", "moved", "switched"});
  constexpr auto kPassive = std::to_array<std::string_view>({"be", "is", "not", "get", "being", "are", "cannot"});
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string before = i > 0 ? to_lower(words[i - 1]) : std::string();
    if (is_among(before, kPassive)) continue;
    const std::string word = to_lower(words[i]), next = to_lower(words[i + 1]);
    if (is_among(word, kMoved) && next == "to") return true;
    if (word == "installed" &&
        (next == "latest" || (next == "the" && i + 2 < words.size() && words[i + 2] == "latest")))
      return true;
  }
  return false;
}

void find_drivers(const SpokenWords& words, SpokenMachine& spoken, std::vector<Named>& found) {
  constexpr std::size_t kReach = 5;  // words behind "driver"
  const bool is_since = is_there_since(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_driver_word(words[i])) continue;
    // "with 352.63 Nvidia drivers", "570.153.02 version driver"
    std::size_t before = i;
    while (before > 0 && i - before < 2 && is_among(to_lower(words[before - 1]), kBesideNumber)) --before;
    const std::string_view number_before = before > 0 ? driver_number(words[before - 1]) : std::string_view();
    if (!number_before.empty() && !is_mark_behind(words[before - 1])) {
      found.push_back({.told = &spoken.driver_in_passing,
                       .value = std::string(number_before),
                       .may_change = !is_since,
                       .at = before - 1});
      continue;
    }
    for (std::size_t j = i + 1; j < words.size() && j < i + kReach; ++j) {
      const std::string_view number = driver_number(words[j]);
      if (number.empty()) continue;
      // What it was updated to is there.
      const bool is_present = is_since || words[j - 1] == "to" || (j > i + 2 && words[j - 2] == "to") ||
                              (j > i + 3 && words[j - 3] == "to");
      found.push_back(
          {.told = &spoken.driver_in_passing, .value = std::string(number), .may_change = !is_present, .at = i});
    }
  }
}

// "cu130", as PyTorch's index names its builds.
bool is_cuda_variant(std::string_view word) {
  return word.size() == 5 && word.starts_with("cu") && parse_integer(word.substr(2)).has_value();
}

void find_releases(const SpokenWords& words, SpokenMachine& spoken, std::vector<Named>& found) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string_view version = bare_word(words[i + 1]);
    if (version.starts_with('v')) version.remove_prefix(1);
    const bool may_be = !version.empty() && is_digit(version[0]) && version.find('.') != std::string_view::npos;
    if (!may_be) continue;
    std::size_t at = i;  // of the name: "vLLM version is 0.7.3"
    while (at > 0 && i - at < 2 && (words[at] == "version" || words[at] == "is" || words[at] == "nightly")) --at;
    if (is_mark_behind(words[at]) || is_driver_word(words[at])) continue;
    const std::string package = spoken_package(bare_word(words[at]));
    if (package.empty() || !is_full_release(version, package)) continue;
    std::string value(version);
    // "cu130 torch 2.9.1"
    if (package == "torch" && at > 0 && is_cuda_variant(bare_word(words[at - 1]))) {
      value += "+" + std::string(bare_word(words[at - 1]));
    }
    const bool is_installed = value.find('+') != std::string::npos;  // nobody writes "2.3.0+cu121" of a plan
    found.push_back({.told = &spoken.packages_in_passing[package],
                     .value = std::move(value),
                     .may_change = !is_installed,
                     .at = at});
  }
}

// "# [Installation]: …": the tag that a form puts before a title is nobody's sentence.
std::string_view without_tag(std::string_view sentence) {
  if (!sentence.starts_with("# [")) return sentence;
  const std::size_t end = sentence.find("]: ");
  return end == std::string_view::npos || end > 32 ? sentence : sentence.substr(end + 3);
}

// What a program printed, in quotes, doubts nothing: 'fails with: "couldn't communicate with the NVIDIA driver"'.
std::string without_messages(std::string_view sentence) {
  constexpr std::size_t kShort = 12;  // a word that somebody sets apart
  std::string kept;
  while (!sentence.empty()) {
    const std::size_t open = sentence.find('"');
    const std::size_t close = open == std::string_view::npos ? open : sentence.find('"', open + 1);
    if (close == std::string_view::npos) break;
    const bool is_message =
        close - open > kShort && sentence.substr(open, close - open).find(' ') != std::string_view::npos;
    kept += sentence.substr(0, is_message ? open : close + 1);
    sentence.remove_prefix(close + 1);
  }
  return kept + std::string(sentence);
}

// A question asks in its last clause ("my server has 4 Tesla K80, can I use them?"), unless it begins as one. Empty:
// all of it is asked.
std::string_view told_before_question(std::string_view sentence) {
  constexpr auto kAsking = std::to_array<std::string_view>(
      {"is ",  "are ",   "am ",   "was ",   "do ",  "does ", "did ", "can ", "may ", "has ", "have ", "how ", "what",
       "why ", "which ", "when ", "where ", "who ", "any",   "so ",  "and ", "but ", "or ",  "hi",    "hey"});
  sentence = trim(sentence);
  if (!sentence.ends_with('?')) return sentence;
  constexpr std::size_t kFirstWord = 8;
  const std::string start = to_lower(sentence.substr(0, kFirstWord));
  const auto begins = [&](std::string_view asking) { return start.starts_with(asking); };
  const std::size_t comma = sentence.rfind(", ");
  const bool is_all = comma == std::string_view::npos || std::any_of(kAsking.begin(), kAsking.end(), begins);
  return is_all ? std::string_view() : sentence.substr(0, comma);
}
}  // namespace

void note_in_passing(std::string_view sentence, const TextLine& line, SpokenMachine& spoken) {
  const SpokenWords words = split_words(sentence);
  std::vector<Named> found;
  find_gpus(words, line.number, spoken, found);
  find_drivers(words, spoken, found);
  find_releases(words, spoken, found);
  if (found.empty()) return;
  const std::string_view told_part = told_before_question(sentence);
  const std::string lower = " " + to_lower(without_messages(without_tag(told_part))) + " ";
  // Of a list, or behind a line's number; "- Fix a crash on Tesla V100" is what a release did.
  const bool is_listed = is_digit(sentence.front()) || is_of_changes(sentence);
  // "Tested on an RTX 3090" is of whoever wrote the program, unless somebody says that it was they.
  constexpr auto kOwn = std::to_array<std::string_view>({" i ", " i'", " my ", " we ", "same "});
  const bool is_claim = (has(lower, "tested on") || has(lower, "tested with")) && !says_any(lower, kOwn);
  const bool is_doubtful = line.is_quoted || is_listed || is_claim || says_any(lower, kDoubts);
  const std::size_t told_words = split_words(told_part).size();
  const bool is_changing = says_any(lower, kChanges);
  for (const Named& named : found) {
    // A title that asks neither tells of a machine nor casts doubt on what stands below it.
    if (sentence.starts_with("# ") && named.at >= told_words) continue;
    SpokenMachine::Told& told = *named.told;
    tell_spoken(told, named.value, line.number, named.count);
    const bool is_of_package = named.told != &spoken.gpu_in_passing && named.told != &spoken.driver_in_passing;
    const bool is_asked = is_of_package && named.may_change && has(lower, "install") && !has(lower, "-installed");
    told.is_doubtful = told.is_doubtful || is_doubtful || named.is_key || named.at >= told_words || is_asked ||
                       (named.may_change && is_changing);
  }
}

}  // namespace varve
