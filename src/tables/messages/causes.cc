#include "tables/messages/causes.h"

#include <algorithm>
#include <array>

#include "base/dotted_version.h"
#include "base/text.h"
#include "model/fact_catalog.h"
#include "model/words/enum_names.h"
#include "model/words/names.h"

namespace varve {

namespace {
using TermKind = ConditionTerm::Kind;
using TermWords = std::vector<std::string_view>;

constexpr TableWord<MachineTrait> kTraits[] = {
    {"wsl", MachineTrait::wsl},           {"container", MachineTrait::container},
    {"chip", MachineTrait::chip},         {"gpu", MachineTrait::gpu},
    {"driver", MachineTrait::driver},     {"several_gpus", MachineTrait::several_gpus},
    {"nvswitch", MachineTrait::nvswitch}, {"partitions", MachineTrait::partitions},
    {"builds", MachineTrait::builds},     {"cpu_build", MachineTrait::cpu_build},
    {"files", MachineTrait::files},       {"vgpu", MachineTrait::vgpu},
};
constexpr std::array<std::string_view, 5> kComparisons = {"<", "<=", ">", ">=", "="};

bool is_comparison(std::string_view word) {
  return std::find(kComparisons.begin(), kComparisons.end(), word) != kComparisons.end();
}

bool is_group(std::string_view word) { return word.size() == 3 && word.front() == '{' && word.back() == '}'; }

// A version, or a group that will be one.
bool is_version(std::string_view word) { return is_group(word) || dotted_version_from(word).has_value(); }

std::string read_fact(const TermWords& words, ConditionTerm& term) {
  if (words.size() != 4) return "a fact is asked as \"fact ID is known\" or \"fact ID < 12.4\"";
  term.name = words[1];
  if (find_fact_definition(term.name) == nullptr) return "there is no fact " + term.name;
  term.value = words[3];
  term.relation = words[2];
  if (term.relation == "is") {
    if (term.value != "known" && term.value != "absent") return "a fact is known or absent";
    term.relation += " " + term.value;
    return "";
  }
  if (term.relation == "has" || term.relation == "=") return "";
  if (!is_comparison(term.relation)) return "\"" + term.relation + "\" is no relation";
  return is_version(term.value) ? "" : "\"" + term.value + "\" is no version";
}

std::string read_gpu_or_regime(const TermWords& words, ConditionTerm& term) {
  const bool some = words[0] == "some";
  if (words.size() != 4) return "\"some gpu >= 7.5\" or \"some regime is minor-version\" has four words";
  if (words[1] == "gpu") {
    term.kind = some ? TermKind::some_gpu : TermKind::every_gpu;
    term.relation = words[2];
    term.value = words[3];
    const bool sound = is_comparison(words[2]) && is_version(words[3]);
    return sound ? "" : "a GPU is compared with a capability: some gpu >= 7.5";
  }
  term.kind = some ? TermKind::some_regime : TermKind::every_regime;
  const auto regime = regime_from(words[3]);
  if (words[1] != "regime" || words[2] != "is" || !regime) return "no such regime: " + std::string(words[3]);
  term.regime = *regime;
  return "";
}

std::string read_answer(const TermWords& words, ConditionTerm& term) {
  if (words.size() != 4 || words[2] != "is") return "an answer is asked as \"answer GPU_code is ok\"";
  const auto question = question_from(spaced(words[1]));
  const auto state = check_state_from(spaced(words[3]));
  if (!question) return "there is no question " + std::string(words[1]);
  if (!state) return "there is no state " + std::string(words[3]);
  term.question = *question;
  term.state = *state;
  return "";
}

std::string read_package(const TermWords& words, ConditionTerm& term) {
  if (words.size() != 2 && words.size() != 4) return "a package is asked as \"package NAME\" or \"package NAME < 2.1\"";
  term.name = words[1];
  if (words.size() == 2) return words[0] == "package" ? "" : "a build is compared with a version";
  term.relation = words[2];
  term.value = words[3];
  return is_comparison(words[2]) && is_version(words[3]) ? "" : "a package is compared with a version";
}

std::string read_trait(const TermWords& words, ConditionTerm& term) {
  if (words.size() != 3 || words[1] != "has") return "a machine is asked as \"machine has wsl\"";
  for (const auto& trait : kTraits) {
    if (words[2] != trait.word) continue;
    term.trait = trait.value;
    return "";
  }
  return "a machine has no " + std::string(words[2]);
}

std::string read_toolkit(const TermWords& words, ConditionTerm& term) {
  const bool of_all = words[0] == "releases";
  const bool sound = words.size() == 3 && (words[1] == "dropped" || (words[1] == "knows" && !of_all));
  if (!sound) return "a toolkit is asked as \"toolkit knows {1}\"";
  term.kind = of_all                ? TermKind::releases_dropped
              : words[1] == "knows" ? TermKind::toolkit_knows
                                    : TermKind::toolkit_dropped;
  term.value = words[2];
  return "";
}

// Empty, or what is wrong.
std::string read_term(TermWords words, ConditionTerm& term) {
  if (!words.empty() && words.front() == "not") {
    term.negated = true;
    words.erase(words.begin());
  }
  if (words.size() < 2) return "a term is missing";
  if (words[0] == "found" || words[0] == "said") {
    term.kind = words[0] == "found" ? TermKind::found : TermKind::said;
    term.name = words[1];
    return words.size() == 2 ? "" : "one name stands behind \"" + std::string(words[0]) + "\"";
  }
  if (words[0] == "fact") return term.kind = TermKind::fact, read_fact(words, term);
  if (words[0] == "some" || words[0] == "every") return read_gpu_or_regime(words, term);
  if (words[0] == "answer") return term.kind = TermKind::answer, read_answer(words, term);
  if (words[0] == "package") return term.kind = TermKind::package, read_package(words, term);
  if (words[0] == "build") return term.kind = TermKind::build, read_package(words, term);
  if (words[0] == "machine") return term.kind = TermKind::machine, read_trait(words, term);
  if (words[0] == "toolkit" || words[0] == "releases") return read_toolkit(words, term);
  return "nothing is asked with \"" + std::string(words[0]) + "\"";
}

std::vector<Condition> conditions_of(const TableRow& row, const char* key) {
  std::vector<Condition> conditions;
  for (const std::string& text : row.texts(key)) {
    std::variant<Condition, std::string> read = condition_from(text);
    if (const auto* wrong = std::get_if<std::string>(&read)) {
      row.reject(key, text, "a condition: " + *wrong);
    } else {
      conditions.push_back(std::get<Condition>(std::move(read)));
    }
  }
  return conditions;
}
}  // namespace

std::variant<Condition, std::string> condition_from(std::string_view text) {
  Condition condition{.text = std::string(text), .terms = {}};
  TermWords words;
  std::vector<std::string_view> all = split_words(text);
  all.push_back("and");
  for (const std::string_view word : all) {
    if (word != "and") {
      words.push_back(word);
      continue;
    }
    ConditionTerm term;
    if (std::string wrong = read_term(words, term); !wrong.empty()) return wrong;
    condition.terms.push_back(std::move(term));
    words.clear();
  }
  return condition;
}

bool is_hedged(std::string_view words) {
  constexpr auto kHedges = std::to_array<std::string_view>(
      {"mostly", "most often", "usually", " often", "nearly always", "seldom", "in most cases", "probably", "perhaps",
       "likely", "as a rule", "suspect", "need not", "may have", "may be "});
  return std::any_of(kHedges.begin(), kHedges.end(),
                     [&](std::string_view hedge) { return words.find(hedge) != std::string_view::npos; });
}

void read_conditions(const TableRow& row, Cause& cause) {
  cause.decide = row.text("decide");
  cause.confirmed_by = conditions_of(row, "confirmed_by");
  cause.speaks_for = conditions_of(row, "speaks_for");
  cause.ruled_out_by = conditions_of(row, "ruled_out_by");
}

Cause cause_from(const TableRow& row) {
  Cause cause{.id = row.required("id"),
              .layer = row.word("layer", layer_from, "a layer"),
              .category = row.word("category", fault_category_from, "a category", {FaultCategory::none}),
              .cause = row.required("cause"),
              .fix = row.required("fix"),
              .decide = {},
              .confirmed_by = {},
              .speaks_for = {},
              .ruled_out_by = {}};
  read_conditions(row, cause);
  row.ignore({"source"});
  return cause;
}

}  // namespace varve
