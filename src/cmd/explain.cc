#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/texts/texts.h"
#include "cmd/verb.h"
#include "model/kernels/kernel_display.h"
#include "report/printable.h"
#include "report/text_table.h"
#include "rules/explain_message.h"
#include "tables/kernel_names.h"
#include "tables/kernel_parts.h"
#include "tables/table.h"

namespace varve {

namespace {
constexpr std::size_t kMessageCap = std::size_t{16} << 20;  // more is a log

struct ExplainFlags {
  std::vector<std::string> words;
  bool list = false;
  std::string data;
  OutputOptions output;
};

// A file that is named alone, or standard input.
bool names_text(const std::vector<std::string>& words) {
  if (words.size() != 1) return false;
  std::error_code error;
  return words.front() == "-" ||
         (std::filesystem::is_regular_file(words.front(), error) && is_text_to_read(words.front()));
}

// "fix      Restart …", the continuation lines below the text.
void add_row(TextTable& table, const std::string& name, const std::string& text) {
  if (!text.empty()) table.add({{name, Tone::dim}, {printable(text)}});
}

// What the name says of the whole kernel, each with the rule that reads it.
std::vector<Explanation::Fact> facts_of(const KernelMeaning& meaning, const std::string& name) {
  const KernelMeaningSources sources = kernel_meaning_sources(name);
  const auto source_of = [&](const char* field) {
    const auto found = sources.find(field);
    return found == sources.end() ? std::string() : found->second;
  };
  std::vector<Explanation::Fact> facts;
  const auto add = [&](const char* what, const std::string& value, const char* field) {
    if (!value.empty()) facts.push_back({what, value, std::nullopt, source_of(field)});
  };
  const auto add_if = [&](const char* what, bool holds) {
    if (holds) facts.push_back({what, "", true, source_of(what)});
  };
  const std::string shown = display_name(name);
  add("family", meaning.family == Family::other ? "" : std::string(to_string(meaning.family)), "family");
  add("in_short", shown == name ? "" : shown, "");
  add("made_by", meaning.origin, "origin");
  add("algorithm", meaning.algorithm, "algorithm");
  add("precision", meaning.precision, "precision");
  const bool may_use_units =
      meaning.family == Family::gemm || meaning.family == Family::conv || meaning.family == Family::attention;
  if (meaning.tensor_cores || may_use_units) {
    facts.push_back({"matrix_units", "", meaning.tensor_cores, source_of("tensor_cores")});
  }
  add_if("compiled", meaning.compiled);
  add_if("fused", meaning.fused);
  add("base", meaning.base == name ? "" : meaning.base, "base");
  add("dispatched", meaning.architecture, "architecture");
  return facts;
}

// The words for a fact, and for what it says.
std::pair<std::string, std::string> words_of(const Explanation::Fact& fact) {
  if (fact.what == "in_short") return {"in short", fact.value};
  if (fact.what == "made_by") return {"made by", fact.value};
  if (fact.what == "matrix_units")
    return {"matrix units", !fact.holds ? "the name does not say" : *fact.holds ? "yes" : "no"};
  if (fact.what == "compiled") return {"compiled", "for this program, not taken from a library"};
  if (fact.what == "fused") return {"fused", "several operations in one"};
  if (fact.what == "base") return {"without what the dispatcher chose", fact.value};
  if (fact.what == "dispatched") return {"what the dispatcher chose", fact.value};
  return {fact.what, fact.value};
}

void add_facts(TextTable& table, const std::vector<Explanation::Fact>& facts) {
  for (const Explanation::Fact& fact : facts) {
    if (fact.what == "family") continue;  // the title has it
    const auto [title, text] = words_of(fact);
    add_row(table, title, text);
  }
}

// What the name of a kernel says. Nothing for a text that no pattern knows.
std::optional<Explanation> explain_kernel(const std::string& text) {
  const std::string raw(trim(text));
  if (raw.find('\n') != std::string::npos) return std::nullopt;
  const std::string name = normalised_kernel_name(raw);
  const KernelMeaning meaning = kernel_meaning(name);
  const std::vector<KernelNamePart> parts = kernel_name_parts(name);
  if (meaning.family == Family::other && meaning.architecture.empty() && meaning.origin.empty() && parts.empty()) {
    return std::nullopt;
  }
  Explanation explanation{.kind = Explanation::Kind::kernel, .id = raw};
  explanation.title = meaning.family == Family::other
                          ? "a kernel; what for, its name does not say"
                          : "a kernel of the family " + std::string(to_string(meaning.family));
  explanation.facts = facts_of(meaning, name);
  for (const KernelNamePart& part : parts) {
    explanation.parts.push_back({part.text, part.meaning, part.what, part.value, part.known});
  }
  explanation.source =
      parts.empty() ? "data/kernel_patterns.json" : "data/kernel_patterns.json, data/kernel_parts.json";
  return explanation;
}

std::string joined_titles(const std::vector<FaultCategory>& categories) {
  std::vector<std::string> titles;
  for (const FaultCategory category : categories) titles.push_back(category_title(category));
  return join(titles, "; ");
}

// The first few; --json has all.
std::string rules_in_short(const std::vector<std::string>& rules) {
  constexpr std::size_t kShown = 6;
  return and_more(rules, kShown);
}

std::string text_of(const Explanation& explanation, const TextStyle& style) {
  std::string text = paint(printable(explanation.id), Tone::bold, style) + "\n";
  const bool is_rule = explanation.kind == Explanation::Kind::rule;
  TextTable table({{""}, {""}});
  add_row(table, "in", explanation.found);
  const bool is_finding = explanation.kind == Explanation::Kind::finding;
  add_row(table, is_rule ? "must hold" : is_finding ? "says" : "is", explanation.title);
  if (explanation.layer) add_row(table, "layer", layer_title(*explanation.layer));
  if (explanation.kind != Explanation::Kind::kernel && !is_finding)
    add_row(table, "fault", category_title(explanation.category));
  if (explanation.severity) add_row(table, "severity", std::string(to_string(*explanation.severity)));
  if (explanation.mender) add_row(table, "mended by", std::string(to_string(*explanation.mender)));
  add_row(table, is_rule ? "otherwise" : "cause", explanation.cause);
  add_row(table, "fix", explanation.fix);
  add_row(table, "may also be", joined_titles(explanation.also));
  for (const std::string& cause : explanation.other_causes) add_row(table, "or", cause);
  add_row(table, "told by", rules_in_short(explanation.rules));
  add_facts(table, explanation.facts);
  std::set<std::pair<std::string, std::string>> said;  // each once: a namespace stands before many parts
  for (const Explanation::Part& part : explanation.parts) {
    if (!said.emplace(part.text, part.meaning).second) continue;
    add_row(table, printable(part.text), part.meaning.empty() ? "(not known)" : part.meaning);
  }
  add_row(table, "source", explanation.source);
  return text + table.render(style);
}

std::string text_of(const ExplanationAnswer& answer, const TextStyle& style) {
  std::string text;
  bool has_error = false;
  for (const Explanation& explanation : answer.explanations) {
    if (!text.empty()) text += "\n";
    text += text_of(explanation, style);
    has_error = has_error || explanation.kind == Explanation::Kind::error;
  }
  if (has_error)
    text += "\nNext: varve check tells which of these it is on this machine; varve check --log FILE with the log.\n";
  return text;
}

// "driver" of VRV-DRIVER-HALVES.
std::string area_of(std::string_view id) {
  const std::vector<std::string_view> words = split(id, '-');
  return to_lower(words.size() > 1 ? words[1] : id);
}

Json rule_to_json(const Rule& rule) {
  return {{"id", rule.id},
          {"area", area_of(rule.id)},
          {"layer", std::string(to_string(rule.layer))},
          {"severity", std::string(to_string(rule.severity))},
          {"mender", std::string(to_string(rule.mender))},
          {"category", std::string(to_string(rule.category))},
          {"needs", rule.needs},
          {"statement", rule.statement},
          {"consequence", rule.consequence},
          {"fix", rule.fix},
          {"source", rule.source}};
}

ExitStatus list_rules(const ExplainFlags& options) {
  return write_answer(
      options.output,
      [] {
        Json rules = Json::array();
        for (const Rule* rule : all_rules()) rules.push_back(rule_to_json(*rule));
        return pretty_json({{"rules", std::move(rules)}});
      },
      [] {
        TextTable table({{"rule"}, {"severity"}, {"what must hold"}});
        for (const Rule* rule : all_rules()) {
          table.add({{rule->id}, {std::string(to_string(rule->severity))}, {rule->statement}});
        }
        return table.render(output_style());
      });
}

ExitStatus explain(const ExplainFlags& options) {
  if (options.list) return list_rules(options);
  if (options.words.empty()) {
    return complain({"reading the command line", "", "there is nothing to explain",
                     "Give the id of a rule or a finding, an error or a kernel"},
                    ExitStatus::usage);
  }
  std::string text = join(options.words, " ");
  if (const Status chosen = use_tables_of(options.data); !chosen) return complain(chosen.error());
  const Result<Knowledge> knowledge = load_knowledge(options.data);
  if (!knowledge) return complain(knowledge.error());
  if (names_text(options.words)) {
    Result<OpenText> file = open_text(text);
    if (!file) return complain(file.error());
    text = file->file.start(0, kMessageCap).value_or("");
    Result<std::vector<ReadText>> machines = read_machines(std::move(*file), *knowledge);
    if (!machines) return complain(machines.error());
    // A whole report is judged as varve check does it; a message alone is explained.
    if (machines->front().names_machine) return check_texts(std::move(*machines), options.data, options.output);
  }
  const Result<ErrorPatterns> patterns = load_error_patterns(*knowledge, options.data);
  if (!patterns) return complain(patterns.error());
  ExplanationAnswer answer = explain_text(text, *patterns, *knowledge);
  if (answer.explanations.empty()) {
    if (auto kernel = explain_kernel(text)) answer = {.explanations = {std::move(*kernel)}, .nearest = {}};
  }
  const ExitStatus status = answer.explanations.empty() ? ExitStatus::inconclusive : ExitStatus::ok;
  if (answer.explanations.empty()) {
    const std::string near = join(answer.nearest, ", ");
    const std::string shown = printable(clean_utf8(trim(text), 80));
    complain({"explaining", "", "\"" + shown + "\" is no rule, no finding, no error and no kernel that is known",
              near.empty() ? "Give the whole message, or the log to varve check --log FILE" : "The nearest: " + near});
    if (!options.output.json && options.output.file.empty()) return status;
  }
  return write_answer(
      options.output, [&] { return pretty_json(to_json(answer)); }, [&] { return text_of(answer, output_style()); },
      status);
}
}  // namespace

Command declare_explain() {
  auto options = std::make_shared<ExplainFlags>();
  const std::vector<Flag> own = {
      {.names = "TEXT",
       .target = &options->words,
       .help = "the id of a rule or another finding, an error's number, name or message, a kernel's name; a file, or - "
               "for stdin: a whole "
               "text, judged "
               "as varve check does it where it describes a machine"},
      {"--list", "", &options->list, "all rules of varve check"},
      data_flag(options->data),
  };
  return {.name = "explain",
          .summary = "a rule, an error or a kernel in words: layer, cause, fix",
          .flags = join_flags({own, output_flags(options->output)}),
          .act = [options] { return explain(*options); }};
}

}  // namespace varve
