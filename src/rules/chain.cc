#include "rules/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "rules/analysis/chain_links.h"
#include "rules/analysis/consumer_answers.h"
#include "rules/analysis/consumer_verdict.h"

namespace varve {

namespace {
ChainLink cannot_tell(Layer layer, const std::string& id, const Fact& fact) {
  return {layer, CheckState::cannot_tell, fmt::format("{} is {}", id, fact_text(fact))};
}

bool is_weak(const Finding& finding) {
  return finding.severity == Severity::warning && finding.category != FaultCategory::silent_slowdown;
}

// A link that did not apply gave the reason why nothing was to be looked for: what is found there takes its place.
void worsen(ChainLink& link, CheckState state, const std::string& words) {
  if (link.state == CheckState::not_applicable) link.detail.clear();
  link.state = state;
  if (link.detail.find(words) == std::string::npos) link.detail += (link.detail.empty() ? "" : "; ") + words;
}

// What findings say of a link. An error breaks it, whatever it says of; a slow setting is no weak link.
void apply_findings(ChainLink& link, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    const bool error = finding.severity == Severity::error;
    if (link_of(finding.layer, finding.category) != link.layer || (!error && !is_weak(finding))) continue;
    if (!error && link.state == CheckState::broken) continue;
    worsen(link, error ? CheckState::broken : CheckState::degraded, "see " + finding.id);
  }
}

// An error of the log that no fact decides: each link that it may come from cannot be told.
void apply_open_errors(ChainLink& link, const std::vector<ExplainedError>& errors) {
  for (const ExplainedError& error : errors) {
    const auto may_break = [&](const CauseCandidate& cause) {
      return cause.state == CandidateState::open && cause.category != FaultCategory::none &&
             link_of(cause.layer, cause.category) == link.layer;
    };
    const bool is_open = error.standing == CauseStanding::undecided;
    if (!is_open || std::none_of(error.candidates.begin(), error.candidates.end(), may_break)) continue;
    if (link.state == CheckState::broken) continue;
    return worsen(link, CheckState::cannot_tell, fmt::format("line {} of the log may come from here", error.line));
  }
}

// Nothing to show: what stands in a link of which nobody said or found anything.
ChainLink nothing(Layer layer) { return {layer, CheckState::not_applicable, ""}; }

ChainLink hardware_link(const Analysis& analysis) {
  const Layer layer = Layer::hardware;
  const std::vector<Gpu>& gpus = analysis.gpus.empty() ? analysis.gpus_on_bus : analysis.gpus;
  if (gpus.empty()) return nothing(layer);
  std::vector<std::string> names;
  for (const Gpu& gpu : gpus) {
    std::string name = gpu.model.empty() ? "a GPU" : gpu.model;
    if (gpu.capability) name += " (" + to_string(*gpu.capability) + ")";
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  const std::string count = gpus.size() > 1 ? fmt::format("{} GPUs: ", gpus.size()) : "";
  return {layer, CheckState::ok, count + and_more(names, 3)};
}

// The first of the driver's two halves that nobody could look for.
std::optional<ChainLink> untold_driver(const Analysis& analysis, Layer layer) {
  for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version"}) {
    const Fact& fact = fact_of(analysis, id);
    if (!fact.is_answer()) return cannot_tell(layer, id, fact);
  }
  return std::nullopt;
}

ChainLink kernel_driver_link(const Analysis& analysis) {
  const Layer layer = Layer::kernel_driver;
  if (const auto version = text_of(analysis, "driver.kernel_mode.version")) {
    const auto flavour = text_of(analysis, "driver.kernel_mode.flavour");
    return {layer, CheckState::ok, *version + (flavour ? " (" + *flavour + ")" : "")};
  }
  if (text_of(analysis, "driver.user_mode.version")) {
    return {layer, CheckState::not_applicable,
            "none shows here: " + fact_text(fact_of(analysis, "driver.kernel_mode.version"))};
  }
  if (analysis.has_no_gpu) return {layer, CheckState::not_applicable, "no GPU, so no driver to look for"};
  if (const auto untold = untold_driver(analysis, layer)) return *untold;
  if (fact_of(analysis, "driver.user_mode.version").missing == Missing::absent) {
    return {layer, analysis.has_gpu ? CheckState::broken : CheckState::not_applicable, "no driver is installed"};
  }
  return {layer, CheckState::not_applicable, "nothing around it was looked at"};
}

ChainLink user_driver_link(const Analysis& analysis) {
  const Layer layer = Layer::user_driver;
  const auto version = text_of(analysis, "driver.user_mode.version");
  if (!version && !text_of(analysis, "driver.kernel_mode.version")) return nothing(layer);
  if (!version) {
    const Fact& fact = fact_of(analysis, "driver.user_mode.version");
    if (!fact.is_answer()) return cannot_tell(layer, "driver.user_mode.version", fact);
    return {layer, CheckState::not_applicable, "no libcuda is there"};
  }
  const std::string level = analysis.api_level ? ", API level " + to_string(*analysis.api_level) : "";
  return {layer, CheckState::ok, "libcuda " + *version + level};
}

ChainLink container_link(const Analysis& analysis) {
  const auto kind = text_of(analysis, "container.kind");
  if (!kind || *kind == "none") return nothing(Layer::container);
  return {Layer::container, CheckState::ok, *kind};
}

ChainLink toolkit_link(const Analysis& analysis) {
  const Layer layer = Layer::host_toolkit;
  const Fact& active = fact_of(analysis, "toolkit.active");
  if (active.is_known()) {
    const auto version = text_of(analysis, "toolkit.nvcc.version");
    return {layer, CheckState::ok, value_text(*active.value) + (version ? ", CUDA " + *version : "")};
  }
  if (active.is_answer()) {
    return {layer, CheckState::not_applicable, "none is active; what brings its own runtime needs none"};
  }
  return cannot_tell(layer, "toolkit.active", active);
}

// Whether an answer counts in the state of its consumer, which is the worst of those that do.
bool counts(const ConsumerVerdict& consumer, const ConsumerAnswer& answer) {
  const bool is_unread_symbol = answer.question == Question::symbols && answer.state == CheckState::cannot_tell;
  return !is_unread_symbol && !is_worse(answer.state, consumer.state);
}

// The worst of the consumers, by the answers to some of the questions.
struct Worst {
  const ConsumerVerdict* consumer = nullptr;
  CheckState state = CheckState::not_applicable;
  std::string questions;    // whose answers decided
  std::size_t like_it = 0;  // how many consumers are in that state
};

Worst worst_of(const std::vector<ConsumerVerdict>& consumers, std::initializer_list<Question> asked) {
  Worst worst;
  for (const ConsumerVerdict& consumer : consumers) {
    Worst own{.consumer = &consumer, .state = CheckState::not_applicable, .questions = {}, .like_it = 1};
    for (const ConsumerAnswer& answer : consumer.answers) {
      if (std::find(asked.begin(), asked.end(), answer.question) == asked.end()) continue;
      if (answer.state == CheckState::not_applicable || !counts(consumer, answer)) continue;
      const bool is_first = own.questions.empty();
      if (!is_first && answer.state == own.state) own.questions += ", " + std::string(to_string(answer.question));
      if (!is_first && !is_worse(answer.state, own.state)) continue;
      own.state = answer.state;
      own.questions = to_string(answer.question);
    }
    if (own.questions.empty()) continue;
    if (worst.consumer != nullptr && worst.state == own.state) {
      ++worst.like_it;
    } else if (worst.consumer == nullptr || is_worse(own.state, worst.state)) {
      worst = std::move(own);
    }
  }
  return worst;
}

ChainLink consumer_link(Layer layer, const Worst& worst) {
  if (worst.consumer == nullptr) return nothing(layer);
  std::string text = worst.consumer->name;
  if (worst.like_it > 1) text += fmt::format(" and {} more", worst.like_it - 1);
  if (worst.state != CheckState::ok) text += ": " + worst.questions;
  return {layer, worst.state, text};
}

ChainLink runtime_link(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers) {
  const Layer layer = Layer::bundled_runtime;
  const Worst worst = worst_of(consumers, {Question::driver, Question::gpu});
  if (worst.consumer != nullptr) return consumer_link(layer, worst);
  if (!consumers.empty() && !consumers.front().answers.empty()) {
    const ConsumerVerdict& first = consumers.front();
    return {layer, CheckState::not_applicable, first.name + ": " + first.answers.front().detail};
  }
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      const bool is_untold = package.cuda.missing == Missing::not_asked && !package.cuda.is_known();
      if (!package.is_consumer() || !is_untold) continue;
      return {layer, CheckState::cannot_tell,
              fmt::format("which CUDA {} {} was built for is not told", package.name, package.version)};
    }
  }
  const Fact& looked = fact_of(analysis, "environments.frameworks");
  if (!looked.is_answer()) return cannot_tell(layer, "environments.frameworks", looked);
  return {layer, CheckState::not_applicable, "no framework and no binary with GPU code was found"};
}

ChainLink handshake_link(const Analysis& analysis) {
  const Layer layer = Layer::handshake;
  const Fact& result = fact_of(analysis, "handshake.result");
  if (!result.is_known()) {
    const bool none = analysis.has_no_gpu || result.missing == Missing::not_applicable;
    const std::string why = analysis.has_no_gpu || result.detail.empty() ? "no GPU to shake hands with" : result.detail;
    if (none) return {layer, CheckState::not_applicable, why};
    if (result.missing == Missing::not_asked) {
      return {layer, CheckState::cannot_tell, "no kernel was tried: varve capture --handshake does"};
    }
    return cannot_tell(layer, "handshake.result", result);
  }
  for (const HandshakeStep& step : analysis.machine.handshake) {
    if (step.state == StepState::failed) {
      const std::string code = step.code ? fmt::format(" (code {})", *step.code) : "";
      return {layer, CheckState::broken, step.step + ": " + step.detail + code};
    }
  }
  return {layer, CheckState::ok, value_text(*result.value)};
}

ChainLink link_by_facts(Layer layer, const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers) {
  switch (layer) {
    case Layer::hardware:
      return hardware_link(analysis);
    case Layer::kernel_driver:
      return kernel_driver_link(analysis);
    case Layer::user_driver:
      return user_driver_link(analysis);
    case Layer::container:
      return container_link(analysis);
    case Layer::host_toolkit:
      return toolkit_link(analysis);
    case Layer::framework:
    case Layer::bundled_runtime:
      return runtime_link(analysis, consumers);
    case Layer::kernel_library:
      return consumer_link(layer, worst_of(consumers, {Question::libraries, Question::symbols}));
    case Layer::kernels:
      return consumer_link(layer, worst_of(consumers, {Question::gpu_code, Question::compilers}));
    case Layer::handshake:
      return handshake_link(analysis);
    case Layer::os:
    case Layer::settings:
      break;
  }
  return nothing(layer);
}
}  // namespace

std::vector<ChainLink> judge_chain(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers,
                                   const std::vector<Finding>& findings, const std::vector<ExplainedError>& errors) {
  std::vector<ChainLink> chain;
  for (const Layer layer : chain_links()) {
    ChainLink link = link_by_facts(layer, analysis, consumers);
    apply_findings(link, findings);
    apply_open_errors(link, errors);
    if (link.state != CheckState::not_applicable || !link.detail.empty()) chain.push_back(std::move(link));
  }
  return chain;
}

}  // namespace varve
