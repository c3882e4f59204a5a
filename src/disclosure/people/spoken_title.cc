#include "disclosure/people/spoken_title.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/people/own_clauses.h"
#include "disclosure/people/spoken_kernel.h"
#include "disclosure/people/spoken_products.h"
#include "disclosure/people/written_values.h"

namespace varve {

namespace {
// Titles that say what fails, and those that ask for something.
constexpr auto kFailing = std::to_array<std::string_view>(
    {"fail",     "error",      "crash",     "bug",        "hang",         "doesn't", "does not",
     "not work", "not detect", "not using", "n't ",       "cannot",       "can not", "unable",
     "incompat", "broken",     "wrong",     "segfault",   "segmentation", "nan",     "not avail",
     "unavail",  "no kernel",  "stuck",     "freez",      "illegal",      "invalid", "out of memory",
     "oom",      "not found",  "slow",      "issue with", "issues with",  "problem"});
constexpr auto kAskingTitles = std::to_array<std::string_view>(
    {"support", "request", "feature", "[rfc",     "add ",     "would",     "when will", "how ",   "any plan",
     "roadmap", "which ",  "?",       "works ",   "work on",  "unlike",    " vs",       "compar", " or ",
     "only on", "but not", "except",  "reproduc", "reported", "and above", " than "});

// "torch 2.6.0": of a title only with a release's number behind the name.
void take_title_package(const SpokenWords& words, std::size_t at, std::int64_t line, SpokenMachine& spoken) {
  if (at + 1 >= words.size() || is_mark_behind(words[at])) return;
  std::string_view version = bare_word(words[at + 1]);
  if (version.starts_with('v')) version.remove_prefix(1);
  const bool is_release = is_package_version(version) && std::count(version.begin(), version.end(), '.') > 1 &&
                          version.find_first_of("xX") == std::string_view::npos;
  const std::string package = is_release ? spoken_package(bare_word(words[at])) : std::string();
  if (!package.empty()) tell_spoken(spoken.packages[package], version, line);
}

// "… with GT 1030 and Tesla P40", "Tesla P40 24G with Quadro M6000 24G …": another one beside the first.
// Behind which word it ends; 0: there is none.
std::size_t take_title_second(const SpokenWords& words, std::size_t at, std::int64_t line, SpokenMachine& spoken) {
  constexpr auto kJoints = std::to_array<std::string_view>({"and", "&", "+", "with"});
  const auto is_memory = [](std::string_view word) {
    return is_digit(word.front()) && std::string_view("gGB").find(word.back()) != std::string_view::npos;
  };
  while (at < words.size() && (is_memory(words[at]) || to_lower(words[at]) == "gpu")) ++at;
  if (at + 1 >= words.size() || !is_among(to_lower(words[at]), kJoints)) return 0;
  const std::size_t next = to_lower(words[at + 1]) == "a" && at + 2 < words.size() ? at + 2 : at + 1;
  const auto product = spoken_product_at(words, next);
  if (!product) return 0;
  const std::string model = clean_utf8(product->name, 96);
  spoken.named.emplace(plain_name(model), line);
  tell_beside(spoken, model, product->count);
  return next + product->words;
}
}  // namespace

void tell_title(std::string_view title, std::int64_t line, SpokenMachine& spoken) {
  std::string lower = " " + to_lower(title) + " ";  // with its tag: "[Bug]" says that something fails
  const bool has_tag = title.starts_with('[');
  title = without_title_tag(title);
  for (const std::string_view fails : {"n't work on ", "not work on ", "not working on "}) {
    replace_all(lower, fails, " fails on ");
  }
  if (!says_any(lower, kFailing) || says_any(lower, kAskingTitles)) return;
  const SpokenWords words = split_words(title);
  // What cannot be installed is not there.
  constexpr auto kInstalling =
      std::to_array<std::string_view>({"install", "build", "compil", "upgrad", "updat", "wheel"});
  const bool is_of_install = says_any(lower, kInstalling);
  constexpr auto kBefore = std::to_array<std::string_view>({"on", "with", "under", "in"});
  constexpr auto kArticles = std::to_array<std::string_view>(
      {"a", "an", "the", "nvidia", "gpu", "my", "vm", "gcp", "aws", "azure", "fresh", "clean"});
  take_spoken_kernel(words, lower, line, spoken);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((i > 0 || has_tag) && !is_of_install) take_title_package(words, i, line, spoken);
    std::size_t before = i == 0 ? 0 : i - 1;
    while (before > 0 && is_among(to_lower(words[before]), kArticles)) --before;
    if (i > 0 && !is_among(to_lower(words[before]), kBefore)) continue;  // at its start: "RTX 5090 crashes"
    if (const auto product = spoken_product_at(words, i)) {
      tell_spoken(spoken.gpu, product->name, line);
      const std::size_t end = take_title_second(words, i + product->words, line, spoken);
      if (end != 0) i = end - 1;
      if (end != 0) continue;
    }
    if (const auto system = system_at(words, i)) tell_system(spoken.system, system->name, line);
    const std::string word = to_lower(bare_word(words[i]));
    if ((word == "wsl" || word == "wsl2") && spoken.wsl_line == 0) spoken.wsl_line = line;
  }
}

}  // namespace varve
