// What a sentence says at its start holds, whatever it goes on to ask:
//   I have a GTX 1650 Super, which does have CUDA cores, and I have installed the drivers, but it says I don't.
// What it says at its end holds too, unless it began with a condition:
//   I have tried to check all my config, I am running ubuntu 22.04 on WSL2.
// Whoever says "my" of a GPU has it, whatever else the sentence denies or tells of updates:
//   After I installed the driver my PC does not see my RTX 3070
#include "disclosure/people/own_clauses.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/people/spoken_products.h"

namespace varve {

namespace {
constexpr auto kFirstClauses = std::to_array<std::string_view>(
    {"i have a ", "i have an ", "i have one ", "i have two ", "i've got a", "i am using ", "i'm using ", "im using ",
     "i am running ", "i'm running ", "we have a ", "we have two ", "my gpu is ", "my graphics card is ", "my card is ",
     "i'm on a ", "i am on a ", "i also have a "});
// How a first clause ends.
constexpr auto kClauseEnds =
    std::to_array<std::string_view>({", ", " but ", " and it", " and the ", " and i ", " and nothing ", " and can"});
constexpr auto kLastClauses =
    std::to_array<std::string_view>({" i am running ", " i'm running ", " i am using ", " i'm using ", " i am on ",
                                     " i'm on ", " my gpu is ", " my os is "});
// What "my" does not hold against: what is supposed, what was, what is somebody else's, what is to come.
constexpr auto kNotMine = std::to_array<std::string_view>(
    {" if ",   "would",   "could",      "should",    "wish",     "suppos",     "imagin",  "unless", " old",
     "sold",   "return",  "used to",    " had ",     "previous", "former",     "replac",  "swap",   "upgrade",
     "friend", "other",   "brother",    "colleague", "customer", "arriv",      "deliver", "order",  "buy",
     "bought", "purchas", "when i get", "once ",     "unlike",   "instead of", "compar",  " than ", "before",
     "broke",  "died",    "rma",        "next ",     "works ",   "worked "});
// Words between "my" and the product.
constexpr auto kBeforeMine = std::to_array<std::string_view>(
    {"nvidia",   "geforce", "gpu",   "gpus",   "card",   "graphics", "laptop", "laptop's",
     "desktop",  "own",     "local", "gaming", "msi",    "asus",     "evga",   "zotac",
     "gigabyte", "palit",   "dell",  "lenovo", "single", "mobile",   "g1",     "external"});

constexpr auto kClauseConditions =
    std::to_array<std::string_view>({" if ", "would", "could", "should", "when", "once ", "suppos", "imagin", "wish",
                                     "want", "unless", "whether", "assum", "until", "like "});

// "我的显卡是3070ti": mine is …
constexpr auto kChineseOwners = std::to_array<std::string_view>({"我的显卡是", "我的显卡为", "我的显卡型号是"});
// If, suppose, want, for example.
constexpr auto kChineseSupposed = std::to_array<std::string_view>(
    {"如果", "假如", "假设", "假若", "要是", "若", "倘", "想", "以为", "不知道", "例如", "比如", "譬如", "假定"});
// Whether, or, and up, once was.
constexpr auto kChineseOpenEnds = std::to_array<std::string_view>(
    {"吗", "嘛", "么", "还是", "或", "以上", "以下", "级", "系列", "的时候", "时", "的话"});
// "My Nvidia GPU is GTX960 should be able to …": up to the end of the product, whatever follows.
std::string_view own_product(std::string_view sentence, std::string_view lower) {
  constexpr auto kOwnGpu = std::to_array<std::string_view>(
      {"my gpu is ", "my nvidia gpu is ", "my graphics card is ", "my graphic card is ", "my card is "});
  const bool is_own =
      std::any_of(kOwnGpu.begin(), kOwnGpu.end(), [&](std::string_view start) { return lower.starts_with(start); });
  if (!is_own || lower.ends_with('?')) return {};
  const SpokenWords words = split_words(sentence);
  for (std::size_t i = 3; i < words.size() && i < 8; ++i) {
    const std::string before = to_lower(words[i - 1]);
    if (before == "not" || before == "like" || before == "no") return {};
    const auto product = spoken_product_at(words, i);
    if (!product) continue;
    const std::string_view last = words[i + product->words - 1];
    return sentence.substr(0, static_cast<std::size_t>(last.data() + last.size() - sentence.data()));
  }
  return {};
}
}  // namespace

std::string_view own_clause(std::string_view sentence) {
  sentence = trim(sentence);
  const std::string lower = to_lower(sentence);
  if (const std::string_view own = own_product(sentence, lower); !own.empty()) return own;
  const auto begins = [&](std::string_view start) { return lower.starts_with(start); };
  std::size_t end = std::string::npos;
  for (const std::string_view mark : kClauseEnds) end = std::min(end, lower.find(mark));
  if (std::any_of(kFirstClauses.begin(), kFirstClauses.end(), begins)) {
    return end == std::string::npos ? std::string_view() : sentence.substr(0, end);
  }
  if (lower.ends_with('?') || lower.find(", ") == std::string::npos) return {};
  for (const std::string_view start : kLastClauses) {
    const std::size_t at = lower.rfind(start);
    if (at == std::string::npos || !trim(lower.substr(0, at)).ends_with(',')) continue;
    if (!says_any(" " + lower.substr(0, at), kClauseConditions)) return sentence.substr(at + 1);
  }
  return {};
}

std::string_view without_title_tag(std::string_view title) {
  constexpr std::size_t kMostTag = 32;
  const std::size_t end = title.starts_with('[') ? title.find(']') : std::string_view::npos;
  if (end == std::string_view::npos || end > kMostTag) return title;
  if (title.substr(0, end).find_first_of("0123456789") != std::string_view::npos) return title;  // "[On Windows 10]"
  title.remove_prefix(end + 1);
  if (title.starts_with(':')) title.remove_prefix(1);
  return trim(title);
}

SpokenProduct own_run(std::string_view sentence) {
  constexpr auto kRuns = std::to_array<std::string_view>({" i am running ",
                                                          " i'm running ",
                                                          " i ran ",
                                                          " i run ",
                                                          " i deployed ",
                                                          " i am deploying ",
                                                          " i'm deploying ",
                                                          " i launched ",
                                                          " i am training ",
                                                          " i'm training ",
                                                          " i trained ",
                                                          " i am serving ",
                                                          " i'm serving ",
                                                          " i tested ",
                                                          " i tried to deploy ",
                                                          " i tried to run ",
                                                          " i tried to load ",
                                                          " i am trying to run ",
                                                          " i'm trying to run ",
                                                          " i'm trying to deploy ",
                                                          " i am trying to deploy ",
                                                          " i am using ",
                                                          " i'm using "});
  constexpr auto kRunDoubts = std::to_array<std::string_view>(
      {"another", "other",  " also ", " both ",  " or ",      "would",    "should", "could",   "if ",     "want",
       "can i",   "wonder", "plan",   "possib",  "works",     "worked",   " fine",  "compar",  " vs",     " than ",
       "instead", "before", "previo", " rent",   "?",         "same ",    "friend", "without", "n't use", "not use",
       "as well", "each ",  "also",   "various", "different", "multiple", "some ",  "until",   "whether", " node"});
  const std::string lower = " " + to_lower(trim(sentence)) + " ";
  if (!says_any(lower, kRuns) || says_any(lower, kRunDoubts)) return {};
  constexpr auto kArticles =
      std::to_array<std::string_view>({"a", "an", "the", "my", "our", "one", "single", "nvidia"});
  constexpr auto kCounts = std::to_array<std::string_view>({"", "", "two", "three", "four", "", "six", "", "eight"});
  const SpokenWords words = split_words(sentence);
  SpokenProduct found;
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto product = spoken_product_at(words, i);
    if (!product) continue;
    if (!found.name.empty()) return {};  // of two, which of them is not told
    std::size_t before = i - 1;
    while (before > 0 && is_among(to_lower(words[before]), kArticles)) --before;
    const std::string number = to_lower(words[before]);
    const auto* const counted = std::find(kCounts.begin() + 2, kCounts.end(), number);
    const auto digits = parse_integer(number.ends_with('x') ? number.substr(0, number.size() - 1) : number);
    constexpr std::int64_t kMostGpus = 16;
    if (counted != kCounts.end() && !counted->empty()) product->count = counted - kCounts.begin();
    if (digits && *digits > 0 && *digits <= kMostGpus) product->count = *digits;
    const bool is_number = (counted != kCounts.end() && !counted->empty()) || digits.has_value();
    if (is_number && before > 0) --before;
    if (to_lower(words[before]) != "on") return {};
    found = std::move(*product);
    i += found.words - 1;
  }
  return found;
}

void tell_possessed(std::string_view sentence, std::int64_t line, SpokenMachine& spoken) {
  const std::string lower = " " + to_lower(trim(sentence)) + " ";
  if (lower.find(" my ") == std::string::npos || says_any(lower, kNotMine)) return;
  const SpokenWords words = split_words(sentence);
  constexpr std::size_t kReach = 4;  // words between "my" and the product
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (to_lower(words[i]) != "my") continue;
    for (std::size_t at = i + 1; at < words.size() && at < i + kReach; ++at) {
      auto product = spoken_product_at(words, at);
      if (!product) product = numbered_product_at(words, at, to_lower(words[at - 1]) == "nvidia");
      if (product) {
        spoken.named.emplace(plain_name(product->name), line);
        tell_spoken(spoken.gpu, product->name, line, product->count);
        return;
      }
      if (!is_among(to_lower(words[at]), kBeforeMine)) break;
    }
  }
}

void tell_spoken_in_chinese(std::string_view text, std::int64_t line, SpokenMachine& spoken) {
  for (const std::string_view owner : kChineseOwners) {
    const std::size_t at = text.find(owner);
    if (at == std::string_view::npos || says_any(text.substr(0, at), kChineseSupposed)) continue;
    const std::string_view rest = trim(text.substr(at + owner.size()));
    const std::string_view ascii = plain_product(rest);  // up to the next character of Chinese
    const std::string_view behind = trim(rest.substr(ascii.size()));
    const auto begins = [&](std::string_view end) { return behind.starts_with(end); };
    if (std::any_of(kChineseOpenEnds.begin(), kChineseOpenEnds.end(), begins)) continue;
    const std::string_view written = trim(up_to(ascii, ",;"));
    std::string name = numbered_geforce(written);
    if (name.empty() && written_product(written)) name = written;
    if (name.empty()) continue;
    spoken.named.emplace(plain_name(name), line);
    tell_spoken(spoken.gpu, name, line);
    return;
  }
}

}  // namespace varve
