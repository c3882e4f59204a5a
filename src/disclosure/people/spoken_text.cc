// What somebody tells of their own machine in sentences:
//   I have an RTX 3090 with driver 535.104.05 and PyTorch 2.1.0.
//   I'm using a GeForce RTX 3050 Mobile gpu.         On my old Tesla K80 it does nothing.
//   I run it on a laptop with an RTX 5080.          My GPU is P100*4, driver is 510.39.01, ubuntu18.04
// Only the first person, only what is: no sentence that asks, supposes, denies, advises or tells of somebody else, none
// that is quoted, none between fences. Between "I have" and the product stand words that add nothing. That one machine
// is spoken of, and that no table says otherwise, is settled when the text has ended (spoken_machine.cc).
#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/lines/written_products.h"
#include "disclosure/lines/written_systems.h"
#include "disclosure/people/inventory_text.h"
#include "disclosure/people/named_in_passing.h"
#include "disclosure/people/own_clauses.h"
#include "disclosure/people/spoken_kernel.h"
#include "disclosure/people/spoken_products.h"
#include "disclosure/people/spoken_title.h"
#include "disclosure/people/written_keys.h"
#include "disclosure/people/written_values.h"
#include "disclosure/readers/readers.h"

namespace varve {

namespace {
constexpr std::size_t kMostSpokenLine = 1200;
constexpr std::int64_t kMostSpokenLines = 2000;
constexpr std::size_t kMostFencedItem = 24;  // "RTX 3080 12gb", and nothing else, in a fence

// How somebody begins to tell of what is theirs.
constexpr auto kOwners = std::to_array<std::string_view>({"i have ",
                                                          "i've got ",
                                                          "i am using ",
                                                          "i'm using ",
                                                          "im using ",
                                                          "i use ",
                                                          "i am on ",
                                                          "i'm on ",
                                                          "i own ",
                                                          "i am running ",
                                                          "i'm running ",
                                                          "we have ",
                                                          "we are using ",
                                                          "we use ",
                                                          "my gpu is ",
                                                          "my gpu: ",
                                                          "my card is ",
                                                          "my graphics card is ",
                                                          "my machine has ",
                                                          "my pc has ",
                                                          "my laptop has ",
                                                          "my computer has ",
                                                          "my server has ",
                                                          "my workstation has ",
                                                          "my system has ",
                                                          "on my ",
                                                          "with my ",
                                                          "using my ",
                                                          "i installed ",
                                                          "i've installed ",
                                                          "my card: ",
                                                          "my os is ",
                                                          "my platform is ",
                                                          "my setup is ",
                                                          "my setup: ",
                                                          "my system is ",
                                                          "my machine is ",
                                                          "my driver is ",
                                                          "this server has ",
                                                          "this machine has ",
                                                          "this system has ",
                                                          "this system is running ",
                                                          "both systems have ",
                                                          "our server has ",
                                                          "our machine has ",
                                                          "we're using ",
                                                          "we are running ",
                                                          "my "});
// The same where another word of the sentence is the first person.
constexpr auto kPlaces = std::to_array<std::string_view>(
    {"laptop with ", "system with ", "machine with ", "server with ", "pc with ", "desktop with ", "workstation with ",
     "computer with ", "equipped with ", "vm with ", "and has a ", "that has a ", "which has a ", "graphic card ",
     "graphics card ", "with gpu ", "and installed ", "have installed "});
constexpr auto kFirstPersons =
    std::to_array<std::string_view>({" i ", " i'm ", " im ", " i've ", " my ", " we ", " our ", " we're "});
// How a sentence begins that leaves the first person out.
constexpr auto kElided = std::to_array<std::string_view>({" using ", " running on ", " running ", " im using "});
// What may stand before the product.
constexpr auto kFillers = std::to_array<std::string_view>(
    {"a",           "an",     "the",      "one",      "my",      "our",     "single",   "old",     "older",    "new",
     "brand-new",   "very",   "pretty",   "physical", "pc",      "laptop",  "desktop",  "machine", "computer", "server",
     "workstation", "system", "box",      "rig",      "node",    "with",    "having",   "has",     "nvidia",   "gpu",
     "is",          "os",     "platform", "vm",       "proxmox", "passing", "hardware", "setup",   "graphic",  "on",
     "gpus",        "card",   "graphics", "which",    "built",   "in",      "inside",   "and",     "it",       "this",
     "equipped",    "called", "windows",  "ubuntu",   "linux",   "dual",    "two",      "video",   "external"});
// Sentences that say nothing of what is there.
constexpr auto kOpenWords = std::to_array<std::string_view>(
    {"if ",     "would",   "could",         "should",    "want",      "wish",       "plan",         "consider",
     "buy",     "purchas", "going to",      "gonna",     "will ",     "thinking",   "suppose ",     "supposing",
     "imagin",  "whether", "recommend",     "suggest",   "advis",     "example",    "e.g",          "i.e",
     "do i ",   "can i ",  "when i ",       "once ",     "until",     "n't",        " not ",        " no ",
     "never",   "without", " nor ",         "used to",   " had ",     "previous",   "before",       "formerly",
     "another", "other",   "friend",        "colleague", "customer",  "client",     "someone",      "somebody",
     " he ",    " she ",   " they ",        "people",    "seen ",     "heard",      " read ",       "noticed",
     "instead", "unlike",  "where it work", "worked on", "works on",  "same issue", "same problem", "same error",
     "sold",    "return",  "test",          "tried",     "try ",      "switch",     "upgrade",      "downgrade",
     "updat",   "from ",   "between",       "compar",    " vs",       "versus",     " or ",         "need",
     "requir",  "latest",  "minimum",       "at least",  "access to", " rent",      "cloud",        "wrote",
     "said",    "says",    "asked",         " then ",    "first",     "again",      "reinstall",    "re-install"});

// Of what is only thought of.
constexpr auto kMaybe =
    std::to_array<std::string_view>({" if ", "should", "would", "could", "?", " will ", " may ", " maybe ", "anyone"});

class SpokenTextReader : public TextReader {
 public:
  const char* name() const override { return "told in the first person"; }
  void end() override { is_in_fence_ = !is_in_fence_; }
  bool take(const TextLine& line, Declared& declared) override {
    if (is_in_fence_ && !line.is_quoted && line.text.size() <= kMostFencedItem && is_brand(line.text)) {
      take_item(line.text, line.number, declared.spoken);
    }
    if (is_in_fence_ || line.text.empty() || line.number > kMostSpokenLines || foreign_.covers(line.text)) return false;
    const bool is_short = line.text.size() < 8 && !(line.text.size() == 7 && is_brand(line.text));  // "rtx3090"
    if (is_short || line.text.size() > kMostSpokenLine) return false;
    const auto any = [&](std::initializer_list<SoughtText> sought) {
      return std::any_of(sought.begin(), sought.end(), [&](const SoughtText& one) { return holds(line, one); });
    };
    if (!line.is_quoted && holds(line, "显卡")) tell_spoken_in_chinese(line.text, line.number, declared.spoken);
    const bool names = any({"RTX",   "GTX",        "Tesla", "esla ", "00",    "uadro",      "80",     "P4",    "T4",
                            "L4",    "itan",       "rtx",   "gtx",   "0ti",   "0Ti",        "GPU",    "gpu",   "etson",
                            "river", "ersion is ", "LLM ",  "Lang ", "lama ", "ersion of ", "vidia ", "VIDIA "});
    const bool is_title = line.number == 1 && line.text.starts_with("# ");
    const bool is_own = any({"I ", "I'", "y ", "We ", "we ", "i ", "im ", "Im ", "Using ", "Running ", "his server",
                             "his machine", "his system", "oth systems"}) ||
                        line.text.starts_with("using ") || line.text.starts_with("running ");
    const bool may_tell = names || is_own || is_title;
    const bool may_list = any({",", " and ", "、", "，", "|"}) && any({"uda", "UDA", "ython", "buntu", "river"});
    if (!may_tell && !may_list) return false;
    std::string_view rest = line.text;
    if (holds(line, "，") || holds(line, "。") || holds(line, "™")) {
      plain_ = with_plain_marks(line.text);
      replace_all(plain_, "。", ". ");
      rest = plain_;
    }
    if (names && !line.is_quoted) take_item(rest, line.number, declared.spoken);
    if (may_list && has(rest, "; ")) note_inventory(rest, line, declared.spoken);  // "Python 3.6.6; TensorFlow 1.11.0"
    if (is_title) tell_title(rest.substr(2), line.number, declared.spoken);
    while (!rest.empty()) {
      std::size_t end = rest.size();
      for (const std::string_view mark : {". ", "! ", "? ", "; "}) end = std::min(end, rest.find(mark));
      if (end < rest.size() && rest.substr(0, end).ends_with("e.g")) end = rest.size();
      const std::string_view sentence = rest.substr(0, std::min(end + 1, rest.size()));
      if (may_list) note_inventory(sentence, line, declared.spoken);
      if (may_tell) note_in_passing(sentence, line, declared.spoken);
      if (is_own && !line.is_quoted) take_sentence(sentence, line, declared.spoken);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;  // whoever else knows the line may have it
  }

 private:
  static void take_item(std::string_view text, std::int64_t line, SpokenMachine& spoken);
  static void take_sentence(std::string_view sentence, const TextLine& line, SpokenMachine& spoken);
  bool is_in_fence_ = false;
  ForeignLists foreign_;
  std::string plain_;
};

// Whether words up to this one add nothing: then what follows is what somebody has.
bool is_plain_until(const SpokenWords& words, std::size_t end) {
  constexpr auto kPlain =
      std::to_array<std::string_view>({"cuda", "version", "driver", "drivers", "toolkit", "installed", "lib"});
  return std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(end), [&](std::string_view word) {
    const std::string lower = to_lower(bare_word(word));
    return is_among(lower, kFillers) || is_among(lower, kPlain) || is_digit(lower.empty() ? ' ' : lower[0]) ||
           !spoken_package(lower).empty();
  });
}

// The driver's number: not more than three words behind the word, right before it, or behind the maker's name.
void take_spoken_driver(const SpokenWords& words, bool is_sure, std::int64_t line, SpokenMachine& spoken) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = to_lower(bare_word(words[i]));
    const bool is_driver = word == "driver" || word == "drivers";
    if ((!is_driver && word != "nvidia") || !(is_sure || is_plain_until(words, i))) continue;
    const std::size_t reach = is_driver ? 4 : 2;
    for (std::size_t j = i + 1; j < words.size() && j < i + reach; ++j) {
      const std::string_view number = driver_number(words[j]);
      if (!number.empty()) tell_spoken(spoken.driver, number, line);
    }
    const std::string_view before = is_driver && i > 0 ? driver_number(words[i - 1]) : std::string_view();
    if (!before.empty()) tell_spoken(spoken.driver, before, line);
  }
}

// "CUDA Toolkit 11.6" that somebody has, with or without "version" between.
void take_spoken_toolkit(const SpokenWords& words, bool is_sure, std::int64_t line, SpokenMachine& spoken) {
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const bool is_toolkit = to_lower(bare_word(words[i])) == "toolkit" && to_lower(bare_word(words[i - 1])) == "cuda";
    if (!is_toolkit || !(is_sure || is_plain_until(words, i))) continue;
    const std::size_t at = i + 2 < words.size() && to_lower(words[i + 1]) == "version" ? i + 2 : i + 1;
    const std::string_view release = bare_word(words[at]);
    const std::size_t dot = release.find('.');
    if (leading_version(release) != release || dot == std::string_view::npos || dot > 2) continue;
    tell_spoken(spoken.toolkit, release.substr(0, release.find('.', dot + 1)), line);
  }
}

void take_spoken_packages(const SpokenWords& words, bool is_sure, std::int64_t line, SpokenMachine& spoken) {
  constexpr auto kBetween = std::to_array<std::string_view>({"version", "is", "lib", "library", "at"});
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string tf(bare_word(words[i]));  // "TF1.15", "TF 2.10"
    const bool is_apart = tf.size() == 2 && i + 1 < words.size() && !is_mark_behind(words[i]);
    if (is_apart) tf += bare_word(words[i + 1]);
    if (const std::string_view release = release_of_tf(tf); !release.empty()) {
      if (is_sure || is_plain_until(words, i)) tell_spoken(spoken.packages["tensorflow"], release, line);
      continue;
    }
    const std::string name = i + 1 < words.size() ? spoken_package(bare_word(words[i])) : "";
    if (name.empty() || !(is_sure || is_plain_until(words, i))) continue;
    std::size_t at = i + 1;
    while (at + 1 < words.size() && at < i + 4 && is_among(to_lower(bare_word(words[at])), kBetween)) ++at;
    std::string_view version = bare_word(words[at]);
    if (version.starts_with('v')) version.remove_prefix(1);
    const bool is_whole = is_package_version(version) && version.find('.') != std::string_view::npos &&
                          version.find_first_of("xX") == std::string_view::npos;
    if (is_whole && version.find("..") == std::string_view::npos) tell_spoken(spoken.packages[name], version, line);
  }
}

// Systems that are named in what somebody tells of theirs; of a container it is another one.
void take_spoken_system(const SpokenWords& words, std::string_view lower, std::int64_t line, SpokenMachine& spoken) {
  std::string plain(lower);  // the tool that gives containers their GPUs is installed beside them
  for (const std::string_view tool : {"nvidia-container-toolkit", "container toolkit", "nvidia-container-runtime"}) {
    replace_all(plain, tool, "");
  }
  for (const std::string_view inside : {"docker", "container", "image", "guest"}) {
    if (has(plain, inside)) return;
  }
  const bool is_wsl = has(lower, "wsl");
  for (const std::string_view in : {" in wsl", " on wsl", " under wsl", " for wsl", " using wsl", " inside wsl"}) {
    if (is_wsl && spoken.wsl_line == 0 && has(lower, in)) spoken.wsl_line = line;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto system = system_at(words, i);
    // Under WSL what Windows is there runs beside it.
    if (system && !(is_wsl && system->name.starts_with("Windows"))) tell_system(spoken.system, system->name, line);
  }
}

// "3090 + 3060": two numbers of GPUs, joined, are no amounts.
bool is_joined_number(const SpokenWords& words, std::size_t at) {
  if (at + 2 >= words.size() || (words[at + 1] != "+" && words[at + 1] != "and" && words[at + 1] != "&")) return false;
  return numbered_product_at(words, at + 2, true) || spoken_product_at(words, at + 2);
}

// The products behind "I have", with how many there are: "a GTX 1080 and a GTX 1060".
bool take_owned(const SpokenWords& after, bool is_of_gpu, std::int64_t line, SpokenMachine& spoken) {
  std::int64_t count = 1;
  bool any = false;
  for (std::size_t i = 0; i < after.size(); ++i) {
    auto product = spoken_product_at(after, i);
    if (!product) product = numbered_product_at(after, i, is_of_gpu || is_joined_number(after, i));
    if (product) {
      const std::string model = clean_utf8(product->name, 96);
      spoken.named.emplace(plain_name(model), line);
      const std::int64_t number = std::max(count, product->count);
      if (any) {
        tell_beside(spoken, model, number);
      } else {
        tell_spoken(spoken.gpu, model, line, number);
      }
      any = is_of_gpu = true;  // "3x RTX 3090 and one 4090"
      count = 1;
      i += product->words - 1;
      const bool goes_on =
          i + 1 < after.size() && (after[i + 1] == "and" || after[i + 1] == "&" || after[i + 1] == "+");
      if (!goes_on) return true;
      ++i;
      continue;
    }
    if (const auto system = system_at(after, i)) {
      i += system->words - 1;
      continue;
    }
    const std::string word = to_lower(bare_word(after[i]));
    const auto number = leading_number(word);
    const bool is_count = number && *number > 0 && *number < 17 &&
                          (word == std::to_string(*number) || word == std::to_string(*number) + "x");
    if (word == "two" || word == "dual") count = 2;
    if (is_count) count = *number;
    is_of_gpu = is_of_gpu || word == "gpu" || word == "card" || word == "nvidia";
    if (!is_count && word != "x" && word != "-" && !word.empty() && !is_among(word, kFillers)) return any;
  }
  return any;
}

// "- RTX 5090", "Nvidia 1660ti": an item, or a line, that is a product and nothing else.
void SpokenTextReader::take_item(std::string_view text, std::int64_t line, SpokenMachine& spoken) {
  text = trim(without_list_marks(text));
  if (text.size() < 3 || text.size() > 40 || has(text, ":")) return;
  const SpokenWords words = split_words(text);
  const std::size_t begin = words.size() > 1 && to_lower(words[0]) == "nvidia" ? 1 : 0;
  auto product = spoken_product_at(words, begin);
  if (!product) product = numbered_product_at(words, begin, begin == 1);
  if (!product) return;
  std::size_t end = begin + product->words;
  const auto is_memory = [](std::string_view word) {
    const std::string unit = to_lower(word.substr(std::min(word.find_first_not_of("0123456789"), word.size())));
    return is_digit(word[0]) && (unit == "gb" || unit == "g");
  };
  while (end < words.size() &&
         (to_lower(words[end]) == "gpu" || words[end].starts_with('(') || is_memory(words[end]))) {
    ++end;
  }
  if (end < words.size()) return;
  spoken.named.emplace(plain_name(product->name), line);
  tell_spoken(spoken.gpu, clean_utf8(product->name, 96), line, product->count);
}

// "After the upgrade to NVIDIA driver version 590.48.01 the screen is black": that one is there now.
void take_after_update(std::string_view sentence, std::string_view lower, std::int64_t line, SpokenMachine& spoken) {
  constexpr auto kBetween =
      std::to_array<std::string_view>({"the", "latest", "new", "nvidia", "driver", "drivers", "version", "to"});
  const bool is_after = has(lower, " after ") && (has(lower, "upgrad") || has(lower, "updat")) && has(lower, "driver");
  if (!is_after || says_any(lower, kMaybe)) return;
  const SpokenWords words = split_words(sentence);
  bool is_behind = false;
  for (const std::string_view word : words) {
    const std::string plain = to_lower(bare_word(word));
    if (is_behind && !driver_number(word).empty()) tell_spoken(spoken.driver, driver_number(word), line);
    if (is_behind && !is_among(plain, kBetween)) return;
    is_behind = is_behind || plain == "to";
  }
}

void SpokenTextReader::take_sentence(std::string_view sentence, const TextLine& line, SpokenMachine& spoken) {
  if (sentence.size() < 8) return;
  const std::string lower = " " + to_lower(trim(sentence)) + " ";
  if (const SpokenProduct run = own_run(sentence); !run.name.empty()) {
    const std::string model = clean_utf8(run.name, 96);
    spoken.named.emplace(plain_name(model), line.number);
    tell_spoken(spoken.gpu, model, line.number, run.count);
  }
  take_after_update(sentence, lower, line.number, spoken);
  if (says_any(lower, kOpenWords)) {
    const std::string_view own = own_clause(sentence);
    if (!own.empty() && own.size() < trim(sentence).size()) take_sentence(own, line, spoken);
    tell_possessed(sentence, line.number, spoken);
    return;
  }
  const bool is_question = trim(sentence).ends_with('?');
  std::vector<std::size_t> taken;  // "with my " and "my " end at one place
  const auto take_behind = [&](std::size_t end, bool is_of_gpu) {
    if (std::find(taken.begin(), taken.end(), end) != taken.end()) return;
    taken.push_back(end);
    const SpokenWords after = split_words(trim(sentence).substr(std::min(end - 1, trim(sentence).size())));
    const bool has_gpu = take_owned(after, is_of_gpu, line.number, spoken);
    take_spoken_driver(after, has_gpu, line.number, spoken);
    take_spoken_packages(after, has_gpu, line.number, spoken);
    take_spoken_toolkit(after, has_gpu, line.number, spoken);
    take_spoken_system(after, lower, line.number, spoken);
    take_spoken_kernel(after, lower, line.number, spoken);
    spoken.is_of_conda = spoken.is_of_conda || has(lower, "conda");
  };
  for (const std::string_view owner : kOwners) {
    const std::size_t found = lower.find(owner);
    const bool is_word =
        found != std::string::npos && (lower[found - 1] == ' ' || lower[found - 1] == ',' || lower[found - 1] == '(');
    if (!is_word || (is_question && found > 2)) continue;
    take_behind(found + owner.size(), has(owner, "gpu") || has(owner, "card"));
  }
  if (is_question) return;
  const SpokenWords words = split_words(sentence);
  if (words.size() > 3 && words[1] == "version" && words[2] == "is" && !spoken_package(words[0]).empty()) {
    take_spoken_packages(words, false, line.number, spoken);  // "Pytorch version is 2.0.1"
  }
  // "The version of Pytorch is 0.4.0"
  if (words.size() > 4 && to_lower(words[0]) == "the" && words[1] == "version" && words[2] == "of" &&
      words[4] == "is") {
    take_spoken_packages(SpokenWords(words.begin() + 3, words.end()), false, line.number, spoken);
  }
  for (const std::string_view start : kElided) {
    if (lower.starts_with(start) && !has(lower, " you") && !has(lower, " the ")) take_behind(start.size(), false);
  }
  if (!says_any(lower, kFirstPersons)) return;
  for (const std::string_view place : kPlaces) {
    if (const std::size_t found = lower.find(place); found != std::string::npos) {
      take_behind(found + place.size(), has(place, "card") || has(place, "gpu"));
    }
  }
}
}  // namespace

std::unique_ptr<TextReader> spoken_text_reader() { return std::make_unique<SpokenTextReader>(); }

}  // namespace varve
