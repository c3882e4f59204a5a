#include "tables/kernel_names.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "binary/elf/demangle.h"
#include "model/kernels/kernel_spelling.h"
#include "tables/table.h"

namespace varve {
namespace {

constexpr std::size_t kMostKept = 100'000;
constexpr std::size_t kLongestName = 1000;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // names are any bytes
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{64} << 20);  // of a set of some two hundred; each alone needs little
  return options;
}

// Patterns of which the first that stands in a name counts: one pass over the name for all of them.
class OrderedPatterns {
 public:
  // Takes the pattern of a row's field; what RE2 does not take is the row's error.
  void add(const TableRow& row, const char* key) {
    const std::string pattern = row.required(key);
    std::string problem;
    if (set_->Add(pattern, &problem) < 0) row.reject(key, pattern, "in RE2's syntax: " + problem);
    each_.push_back(std::make_unique<RE2>(pattern, pattern_options()));
  }
  void compile() { set_->Compile(); }

  const RE2& operator[](std::size_t index) const { return *each_[index]; }

  // Which of them stand in the name, in their order.
  std::vector<std::size_t> all_in(const std::string& name) const {
    std::vector<int> hits;
    std::vector<std::size_t> found;
    if (each_.empty()) return found;
    RE2::Set::ErrorInfo error{};
    if (!set_->Match(name, &hits, &error) && error.kind != RE2::Set::kNoError) {  // the automaton grew too large
      for (std::size_t i = 0; i < each_.size(); ++i) {
        if (RE2::PartialMatch(name, *each_[i])) found.push_back(i);
      }
      return found;
    }
    for (const int hit : hits) found.push_back(static_cast<std::size_t>(hit));
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::unique_ptr<RE2::Set> set_ = std::make_unique<RE2::Set>(pattern_options(), RE2::UNANCHORED);
  std::vector<std::unique_ptr<RE2>> each_;
};

struct DispatchText {
  std::string base, architecture;  // as RE2 rewrites: \1 is the first group
};

// What one way of naming says; what it does not say is empty.
struct Scheme {
  std::optional<Family> family;
  std::string origin, algorithm;
  std::string precision, architecture;  // as RE2 rewrites
  std::map<std::string, std::string> words;
  std::optional<bool> tensor_cores;
  bool compiled = false, fused = false;
};
struct KernelPatterns {
  OrderedPatterns dispatch, schemes, families;
  std::vector<DispatchText> dispatch_texts;
  std::vector<Scheme> scheme_of;
  std::vector<Family> family_of;
};

// "$1_$3" of the table as RE2 writes it.
std::string rewrite_from(std::string text) {
  std::replace(text.begin(), text.end(), '$', '\\');
  return text;
}

void read_dispatch(const TableRow& row, KernelPatterns& patterns) {
  patterns.dispatch.add(row, "regex");
  patterns.dispatch_texts.push_back({rewrite_from(row.required("base")), rewrite_from(row.text("architecture"))});
  row.required("source");
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
                .fused = row.flag("fused")};
  if (const std::string family = row.text("family"); !family.empty()) scheme.family = family_of(row, family);
  for (const std::string& word : row.texts("words")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) row.reject("words", word, "a text, \"=\" and what it stands for");
    scheme.words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  patterns.scheme_of.push_back(std::move(scheme));
  row.required("source");
  row.ignore({"examples"});
}

void read_family(const TableRow& row, KernelPatterns& patterns) {
  patterns.families.add(row, "regex");
  patterns.family_of.push_back(family_of(row, row.required("family")));
  row.required("source");
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

void read_schemes(const KernelPatterns& patterns, KernelMeaning& meaning, std::optional<Family>& family) {
  const std::string text = scheme_text(meaning.base);
  const auto set = [](std::string& field, std::string value) {
    if (field.empty()) field = std::move(value);
  };
  for (const std::size_t row : patterns.schemes.all_in(text)) {
    const Scheme& scheme = patterns.scheme_of[row];
    if (!family) family = scheme.family;
    set(meaning.origin, scheme.origin);
    set(meaning.algorithm, scheme.algorithm);
    if (meaning.precision.empty()) meaning.precision = said(text, patterns.schemes[row], scheme.precision, scheme);
    if (meaning.architecture.empty()) {
      meaning.architecture = said(text, patterns.schemes[row], scheme.architecture, scheme);
    }
    if (!meaning.tensor_cores) meaning.tensor_cores = scheme.tensor_cores;
    meaning.compiled = meaning.compiled || scheme.compiled;
    meaning.fused = meaning.fused || scheme.fused;
  }
}

KernelMeaning read_name(const std::string& name) {
  KernelMeaning meaning{.base = name};
  if (!pattern_table()) return meaning;
  const KernelPatterns& patterns = *pattern_table();
  if (const auto rows = patterns.dispatch.all_in(name); !rows.empty()) {
    const DispatchText& texts = patterns.dispatch_texts[rows.front()];
    RE2::Extract(name, patterns.dispatch[rows.front()], texts.architecture, &meaning.architecture);
    RE2::GlobalReplace(&meaning.base, patterns.dispatch[rows.front()], texts.base);
  }
  std::optional<Family> family;
  read_schemes(patterns, meaning, family);
  if (!family) {
    const auto rows = patterns.families.all_in(meaning.base);
    if (!rows.empty()) family = patterns.family_of[rows.front()];
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

Status load_kernel_patterns() { return pattern_table() ? Status(Done{}) : Status(pattern_table().error()); }

KernelMeaning kernel_meaning(std::string_view name) {
  name = name.substr(0, name.find(" [["));
  static std::mutex mutex;
  static std::map<std::string, KernelMeaning, std::less<>> known;
  std::lock_guard lock(mutex);
  auto found = known.find(name);
  if (found != known.end()) return found->second;
  if (known.size() >= kMostKept) known.clear();
  std::string text(name);
  KernelMeaning meaning = read_name(text);
  known.emplace(std::move(text), meaning);
  return meaning;
}

}  // namespace varve
