#include "rules/analysis/consumer_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace varve {

namespace {
// Several GPUs: one that is served is enough for "degraded".
struct OverGpus {
  CheckState state = CheckState::not_applicable;
  std::vector<std::string> details;
  bool any = false, any_runs = false;

  void add(CheckState one, std::string detail) {
    any = true;
    any_runs = any_runs || one == CheckState::ok || one == CheckState::degraded;
    if (is_worse(one, state)) state = one;
    details.push_back(std::move(detail));
  }
  ConsumerAnswer answer(Question question) const {
    const bool some_gpus = state == CheckState::broken && any_runs;
    return {question, some_gpus ? CheckState::degraded : state, join(details, "; ")};
  }
};

// A GPU whose model no table knows, and that did not say its capability.
std::string unknown_gpu_words(const Situation& situation) {
  const Fact& fact = fact_of(situation, "gpu.compute_capabilities");
  const std::string model = situation.gpus.front().model;
  return fmt::format("gpu.compute_capabilities is {}{}", fact_text(fact),
                     model.empty() ? "" : ", and the tables do not know " + model);
}
}  // namespace

std::string no_gpu_words(const Situation& situation) {
  if (situation.has_no_gpu) return "no GPU: nothing of it runs on one";
  return "no GPU is known";
}

ConsumerAnswer answer_gpu(const Situation& situation, const ServingDriver& driver,
                          const std::vector<GpuSupportVerdict>& support, bool uses_cuda) {
  if (!uses_cuda) return {Question::gpu, CheckState::not_applicable, "its own files use no CUDA"};
  if (situation.gpus.empty()) return {Question::gpu, CheckState::not_applicable, no_gpu_words(situation)};
  if (driver.presence != DriverPresence::there) return {Question::gpu, CheckState::not_applicable, driver.detail};
  if (support.empty()) return {Question::gpu, CheckState::cannot_tell, unknown_gpu_words(situation)};
  OverGpus over;
  for (const GpuSupportVerdict& gpu : support) {
    const bool untold = gpu.support == GpuSupport::untold, known = gpu.support == GpuSupport::known;
    over.add(known ? CheckState::ok : untold ? CheckState::cannot_tell : CheckState::broken, gpu.detail);
  }
  return over.answer(Question::gpu);
}

ConsumerAnswer answer_code(const Situation& situation, const std::vector<CodeVerdict>& code,
                           const std::vector<LibraryCodeVerdict>& libraries) {
  if (situation.gpus.empty()) return {Question::gpu_code, CheckState::not_applicable, no_gpu_words(situation)};
  if (code.empty()) return {Question::gpu_code, CheckState::cannot_tell, unknown_gpu_words(situation)};
  OverGpus over;
  for (const CodeVerdict& verdict : code) {
    const bool same = verdict.cause == CodeCause::no_code || verdict.cause == CodeCause::not_read;
    if (!same || !over.any) over.add(state_of(verdict.cause), verdict.detail);
  }
  ConsumerAnswer answer = over.answer(Question::gpu_code);
  for (const LibraryCodeVerdict& library : libraries) {
    if (is_worse(CheckState::degraded, answer.state)) answer.state = CheckState::degraded;
    answer.detail += "; " + library.detail;
  }
  return answer;
}

ConsumerAnswer answer_compilers(const Situation& situation, const std::vector<CompilerVerdict>& compilers,
                                CheckState code_state) {
  if (situation.gpus.empty()) return {Question::compilers, CheckState::not_applicable, no_gpu_words(situation)};
  if (compilers.empty()) return {Question::compilers, CheckState::not_applicable, "it brings none"};
  const bool own_code = code_state == CheckState::ok || code_state == CheckState::degraded;
  OverGpus over;
  for (const CompilerVerdict& verdict : compilers) {
    const bool broken = verdict.state == CheckState::broken;
    over.add(broken && own_code ? CheckState::degraded : verdict.state, verdict.detail);
  }
  ConsumerAnswer answer = over.answer(Question::compilers);
  if (over.state == CheckState::broken) answer.state = CheckState::broken;
  return answer;
}

bool is_worse(CheckState state, CheckState than) {
  constexpr std::array kByWeight = {CheckState::not_applicable, CheckState::ok, CheckState::degraded,
                                    CheckState::cannot_tell, CheckState::broken};
  const auto weight = [&](CheckState one) { return std::find(kByWeight.begin(), kByWeight.end(), one); };
  return weight(state) > weight(than);
}

}  // namespace varve
