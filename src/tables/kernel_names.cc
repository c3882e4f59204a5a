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
  static constexpr int kShortest = 3;

  Words() = default;
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
    for (const std::string& word : words_) {
      const char* last = word.data() + word.size() - kShortest;
      places_.push_back({place_of(word.data()), place_of(last)});
    }
  }

  // The numbers of those that stand in the text. Its triples tell of nearly all others that they do not.
  std::vector<int> all_in(const std::string& text) const {
    std::bitset<kPlaces> triples;
    for (std::size_t at = 0; at + kShortest <= text.size(); ++at) triples.set(place_of(text.data() + at));
    std::vector<int> found;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool may_be_there = triples[places_[i].first] && triples[places_[i].last];
      if (may_be_there && text.find(words_[i]) != std::string::npos) found.push_back(static_cast<int>(i));
    }
    return found;
  }

 private:
  static constexpr std::size_t kPlaces = 4096;
  struct Places {
    std::uint16_t first = 0, last = 0;  // of its first and its last triple
  };
  static std::uint16_t place_of(const char* triple) {
    const auto byte = [&](int i) { return static_cast<unsigned>(static_cast<unsigned char>(triple[i])); };
    return static_cast<std::uint16_t>((byte(0) * 961 + byte(1) * 31 + byte(2)) % kPlaces);
  }

  std::vector<std::string> words_;
  std::vector<Places> places_;
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
  void compile() {
    if (patterns_->NumRegexps() == 0) return;
    std::vector<std::string> words;
    patterns_->Compile(&words);
    words_ = Words(std::move(words));
  }

  const RE2& operator[](std::size_t index) const { return patterns_->GetRE2(static_cast<int>(index)); }

  // Which of them stand in the name, in their order.
  std::vector<std::size_t> all_in(const std::string& name) const {
    std::vector<int> hits;
    if (patterns_->NumRegexps() > 0) patterns_->AllMatches(name, words_.all_in(to_lower(name)), &hits);
    std::vector<std::size_t> found(hits.begin(), hits.end());
    std::sort(found.begin(), found.end());
    return found;
  }

  // Whether one of them may stand in the name, by the words that they need.
  bool may_match(const std::string& name) const {
    std::vector<int> candidates;
    if (patterns_->NumRegexps() > 0) patterns_->AllPotentials(words_.all_in(to_lower(name)), &candidates);
    return !candidates.empty();
  }

 private:
  std::unique_ptr<re2::FilteredRE2> patterns_ = std::make_unique<re2::FilteredRE2>(Words::kShortest);
  Words words_;
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
  OrderedPatterns collectives;  // those of the two whose family is this one
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
    read.dispatch.compile();
    read.schemes.compile();
    read.families.compile();
    read.collectives.compile();
    return read;
  }();
  return patterns;
}

// The text in which schemes are searched for: where a function is defined within a file says nothing of its kind.
std::string scheme_text(const std::string& base) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  std::string text = canonical_spelling(base);
  for (std::size_t at = 0; (at = text.find(kAnonymous, at)) != std::string::npos;) text.erase(at, kAnonymous.size());
  return text;
}

// What the pattern's groups say, by the words of the scheme; empty when it has none for it.
std::string said(const std::string& text, const RE2& pattern, const std::string& rewrite, const Scheme& scheme) {
  std::string found;
  if (rewrite.empty() || !RE2::Extract(text, pattern, rewrite, &found) || scheme.words.empty()) return found;
  const auto word = scheme.words.find(found);
  return word == scheme.words.end() ? "" : word->second;
}

// Where sources are asked for, each field gets that of the row which said it.
void read_schemes(const KernelPatterns& patterns, KernelMeaning& meaning, std::optional<Family>& family,
                  KernelMeaningSources* sources) {
  const std::string text = scheme_text(meaning.base);
  for (const std::size_t row : patterns.schemes.all_in(text)) {
    const Scheme& scheme = patterns.scheme_of[row];
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

KernelMeaning read_name(const std::string& name, KernelMeaningSources* sources = nullptr) {
  KernelMeaning meaning{.base = name};
  if (!pattern_table()) return meaning;
  const KernelPatterns& patterns = *pattern_table();
  if (const auto rows = patterns.dispatch.all_in(name); !rows.empty()) {
    const DispatchText& texts = patterns.dispatch_texts[rows.front()];
    RE2::Extract(name, patterns.dispatch[rows.front()], texts.architecture, &meaning.architecture);
    RE2::GlobalReplace(&meaning.base, patterns.dispatch[rows.front()], texts.base);
    if (sources != nullptr) {
      sources->emplace("base", texts.source);
      if (!meaning.architecture.empty()) sources->emplace("architecture", texts.source);
    }
  }
  std::optional<Family> family;
  read_schemes(patterns, meaning, family, sources);
  if (!family) {
    const auto rows = patterns.families.all_in(meaning.base);
    if (!rows.empty()) family = patterns.family_of[rows.front()].family;
    if (!rows.empty() && sources != nullptr) sources->emplace("family", patterns.family_of[rows.front()].source);
  }
  meaning.family = family.value_or(Family::other);
  return meaning;
}

}  // namespace

std::string normalised_kernel_name(const std::string& raw) {
  std::string name = canonical_spelling(demangle_whole(raw));
  if (name.size() <= kLongestName) return name;
  return clean_utf8(name, kLongestName) + "…" + sha256_hex(name).substr(0, 8);
}

bool may_be_collective(const std::string& raw) {
  // A mangled name has other bytes between the words.
  return raw.find("_Z") != std::string::npos || (pattern_table() && pattern_table()->collectives.may_match(raw));
}

Status load_kernel_patterns() { return pattern_table() ? Status(Done{}) : Status(pattern_table().error()); }

KernelMeaningSources kernel_meaning_sources(const std::string& name) {
  KernelMeaningSources sources;
  (void)read_name(name, &sources);
  return sources;
}

KernelMeaning kernel_meaning(std::string_view name) {
  name = name.substr(0, name.find(" [["));
  static std::mutex mutex;
  static std::unordered_map<std::string, KernelMeaning, HashOfName, std::equal_to<>> known;
  std::lock_guard lock(mutex);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  if (known.size() >= kMostKept) known.clear();
  std::string text(name);
  KernelMeaning meaning = read_name(text);
  known.emplace(std::move(text), meaning);
  return meaning;
}

}  // namespace varve
