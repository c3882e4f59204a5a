#include "tables/kernel_names.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <bitset>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "binary/elf/demangle.h"
#include "model/kernels/kernel_spelling.h"
#include "tables/table.h"

namespace varve {
namespace {

constexpr std::size_t kMostKept = 500'000;
constexpr std::size_t kLongestName = 1000;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // names are any bytes
  options.set_log_errors(false);
  return options;
}

// Texts of at least three small letters, of which a few at most stand in a name.
class Words {
 public:
  static constexpr std::size_t kShortest = 3;

  Words() = default;
  explicit Words(std::vector<std::string> words) : words_(std::move(words)), starts_(kPlaces + 1, 0) {
    for (const std::string& word : words_) {
      ++starts_[place_of(word) + 1];
      is_place_.set(place_of(word));
    }
    for (std::size_t place = 0; place < kPlaces; ++place) starts_[place + 1] += starts_[place];
    by_place_.resize(words_.size());
    std::vector<std::uint32_t> next = starts_;
    for (std::size_t i = 0; i < words_.size(); ++i) by_place_[next[place_of(words_[i])]++] = static_cast<int>(i);
  }

  // The numbers of those that stand in the text, whose large letters count as small: where one may begin its first
  // three letters tell.
  std::vector<int> all_in(std::string_view text) const {
    std::vector<int> found;
    std::uint32_t triple = 0;
    for (std::size_t end = 1; end <= text.size() && !words_.empty(); ++end) {
      triple = triple << 8 | small(text[end - 1]);
      if (end < kShortest) continue;
      const std::size_t place = place_of(triple);
      if (!is_place_[place]) continue;
      for (std::uint32_t i = starts_[place]; i < starts_[place + 1]; ++i) {
        const int word = by_place_[i];
        if (!begins_with(text.substr(end - kShortest), words_[static_cast<std::size_t>(word)])) continue;
        if (std::find(found.begin(), found.end(), word) == found.end()) found.push_back(word);
      }
    }
    return found;
  }

 private:
  static constexpr std::size_t kPlaces = std::size_t{1} << 15;

  static std::uint32_t small(char c) {
    return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  static std::size_t place_of(std::uint32_t triple) { return (triple & 0xFFFFFF) * 0x9E3779B1U >> 17; }
  static std::size_t place_of(const std::string& word) {
    return place_of(small(word[0]) << 16 | small(word[1]) << 8 | small(word[2]));
  }
  static bool begins_with(std::string_view text, const std::string& word) {
    if (word.size() > text.size()) return false;
    std::size_t same = 0;
    while (same < word.size() && small(text[same]) == static_cast<unsigned char>(word[same])) ++same;
    return same == word.size();
  }

  std::vector<std::string> words_;
  std::bitset<kPlaces> is_place_;      // of the first three letters of some
  std::vector<std::uint32_t> starts_;  // by that place, where those begin in by_place_
  std::vector<int> by_place_;          // the numbers of the words
};

// Patterns of which the first that stands in a name counts. A pattern is tried only where the words stand that it
// needs: one automaton for all of them would have to be built state by state by the first hundreds of names, which are
// all that a trace has.
class OrderedPatterns {
 public:
  // Takes the pattern of a row's field; what RE2 does not take is the row's error.
  void add(const TableRow& row, const char* key) {
    const std::string pattern = row.required(key);
    int id = 0;
    if (patterns_->Add(pattern, pattern_options(), &id) != RE2::NoError) {
      row.reject(key, pattern, "in RE2's syntax: " + RE2(pattern, pattern_options()).error());
    }
  }
  // The words that the patterns need are added to `words`, which several lists share.
  void compile(std::vector<std::string>& words) {
    if (patterns_->NumRegexps() == 0) return;
    std::vector<std::string> own;
    patterns_->Compile(&own);
    first_word_ = words.size();
    words_ = own.size();
    words.insert(words.end(), own.begin(), own.end());
  }

  const RE2& operator[](std::size_t index) const { return patterns_->GetRE2(static_cast<int>(index)); }

  // The first of them that stands in the name; `words` are those that stand in it.
  std::optional<std::size_t> first_in(const std::string& name, const std::vector<int>& words) const {
    for (const std::size_t one : candidates(words)) {
      if (RE2::PartialMatch(name, (*this)[one])) return one;
    }
    return std::nullopt;
  }

  // Those that may stand in a name in which these words stand, in their order.
  std::vector<std::size_t> candidates(const std::vector<int>& words) const {
    std::vector<int> own, possible;
    for (const int word : words) {
      const auto number = static_cast<std::size_t>(word) - first_word_;
      if (number < words_) own.push_back(static_cast<int>(number));
    }
    if (patterns_->NumRegexps() > 0) patterns_->AllPotentials(own, &possible);
    std::vector<std::size_t> ordered(possible.begin(), possible.end());
    std::sort(ordered.begin(), ordered.end());
    return ordered;
  }

 private:
  std::unique_ptr<re2::FilteredRE2> patterns_ = std::make_unique<re2::FilteredRE2>(static_cast<int>(Words::kShortest));
  std::size_t first_word_ = 0, words_ = 0;  // of those that lists share, its own
};

// What one way of naming says; what it does not say is empty.
struct Scheme {
  std::optional<Family> family;
  std::string origin, algorithm;
  std::string precision, architecture;  // as RE2 rewrites
  std::map<std::string, std::string> words;
  std::optional<bool> tensor_cores;
  bool compiled = false, fused = false;
  std::string source;
};
struct DispatchText {
  std::string base, architecture;  // as RE2 rewrites: \1 is the first group
  std::string source;
};
struct FamilyRow {
  Family family;
  std::string source;
};
struct KernelPatterns {
  OrderedPatterns dispatch, schemes, families;
  Words words;                  // of the three
  OrderedPatterns collectives;  // those of the two whose family is this one
  Words collective_words;
  std::vector<DispatchText> dispatch_texts;
  std::vector<Scheme> scheme_of;
  std::vector<FamilyRow> family_of;
};

// "$1_$3" of the table as RE2 writes it.
std::string rewrite_from(std::string text) {
  std::replace(text.begin(), text.end(), '$', '\\');
  return text;
}

void read_dispatch(const TableRow& row, KernelPatterns& patterns) {
  patterns.dispatch.add(row, "regex");
  patterns.dispatch_texts.push_back(
      {rewrite_from(row.required("base")), rewrite_from(row.text("architecture")), row.required("source")});
  row.ignore({"library", "examples"});
}

Family family_of(const TableRow& row, const std::string& word) {
  const Family family = family_from(word);
  if (to_string(family) != word) row.reject("family", word, "a family");
  return family;
}

void read_scheme(const TableRow& row, KernelPatterns& patterns) {
  static constexpr TableWord<std::optional<bool>> kAnswers[] = {{"yes", true}, {"no", false}};
  patterns.schemes.add(row, "regex");
  Scheme scheme{.family = std::nullopt,
                .origin = row.text("origin"),
                .algorithm = row.text("algorithm"),
                .precision = rewrite_from(row.text("precision")),
                .architecture = rewrite_from(row.text("architecture")),
                .words = {},
                .tensor_cores = row.word<std::optional<bool>>("tensor_cores", kAnswers, std::nullopt),
                .compiled = row.flag("compiled"),
                .fused = row.flag("fused"),
                .source = row.required("source")};
  if (const std::string family = row.text("family"); !family.empty()) scheme.family = family_of(row, family);
  if (scheme.family == Family::collective) patterns.collectives.add(row, "regex");
  for (const std::string& word : row.texts("words")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) row.reject("words", word, "a text, \"=\" and what it stands for");
    scheme.words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  patterns.scheme_of.push_back(std::move(scheme));
  row.ignore({"examples"});
}

void read_family(const TableRow& row, KernelPatterns& patterns) {
  patterns.families.add(row, "regex");
  patterns.family_of.push_back({family_of(row, row.required("family")), row.required("source")});
  if (patterns.family_of.back().family == Family::collective) patterns.collectives.add(row, "regex");
  row.ignore({"library", "examples"});
}

const Result<KernelPatterns>& pattern_table() {
  static const Result<KernelPatterns> patterns = []() -> Result<KernelPatterns> {
    KernelPatterns read;
    const auto date = read_table(chosen_tables(), "kernel_patterns", [&](const TableRow& table) {
      table.required_rows("dispatch", [&](const TableRow& row) { read_dispatch(row, read); });
      table.each("schemes", [&](const TableRow& row) { read_scheme(row, read); });
      table.required_rows("families", [&](const TableRow& row) { read_family(row, read); });
    });
    if (!date) return date.error();
    std::vector<std::string> words, collective_words;
    read.dispatch.compile(words);
    read.schemes.compile(words);
    read.families.compile(words);
    read.collectives.compile(collective_words);
    read.words = Words(std::move(words));
    read.collective_words = Words(std::move(collective_words));
    return read;
  }();
  return patterns;
}

// The text in which schemes are searched for: where a function is defined within a file says nothing of its kind.
std::string scheme_text(const std::string& base, bool is_canonical) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  std::string text = is_canonical ? base : canonical_spelling(base);
  for (std::size_t at = 0; (at = text.find(kAnonymous, at)) != std::string::npos;) text.erase(at, kAnonymous.size());
  return text;
}

// CuTe DSL writes what a kernel is given into its name, behind the kernel's own: that says not what it is.
std::string_view without_given(std::string_view name) {
  constexpr std::string_view kMarker = "kernel_cutlass_";
  const std::size_t begin = name.find(kMarker);
  if (begin == std::string_view::npos) return name;
  std::size_t end = name.size();
  for (const std::string_view given : {"_object_at_", "_tensorptr", "_TiledMMA_", "_TiledCopy_", "_CopyAtom_"}) {
    end = std::min(end, name.find(given, begin + kMarker.size()));
  }
  return name.substr(0, end);
}

// What the pattern's groups say, by the words of the scheme; empty when it has none for it.
std::string said(const std::string& text, const RE2& pattern, const std::string& rewrite, const Scheme& scheme) {
  std::string found;
  if (rewrite.empty() || !RE2::Extract(text, pattern, rewrite, &found) || scheme.words.empty()) return found;
  const auto word = scheme.words.find(found);
  return word == scheme.words.end() ? "" : word->second;
}

// A text and the words in it; most of the texts that a name is looked at as are the name itself.
struct WordedText {
  std::string text;
  std::vector<int> words;
};
WordedText worded(std::string text, const KernelPatterns& patterns, const WordedText& known) {
  if (text == known.text) return known;
  std::vector<int> words = patterns.words.all_in(text);
  return {std::move(text), std::move(words)};
}

// Whether the scheme may say what is not said yet: those that cannot need not be searched for.
bool may_add(const Scheme& scheme, const KernelMeaning& meaning, const std::optional<Family>& family) {
  const auto is_news = [](const std::string& said, const std::string& known) { return known.empty() && !said.empty(); };
  return (!family && scheme.family) || is_news(scheme.origin, meaning.origin) ||
         is_news(scheme.algorithm, meaning.algorithm) || is_news(scheme.precision, meaning.precision) ||
         is_news(scheme.architecture, meaning.architecture) || (!meaning.tensor_cores && scheme.tensor_cores) ||
         (!meaning.compiled && scheme.compiled) || (!meaning.fused && scheme.fused);
}

// Where sources are asked for, each field gets that of the row which said it.
void read_schemes(const KernelPatterns& patterns, const WordedText& worded_text, KernelMeaning& meaning,
                  std::optional<Family>& family, KernelMeaningSources* sources) {
  const std::string& text = worded_text.text;
  for (const std::size_t row : patterns.schemes.candidates(worded_text.words)) {
    const Scheme& scheme = patterns.scheme_of[row];
    if (!may_add(scheme, meaning, family) || !RE2::PartialMatch(text, patterns.schemes[row])) continue;
    const auto note = [&](const char* field, bool is_news) {
      if (is_news && sources != nullptr) sources->emplace(field, scheme.source);
    };
    const auto set = [&](const char* name, std::string& field, const std::string& value) {
      if (!field.empty() || value.empty()) return;
      field = value;
      note(name, true);
    };
    const auto rewritten = [&](const char* name, std::string& field, const std::string& rewrite) {
      if (field.empty()) set(name, field, said(text, patterns.schemes[row], rewrite, scheme));
    };
    note("family", !family && scheme.family);
    if (!family) family = scheme.family;
    set("origin", meaning.origin, scheme.origin);
    set("algorithm", meaning.algorithm, scheme.algorithm);
    rewritten("precision", meaning.precision, scheme.precision);
    rewritten("architecture", meaning.architecture, scheme.architecture);
    note("tensor_cores", !meaning.tensor_cores && scheme.tensor_cores);
    if (!meaning.tensor_cores) meaning.tensor_cores = scheme.tensor_cores;
    note("compiled", scheme.compiled);
    note("fused", scheme.fused);
    meaning.compiled = meaning.compiled || scheme.compiled;
    meaning.fused = meaning.fused || scheme.fused;
  }
}

struct HashOfName {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

KernelMeaning read_name(const std::string& name, NameSpelling spelling, KernelMeaningSources* sources = nullptr) {
  KernelMeaning meaning{.base = name};
  if (!pattern_table()) return meaning;
  const KernelPatterns& patterns = *pattern_table();
  WordedText base{name, patterns.words.all_in(name)};
  if (const auto row = patterns.dispatch.first_in(name, base.words)) {
    const DispatchText& texts = patterns.dispatch_texts[*row];
    RE2::Extract(name, patterns.dispatch[*row], texts.architecture, &meaning.architecture);
    RE2::GlobalReplace(&meaning.base, patterns.dispatch[*row], texts.base);
    if (sources != nullptr) {
      sources->emplace("base", texts.source);
      if (!meaning.architecture.empty()) sources->emplace("architecture", texts.source);
    }
    spelling = NameSpelling::any;
    base = worded(meaning.base, patterns, base);
  }
  base = worded(std::string(without_given(base.text)), patterns, base);
  std::optional<Family> family;
  const bool is_canonical = spelling == NameSpelling::canonical && name.size() <= kLongestName;  // it is not cut
  read_schemes(patterns, worded(scheme_text(base.text, is_canonical), patterns, base), meaning, family, sources);
  if (!family) {
    const auto row = patterns.families.first_in(base.text, base.words);
    if (row) family = patterns.family_of[*row].family;
    if (row && sources != nullptr) sources->emplace("family", patterns.family_of[*row].source);
  }
  meaning.family = family.value_or(Family::other);
  return meaning;
}

}  // namespace

std::string normalised_kernel_name(const std::string& raw) {
  // SYCL calls a kernel by the type that the program gave for its name.
  constexpr std::string_view kOfType = "typeinfo name for ";
  std::string readable = demangle_whole(raw);
  if (readable.starts_with(kOfType)) readable.erase(0, kOfType.size());
  std::string name = canonical_spelling(readable);
  if (name.size() <= kLongestName) return name;
  return clean_utf8(name, kLongestName) + "…" + sha256_hex(name).substr(0, 8);
}

bool may_be_collective(const std::string& raw) {
  // A mangled name has other bytes between the words.
  if (raw.find("_Z") != std::string::npos) return true;
  if (!pattern_table()) return false;
  return !pattern_table()->collectives.candidates(pattern_table()->collective_words.all_in(raw)).empty();
}

Status load_kernel_patterns() { return pattern_table() ? Status(Done{}) : Status(pattern_table().error()); }

KernelMeaningSources kernel_meaning_sources(const std::string& name) {
  KernelMeaningSources sources;
  (void)read_name(name, NameSpelling::any, &sources);
  return sources;
}

KernelMeaning kernel_meaning(std::string_view name, NameSpelling spelling) {
  name = name.substr(0, name.find(" [["));
  static std::mutex mutex;
  static std::unordered_map<std::string, KernelMeaning, HashOfName, std::equal_to<>> known;
  std::lock_guard lock(mutex);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  if (known.size() >= kMostKept) known.clear();
  std::string text(name);
  KernelMeaning meaning = read_name(text, spelling);
  known.emplace(std::move(text), meaning);
  return meaning;
}

}  // namespace varve
