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

  std::optional<std::size_t> first_in(const std::string& name) const {
    std::vector<int> hits;
    RE2::Set::ErrorInfo error{};
    if (set_->Match(name, &hits, &error)) {
      return static_cast<std::size_t>(*std::min_element(hits.begin(), hits.end()));
    }
    if (error.kind == RE2::Set::kNoError) return std::nullopt;
    for (std::size_t i = 0; i < each_.size(); ++i) {  // the automaton grew too large
      if (RE2::PartialMatch(name, *each_[i])) return i;
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<RE2::Set> set_ = std::make_unique<RE2::Set>(pattern_options(), RE2::UNANCHORED);
  std::vector<std::unique_ptr<RE2>> each_;
};

struct DispatchText {
  std::string base, architecture;  // as RE2 rewrites: \1 is the first group
};
struct KernelPatterns {
  OrderedPatterns dispatch, families;
  std::vector<DispatchText> dispatch_texts;
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

void read_family(const TableRow& row, KernelPatterns& patterns) {
  patterns.families.add(row, "regex");
  const std::string family = row.required("family");
  patterns.family_of.push_back(family_from(family));
  if (to_string(patterns.family_of.back()) != family) row.reject("family", family, "a family");
  row.required("source");
  row.ignore({"library", "examples"});
}

const Result<KernelPatterns>& pattern_table() {
  static const Result<KernelPatterns> patterns = []() -> Result<KernelPatterns> {
    KernelPatterns read;
    const auto date = read_table(chosen_tables(), "kernel_patterns", [&](const TableRow& table) {
      table.required_rows("dispatch", [&](const TableRow& row) { read_dispatch(row, read); });
      table.required_rows("families", [&](const TableRow& row) { read_family(row, read); });
    });
    if (!date) return date.error();
    read.dispatch.compile();
    read.families.compile();
    return read;
  }();
  return patterns;
}

KernelMeaning read_name(const std::string& name) {
  KernelMeaning meaning{.base = name};
  if (!pattern_table()) return meaning;
  const KernelPatterns& patterns = *pattern_table();
  if (const auto row = patterns.dispatch.first_in(name)) {
    const DispatchText& texts = patterns.dispatch_texts[*row];
    RE2::Extract(name, patterns.dispatch[*row], texts.architecture, &meaning.architecture);
    RE2::GlobalReplace(&meaning.base, patterns.dispatch[*row], texts.base);
  }
  if (const auto row = patterns.families.first_in(meaning.base)) meaning.family = patterns.family_of[*row];
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
