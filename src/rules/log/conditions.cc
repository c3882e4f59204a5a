#include "rules/log/conditions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/fact_catalog.h"
#include "package/python_metadata.h"
#include "rules/analysis/consumer_answers.h"
#include "rules/log/machine_traits.h"
#include "tables/messages/error_patterns.h"

namespace varve {

namespace {
using TermKind = ConditionTerm::Kind;

Holds holds_if(bool condition) { return condition ? Holds::yes : Holds::no; }

// The value of a term with what the groups matched in place of "{1}".
std::string value_of(const ConditionTerm& term, const ConditionGround& ground) {
  return term.value.find('{') == std::string::npos ? term.value : fill_groups(term.value, ground.groups);
}

bool is_so(const DottedVersion& a, const std::string& relation, const DottedVersion& b) {
  if (relation == "<") return a < b;
  if (relation == "<=") return a <= b;
  if (relation == ">") return a > b;
  return relation == ">=" ? a >= b : a == b;
}

// "sm_121a" names the same architecture as "121".
std::optional<ComputeCapability> capability_of(std::string text) {
  if (text.starts_with("compute_")) text.erase(0, 8);
  if (!text.empty() && (text.back() == 'a' || text.back() == 'f')) text.pop_back();
  return compute_capability_from(text);
}

bool matches_id(std::string_view id, std::string_view wanted) {
  return wanted.ends_with('*') ? id.starts_with(wanted.substr(0, wanted.size() - 1)) : id == wanted;
}

Answer ask_found(const ConditionTerm& term, const ConditionGround& ground) {
  for (const Finding& finding : ground.findings) {
    if (matches_id(finding.id, term.name)) return {Holds::yes, finding.id + ": " + finding.evidence};
  }
  const bool untold = std::any_of(ground.untold.begin(), ground.untold.end(),
                                  [&](const UntoldRule& rule) { return matches_id(rule.rule, term.name); });
  return untold ? Answer{} : Answer{Holds::no, term.name + " found nothing"};
}

Answer ask_said(const ConditionTerm& term, const ConditionGround& ground) {
  for (const ExplainedError& error : ground.errors) {
    if (error.pattern == term.name) {
      return {Holds::yes, fmt::format("line {} of the log says \"{}\"", error.line, error.text)};
    }
  }
  return {Holds::no, "the log does not say so"};
}

Answer ask_fact(const ConditionTerm& term, const ConditionGround& ground) {
  const Fact& fact = fact_of(ground.analysis, term.name);
  const FactDefinition* row = find_fact_definition(term.name);
  const std::string title = row == nullptr ? term.name : row->title;
  const std::string words = title + ": " + fact_text(fact);
  if (term.relation == "is absent" || term.relation == "is known") {
    if (!fact.is_answer()) return {};
    const bool known = term.relation == "is known";
    return {holds_if(known ? fact.is_known() : fact.missing == Missing::absent), words};
  }
  if (!fact.is_known()) return fact.is_answer() && term.relation == "has" ? Answer{Holds::no, words} : Answer{};
  const std::string value = value_of(term, ground), text = value_text(*fact.value);
  if (term.relation == "has") return {holds_if(to_lower(text).find(to_lower(value)) != std::string::npos), words};
  // "glibc 2.17": the versions of musl are counted otherwise.
  const std::string_view version =
      text.starts_with("glibc ") ? std::string_view(text).substr(6) : std::string_view(text);
  if (const auto a = dotted_version_from(version), b = dotted_version_from(value); a && b) {
    return {holds_if(is_so(*a, term.relation, *b)), words};
  }
  return term.relation == "=" ? Answer{holds_if(text == value), words} : Answer{};
}

Answer ask_gpu(const ConditionTerm& term, const ConditionGround& ground) {
  const std::string value = value_of(term, ground);
  const auto wanted = value.find('.') == std::string::npos ? capability_of(value) : std::nullopt;
  const auto bound = wanted ? DottedVersion{.parts = {wanted->major, wanted->minor}} : dotted_version_from(value);
  const std::vector<ComputeCapability> gpus = capabilities_of(ground.analysis);
  if (!bound || gpus.empty()) return {};
  const auto holds = [&](const ComputeCapability& gpu) {
    return is_so(DottedVersion{.parts = {gpu.major, gpu.minor}}, term.relation, *bound);
  };
  std::vector<std::string> names;
  for (const ComputeCapability& gpu : gpus) names.push_back(gpu_words(ground.analysis, gpu));
  const std::string words = fmt::format("the GPU is {}", join(names, ", "));
  const bool all = std::all_of(gpus.begin(), gpus.end(), holds), any = std::any_of(gpus.begin(), gpus.end(), holds);
  const bool all_known = std::all_of(ground.analysis.gpus.begin(), ground.analysis.gpus.end(),
                                     [](const Gpu& gpu) { return gpu.capability.has_value(); });
  const bool answer = term.kind == TermKind::some_gpu ? any : all;
  const bool is_sure = all_known || answer == (term.kind == TermKind::some_gpu);
  return is_sure ? Answer{holds_if(answer), words} : Answer{};
}

const ConsumerAnswer& answer_to(const AnalysedConsumer& consumer, Question question) {
  switch (question) {
    case Question::driver:
      return consumer.driver.answer;
    case Question::gpu:
      return consumer.answers.gpu;
    case Question::gpu_code:
      return consumer.answers.code;
    case Question::libraries:
      return consumer.answers.libraries;
    case Question::symbols:
      return consumer.answers.symbols;
    case Question::compilers:
      break;
  }
  return consumer.answers.compilers;
}

// The worst of the answers of all consumers; one that cannot be told leaves it open.
Answer ask_answer(const ConditionTerm& term, const ConditionGround& ground) {
  const ConsumerAnswer* worst = nullptr;
  std::string name;
  for (const AnalysedConsumer& consumer : ground.analysis.consumers) {
    const ConsumerAnswer& answer = answer_to(consumer, term.question);
    if (answer.state == CheckState::not_applicable) continue;
    if (worst != nullptr && !is_worse(answer.state, worst->state)) continue;
    worst = &answer;
    name = consumer.consumer.name;
  }
  const bool asks_nothing = worst == nullptr && !ground.analysis.consumers.empty();
  if (asks_nothing) return {Holds::no, fmt::format("nothing here asks for {}", to_string(term.question))};
  if (worst == nullptr || worst->state == CheckState::cannot_tell) return {};
  return {holds_if(worst->state == term.state),
          fmt::format("{} of {}: {}, {}", to_string(term.question), name, to_string(worst->state), worst->detail)};
}

Answer ask_regime(const ConditionTerm& term, const ConditionGround& ground) {
  bool any = false, all = true, all_known = true, is_there = false;
  std::string of_it, of_another;  // what one of each kind says
  for (const AnalysedConsumer& consumer : ground.analysis.consumers) {
    if (!consumer.driver.uses_cuda) continue;
    is_there = true;
    all_known = all_known && consumer.driver.regime.has_value();
    const bool same = consumer.driver.regime == term.regime;
    std::string& words = same ? of_it : of_another;
    if (words.empty()) words = consumer.driver.answer.detail;
    any = any || same;
    all = all && same;
  }
  const bool asks_some = term.kind == TermKind::some_regime;
  const bool is_sure = is_there && (all_known || (asks_some ? any : !all));
  if (!is_sure) return {};
  const bool answer = asks_some ? any : all;
  return {holds_if(answer), answer ? of_it : of_another};
}

Answer ask_package(const ConditionTerm& term, const ConditionGround& ground) {
  const auto& environments = ground.analysis.subject.environments;
  for (const Environment& environment : environments) {
    for (const Package& package : environment.packages) {
      if (normal_package_name(package.name) != term.name) continue;
      const std::string words = package.name + " " + package.version + " in " + environment.path;
      if (term.relation.empty()) return {Holds::yes, words};
      const auto version = dotted_version_from(package.version), bound = dotted_version_from(value_of(term, ground));
      if (version && bound) return {holds_if(is_so(*version, term.relation, *bound)), words};
    }
  }
  return environments.empty() ? Answer{} : Answer{Holds::no, "no environment has " + term.name};
}

Answer ask_build(const ConditionTerm& term, const ConditionGround& ground) {
  const auto bound = dotted_version_from(value_of(term, ground));
  for (const Environment& environment : ground.analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      if (normal_package_name(package.name) != term.name || !package.cuda.is_known() || !bound) continue;
      const std::string cuda = value_text(*package.cuda.value);
      const auto version = dotted_version_from(cuda);
      if (!version) continue;
      return {holds_if(is_so(*version, term.relation, *bound)),
              fmt::format("{} {} is built with CUDA {}", package.name, package.version, cuda)};
    }
  }
  return {};
}

// The CUDA release that builds would take, as far as it is known.
Answer ask_toolkit(const ConditionTerm& term, const ConditionGround& ground) {
  const auto capability = capability_of(value_of(term, ground));
  if (!capability) return {};
  const GpuArchitecture* row = find_architecture(ground.analysis.knowledge, *capability);
  const std::string toolkit = toolkit_release(ground.analysis);
  const auto release = dotted_version_from(toolkit);
  const bool asks_dropped = term.kind == TermKind::toolkit_dropped;
  if (row == nullptr) return {};
  const auto first = dotted_version_from(row->first_cuda), last = dotted_version_from(row->last_cuda);
  const std::string range = fmt::format("CUDA compiles for {} from {} {}", to_string(*capability), row->first_cuda,
                                        last ? "to " + row->last_cuda : "on");
  if (term.kind == TermKind::releases_dropped) return {holds_if(last.has_value()), range};
  if (!release) return asks_dropped && !last ? Answer{Holds::no, range} : Answer{};  // what none dropped, none has here
  const DottedVersion here{.parts = {release->major(), release->minor()}};
  const bool is_early = first && here < *first, is_late = last && here > *last;
  const std::string words = fmt::format("{}, and the toolkit here is {}", range, toolkit);
  return {holds_if(asks_dropped ? is_late : !is_early && !is_late), words};
}

Answer ask_term(const ConditionTerm& term, const ConditionGround& ground) {
  switch (term.kind) {
    case TermKind::found:
      return ask_found(term, ground);
    case TermKind::said:
      return ask_said(term, ground);
    case TermKind::fact:
      return ask_fact(term, ground);
    case TermKind::some_gpu:
    case TermKind::every_gpu:
      return ask_gpu(term, ground);
    case TermKind::answer:
      return ask_answer(term, ground);
    case TermKind::some_regime:
    case TermKind::every_regime:
      return ask_regime(term, ground);
    case TermKind::package:
      return ask_package(term, ground);
    case TermKind::build:
      return ask_build(term, ground);
    case TermKind::machine:
      return ask_trait(term.trait, ground.analysis);
    case TermKind::toolkit_knows:
    case TermKind::toolkit_dropped:
    case TermKind::releases_dropped:
      break;
  }
  return ask_toolkit(term, ground);
}
}  // namespace

namespace {
// Whether a term asks the message or the tables alone.
bool needs_no_machine(const ConditionTerm& term) {
  return term.kind == TermKind::said || term.kind == TermKind::releases_dropped;
}
}  // namespace

Answer ask(const Condition& condition, const ConditionGround& ground) {
  Answer all{Holds::yes, ""};
  for (const ConditionTerm& term : condition.terms) {
    Answer one = ground.is_of_machine || needs_no_machine(term) ? ask_term(term, ground) : Answer{};
    if (term.negated && one.holds != Holds::unknown) one.holds = holds_if(one.holds == Holds::no);
    if (one.holds == Holds::no) return one;
    if (one.holds == Holds::unknown) all.holds = Holds::unknown;
    if (!one.words.empty()) all.words += (all.words.empty() ? "" : "; ") + one.words;
  }
  return all;
}

Answer ask_any(const std::vector<Condition>& conditions, const ConditionGround& ground) {
  for (const Condition& condition : conditions) {
    Answer answer = ask(condition, ground);
    if (answer.holds == Holds::yes) return answer;
  }
  return {};
}

}  // namespace varve
