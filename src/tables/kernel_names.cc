#include "tables/kernel_names.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/embedded.h"

namespace varve {
namespace {

constexpr std::size_t kMostKept = 100'000;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // names are any bytes
  options.set_log_errors(false);
  return options;
}

// Patterns of which the first that stands in a name counts: one pass over the name for all of them.
class OrderedPatterns {
 public:
  bool add(const std::string& pattern) {
    each_.push_back(std::make_unique<RE2>(pattern, pattern_options()));
    return set_->Add(pattern, nullptr) >= 0;
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

// The file is part of the program: what is wrong with it shows in the tests, not to users.
KernelPatterns read_patterns() {
  KernelPatterns patterns;
  auto text = embedded_file("data/kernel_patterns.json");
  auto document = nlohmann::json::parse(text, nullptr, false);
  if (document.is_discarded()) return patterns;
  for (const auto& row : document.value("dispatch", nlohmann::json::array())) {
    patterns.dispatch.add(row.at("regex").get<std::string>());
    patterns.dispatch_texts.push_back(
        {rewrite_from(row.at("base").get<std::string>()), rewrite_from(row.at("architecture").get<std::string>())});
  }
  for (const auto& row : document.value("families", nlohmann::json::array())) {
    patterns.families.add(row.at("regex").get<std::string>());
    patterns.family_of.push_back(family_from(row.at("family").get<std::string>()));
  }
  patterns.dispatch.compile();
  patterns.families.compile();
  return patterns;
}

KernelMeaning read_name(const std::string& name) {
  static const KernelPatterns patterns = read_patterns();
  KernelMeaning meaning{.base = name};
  if (const auto row = patterns.dispatch.first_in(name)) {
    const DispatchText& texts = patterns.dispatch_texts[*row];
    RE2::Extract(name, patterns.dispatch[*row], texts.architecture, &meaning.architecture);
    RE2::GlobalReplace(&meaning.base, patterns.dispatch[*row], texts.base);
  }
  if (const auto row = patterns.families.first_in(meaning.base)) meaning.family = patterns.family_of[*row];
  return meaning;
}

}  // namespace

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
