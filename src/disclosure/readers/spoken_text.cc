// What somebody tells of their own machine in sentences:
//   I have an RTX 3090 with driver 535.104.05 and PyTorch 2.1.0.
//   I'm using a GeForce RTX 3050 Mobile gpu.         On my old Tesla K80 it does nothing.
// Only the first person, only what is: no sentence that asks, supposes, denies, advises or tells of somebody else, none
// that is quoted, none between fences. Between "I have" and the product stand words that add nothing. That one machine
// is spoken of, and that no table says otherwise, is settled when the text has ended (spoken_machine.cc).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostSpokenLine = 1200;
constexpr std::int64_t kMostSpokenLines = 2000;

using SpokenWords = std::vector<std::string_view>;

template <std::size_t N>
bool is_among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <std::size_t N>
bool says_any(std::string_view text, const std::array<std::string_view, N>& marks) {
  return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return has(text, mark); });
}

// How somebody begins to tell of what is theirs.
constexpr auto kOwners = std::to_array<std::string_view>(
    {"i have ",         "i've got ",  "i am using ",    "i'm using ",       "im using ",      "i use ",
     "i am on ",        "i'm on ",    "i own ",         "i am running ",    "i'm running ",   "we have ",
     "we are using ",   "we use ",    "my gpu is ",     "my gpu: ",         "my card is ",    "my graphics card is ",
     "my machine has ", "my pc has ", "my laptop has ", "my computer has ", "my server has ", "my workstation has ",
     "my system has ",  "on my ",     "with my ",       "using my ",        "i installed ",   "i've installed "});
// What may stand before the product.
constexpr auto kFillers = std::to_array<std::string_view>(
    {"a",           "an",     "the",      "one",      "my",    "our",    "single",  "old",     "older",    "new",
     "brand-new",   "very",   "pretty",   "physical", "pc",    "laptop", "desktop", "machine", "computer", "server",
     "workstation", "system", "box",      "rig",      "node",  "with",   "having",  "has",     "nvidia",   "gpu",
     "gpus",        "card",   "graphics", "which",    "built", "in",     "inside",  "and",     "it",       "this",
     "equipped",    "called", "windows",  "ubuntu",   "linux", "dual",   "two"});
// Sentences that say nothing of what is there.
constexpr auto kOpenWords = std::to_array<std::string_view>(
    {"if ",     "would",         "could",     "should",    "want",       "wish",         "plan",       "consider",
     "buy",     "purchas",       "going to",  "gonna",     "will ",      "thinking",     "suppos",     "imagin",
     "whether", "recommend",     "suggest",   "advis",     "example",    "e.g",          "i.e",        "do i ",
     "can i ",  "when i ",       "once ",     "until",     "n't",        " not ",        " no ",       "never",
     "without", " nor ",         "used to",   " had ",     "previous",   "before",       "formerly",   "another",
     "other",   "friend",        "colleague", "customer",  "client",     "someone",      "somebody",   " he ",
     " she ",   " they ",        "people",    "seen ",     "heard",      " read ",       "noticed",    "instead",
     "unlike",  "where it work", "worked on", "works on",  "same issue", "same problem", "same error", "sold",
     "return",  "test",          "tried",     "try ",      "switch",     "upgrade",      "downgrade",  "updat",
     "from ",   "between",       "compar",    " vs",       "versus",     " or ",         "need",       "requir",
     "latest",  "minimum",       "at least",  "access to", " rent",      "cloud",        "wrote",      "said",
     "says",    "asked",         " then ",    "first",     "again",      "reinstall",    "re-install"});

std::string_view bare_word(std::string_view word) {
  constexpr std::string_view kMarks = "()[],.;:!?\"'`*";
  while (!word.empty() && kMarks.find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  while (!word.empty() && kMarks.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return word;
}

// The product that begins at a word, in as many words as it has: "RTX", "3090", "Ti".
struct SpokenProduct {
  std::string name;
  std::size_t words = 0;
};
std::optional<SpokenProduct> spoken_product_at(const SpokenWords& words, std::size_t at) {
  constexpr auto kParts =
      std::to_array<std::string_view>({"geforce", "rtx", "gtx", "tesla", "quadro", "titan", "nvidia"});
  constexpr auto kEnds = std::to_array<std::string_view>(
      {"ti", "super", "mobile", "laptop", "max-q", "ada", "generation", "pcie", "sxm", "sxm2", "sxm4", "sxm5", "xp"});
  if (!is_brand(bare_word(words[at])) || to_lower(bare_word(words[at])) == "nvidia") return std::nullopt;
  std::optional<SpokenProduct> longest;
  std::string name;
  bool has_number = false;
  for (std::size_t i = at; i < words.size(); ++i) {
    const std::string_view word = bare_word(words[i]);
    const std::string lower = to_lower(word);
    const bool is_number = !has_number && word.find_first_of("0123456789") != std::string_view::npos &&
                           word.find('.') == std::string_view::npos;
    if (word.empty() || !(is_number || is_among(lower, kParts) || is_among(lower, kEnds))) break;
    has_number = has_number || is_number;
    name += (i == at ? "" : " ") + std::string(word);
    if (written_product(name)) longest = SpokenProduct{name, i - at + 1};
    if (word.data() + word.size() != words[i].data() + words[i].size()) break;  // a mark ends it
  }
  return longest;
}

// "NVIDIA GeForce RTX 3090" and "rtx 3090" are one.
std::string plain_name(const std::string& product) {
  std::string name = to_lower(product);
  for (const std::string_view maker : {"geforce ", "tesla ", "quadro "}) {
    if (name.starts_with(maker)) name.erase(0, maker.size());
  }
  return name;
}

// "535.104.05": a branch of three digits and something behind it.
bool is_driver_number(std::string_view word) {
  return word.size() >= 5 && word.size() <= 12 && leading_version(word) == word && word.find('.') == 3;
}

class SpokenTextReader : public TextReader {
 public:
  const char* name() const override { return "told in the first person"; }
  void end() override { is_in_fence_ = !is_in_fence_; }
  bool take(const TextLine& line, Declared& declared) override {
    if (is_in_fence_ || line.text.size() < 12 || line.text.size() > kMostSpokenLine || line.number > kMostSpokenLines)
      return false;
    const bool names = holds(line, "RTX") || holds(line, "GTX") || holds(line, "Tesla") || holds(line, "esla ") ||
                       holds(line, "00") || holds(line, "uadro") || holds(line, "80") || holds(line, "P4") ||
                       holds(line, "T4") || holds(line, "L4") || holds(line, "itan") || holds(line, "rtx") ||
                       holds(line, "gtx");
    const bool is_own = holds(line, "I ") || holds(line, "I'") || holds(line, "y ") || holds(line, "We ") ||
                        holds(line, "we ") || holds(line, "i ");
    if (!names && !is_own) return false;
    std::string_view rest = line.text;
    while (!rest.empty()) {
      std::size_t end = rest.size();
      for (const std::string_view mark : {". ", "! ", "? ", "; "}) end = std::min(end, rest.find(mark));
      const std::string_view sentence = rest.substr(0, std::min(end + 1, rest.size()));
      take_sentence(sentence, is_own && !line.is_quoted, line, declared.spoken);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;  // whoever else knows the line may have it
  }

 private:
  static void take_sentence(std::string_view sentence, bool may_be_own, const TextLine& line, SpokenMachine& spoken);
  bool is_in_fence_ = false;
};

void tell_spoken(SpokenMachine::Told& told, std::string_view value, std::int64_t line, std::int64_t count = 1) {
  if (told.line != 0 && told.value != value) told.is_several = true;
  if (told.line == 0) told = {std::string(value), line, count, told.is_several};
}

// Whether words up to this one add nothing: then what follows is what somebody has.
bool is_plain_until(const SpokenWords& words, std::size_t end) {
  constexpr auto kPlain =
      std::to_array<std::string_view>({"cuda", "version", "driver", "drivers", "toolkit", "installed"});
  return std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(end), [&](std::string_view word) {
    const std::string lower = to_lower(bare_word(word));
    return is_among(lower, kFillers) || is_among(lower, kPlain) || is_digit(lower.empty() ? ' ' : lower[0]);
  });
}

// The driver's number, not more than three words behind the word.
void take_spoken_driver(const SpokenWords& words, bool is_sure, std::int64_t line, SpokenMachine& spoken) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = to_lower(bare_word(words[i]));
    if ((word != "driver" && word != "drivers") || !(is_sure || is_plain_until(words, i))) continue;
    for (std::size_t j = i + 1; j < words.size() && j < i + 4; ++j) {
      if (is_driver_number(bare_word(words[j]))) tell_spoken(spoken.driver, bare_word(words[j]), line);
    }
  }
}

void take_spoken_packages(const SpokenWords& words, bool is_sure, std::int64_t line, SpokenMachine& spoken) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"torch", "pytorch", "tensorflow", "jax", "jaxlib", "vllm", "xformers", "onnxruntime-gpu", "bitsandbytes",
       "flash-attn", "paddlepaddle-gpu", "ctranslate2", "torchvision", "deepspeed", "python"});
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    std::string name = to_lower(bare_word(words[i]));
    if (!is_among(name, kNames) || !(is_sure || is_plain_until(words, i))) continue;
    if (name == "pytorch") name = "torch";
    const std::size_t at = i + 2 < words.size() && to_lower(bare_word(words[i + 1])) == "version" ? i + 2 : i + 1;
    std::string_view version = bare_word(words[at]);
    if (version.starts_with('v')) version.remove_prefix(1);
    const bool is_whole = is_package_version(version) && version.find('.') != std::string_view::npos &&
                          version.find_first_of("xX") == std::string_view::npos;
    if (is_whole && version.find("..") == std::string_view::npos) tell_spoken(spoken.packages[name], version, line);
  }
}

// The product behind "I have", with how many there are.
bool take_owned(const SpokenWords& after, std::int64_t line, SpokenMachine& spoken) {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (const auto product = spoken_product_at(after, i)) {
      tell_spoken(spoken.gpu, clean_utf8(product->name, 96), line, count);
      return true;
    }
    const std::string word = to_lower(bare_word(after[i]));
    const auto number = leading_number(word);
    const bool is_count = number && *number > 0 && *number < 17 &&
                          (word == std::to_string(*number) || word == std::to_string(*number) + "x");
    if (word == "two" || word == "dual") count = 2;
    if (is_count) count = *number;
    if (!is_count && word != "x" && !is_among(word, kFillers)) return false;
  }
  return false;
}

void SpokenTextReader::take_sentence(std::string_view sentence, bool may_be_own, const TextLine& line,
                                     SpokenMachine& spoken) {
  constexpr std::size_t kMostNamed = 16;
  const SpokenWords words = split_words(sentence);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto product = spoken_product_at(words, i);
    if (!product) continue;
    if (spoken.named.size() < kMostNamed) spoken.named.emplace(plain_name(product->name), line.number);
    i += product->words - 1;
  }
  if (!may_be_own || words.size() < 3) return;
  const std::string lower = " " + to_lower(sentence);
  if (says_any(lower, kOpenWords)) return;
  const bool is_question = trim(sentence).ends_with('?');
  for (const std::string_view owner : kOwners) {
    const std::size_t found = lower.find(owner);
    const bool is_word = found != std::string::npos && (lower[found - 1] == ' ' || lower[found - 1] == ',');
    if (!is_word || (is_question && found > 2)) continue;
    const SpokenWords after = split_words(sentence.substr(found - 1 + owner.size()));
    const bool has_gpu = take_owned(after, line.number, spoken);
    take_spoken_driver(after, has_gpu, line.number, spoken);
    take_spoken_packages(after, has_gpu, line.number, spoken);
    spoken.is_of_conda = spoken.is_of_conda || has(lower, "conda");
  }
}
}  // namespace

std::unique_ptr<TextReader> spoken_text_reader() { return std::make_unique<SpokenTextReader>(); }

}  // namespace varve
