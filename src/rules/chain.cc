#include "rules/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/analysis/consumer_verdict.h"

namespace varve {

namespace {
// The link of the chain that a finding belongs to; nothing for what is not in the chain (settings, the system).
std::optional<Layer> link_of(Layer layer) {
  switch (layer) {
    case Layer::hardware:
    case Layer::kernel_driver:
    case Layer::user_driver:
    case Layer::container:
      return Layer::kernel_driver;
    case Layer::host_toolkit:
      return Layer::host_toolkit;
    case Layer::framework:
    case Layer::bundled_runtime:
    case Layer::kernel_library:
      return Layer::bundled_runtime;
    case Layer::handshake:
      return Layer::handshake;
    case Layer::os:
    case Layer::settings:
    case Layer::kernels:
      break;
  }
  return std::nullopt;
}

ChainLink cannot_tell(Layer layer, const std::string& id, const Fact& fact) {
  return {layer, CheckState::cannot_tell, fmt::format("{} is {}", id, fact_text(fact))};
}

// A slow setting is no weak link: only what belongs to the chain counts.
bool is_of_chain(const Finding& finding) { return finding.category != FaultCategory::silent_slowdown; }

void apply_findings(ChainLink& link, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (link_of(finding.layer) != link.layer || !is_of_chain(finding) || finding.severity == Severity::note) continue;
    const bool error = finding.severity == Severity::error;
    if (!error && link.state == CheckState::broken) continue;
    link.state = error ? CheckState::broken : CheckState::degraded;
    if (link.detail.find(finding.id) == std::string::npos) link.detail += "; see " + finding.id;
  }
}

std::string driver_text(const Analysis& analysis) {
  std::string text;
  if (const auto kernel = text_of(analysis, "driver.kernel_mode.version")) {
    const auto flavour = text_of(analysis, "driver.kernel_mode.flavour");
    text = "kernel " + *kernel + (flavour ? " (" + *flavour + ")" : "");
  }
  if (const auto user = text_of(analysis, "driver.user_mode.version")) {
    text += (text.empty() ? "user " : ", user ") + *user;
  }
  if (analysis.api_level) text += (text.empty() ? "" : ", ") + ("API level " + to_string(*analysis.api_level));
  return text;
}

ChainLink driver_link(const Analysis& analysis) {
  const Layer layer = Layer::kernel_driver;
  const std::string text = driver_text(analysis);
  if (!text.empty()) return {layer, CheckState::ok, text};
  if (analysis.has_no_gpu) return {layer, CheckState::not_applicable, "no GPU, so no driver to look for"};
  for (const char* id : {"driver.kernel_mode.version", "driver.user_mode.version"}) {
    const Fact& fact = fact_of(analysis, id);
    if (!fact.is_answer()) return cannot_tell(layer, id, fact);
  }
  if (fact_of(analysis, "driver.user_mode.version").missing == Missing::absent) {
    return {layer, analysis.has_gpu ? CheckState::broken : CheckState::not_applicable, "no driver is installed"};
  }
  return {layer, CheckState::not_applicable, "nothing around it was looked at"};
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

// The questions whose answers decided the state of a consumer.
std::string deciding_questions(const ConsumerVerdict& consumer) {
  std::string text;
  for (const ConsumerAnswer& answer : consumer.answers) {
    if (answer.state != consumer.state) continue;
    if (!text.empty()) text += ", ";
    text += to_string(answer.question);
  }
  return text;
}

ChainLink runtime_link(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers) {
  const Layer layer = Layer::bundled_runtime;
  const ConsumerVerdict* worst = nullptr;
  std::size_t like_it = 0;
  for (const ConsumerVerdict& consumer : consumers) {
    if (worst == nullptr || is_worse(consumer.state, worst->state)) {
      worst = &consumer;
      like_it = 0;
    }
    if (consumer.state == worst->state) ++like_it;
  }
  const Fact& looked = fact_of(analysis, "environments.frameworks");
  if (worst == nullptr && !looked.is_answer()) return cannot_tell(layer, "environments.frameworks", looked);
  if (worst == nullptr)
    return {layer, CheckState::not_applicable, "no framework and no binary with GPU code was found"};
  std::string text = worst->name;
  if (like_it > 1) text += fmt::format(" and {} more", like_it - 1);
  if (worst->state != CheckState::ok) text += ": " + deciding_questions(*worst);
  return {layer, worst->state, text};
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
}  // namespace

std::vector<ChainLink> judge_chain(const Analysis& analysis, const std::vector<ConsumerVerdict>& consumers,
                                   const std::vector<Finding>& findings) {
  std::vector<ChainLink> chain = {driver_link(analysis), toolkit_link(analysis), runtime_link(analysis, consumers),
                                  handshake_link(analysis)};
  for (ChainLink& link : chain) apply_findings(link, findings);
  return chain;
}

}  // namespace varve
