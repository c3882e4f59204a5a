#include "rules/analysis/analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace varve {

namespace {
// "thor-cuda-kernels-sm89" → "thor-cuda-kernels-": a package that is made once for each kind of GPU. Empty: it is none.
std::string name_without_target(const std::string& name) {
  std::string rest;
  bool any = false;
  for (const std::string_view part : split(name, '-')) {
    const bool is_target = part.size() > 3 && part.starts_with("sm") && part[2] >= '1' && part[2] <= '9';
    any = any || is_target;
    if (!is_target) rest.append(part).append("-");
  }
  return any ? rest : std::string();
}

// Of packages that differ in the GPU that they are made for the one that fits is loaded: the others' code is missed on
// no GPU that one of them serves.
void leave_to_siblings(Analysis& analysis) {
  std::map<std::string, std::vector<AnalysedConsumer*>> families;
  for (AnalysedConsumer& consumer : analysis.consumers) {
    if (consumer.package == nullptr) continue;
    const std::string family = name_without_target(consumer.package->name);
    if (!family.empty()) families[consumer.consumer.environment + "\n" + family].push_back(&consumer);
  }
  for (const auto& [key, family] : families) {
    for (AnalysedConsumer* consumer : family) {
      for (std::size_t gpu = 0; gpu < consumer->code.size(); ++gpu) {
        const auto serves = [&](const AnalysedConsumer* other) {
          const CheckState state =
              gpu < other->code.size() ? state_of(other->code[gpu].cause) : CheckState::cannot_tell;
          return state == CheckState::ok || state == CheckState::degraded;
        };
        const auto sibling = std::find_if(family.begin(), family.end(), serves);
        if (sibling == family.end() || serves(consumer)) continue;
        CodeVerdict& verdict = consumer->code[gpu];
        verdict.cause = CodeCause::no_code;
        verdict.detail = fmt::format("{} serves {}", (*sibling)->package->name, to_string(verdict.gpu));
      }
      consumer->answers.code = answer_code(analysis, consumer->code, consumer->library_code);
      consumer->answers.compilers = answer_compilers(analysis, consumer->compilers, consumer->answers.code.state);
    }
  }
}

// GPU code that neither needs nor carries a runtime: a cubin, a library that others load.
bool is_code_alone(const AnalysedConsumer& consumer) {
  return !consumer.driver.uses_cuda &&
         std::any_of(consumer.code.begin(), consumer.code.end(), [](const CodeVerdict& one) {
           return one.cause != CodeCause::no_code && one.cause != CodeCause::not_read;
         });
}

AnalysedConsumer analyse_consumer(const Analysis& analysis, ConsumerView view) {
  AnalysedConsumer consumer{std::move(view)};
  consumer.runtimes = runtimes_of(consumer, analysis.knowledge);
  consumer.losses = losses_of(consumer, analysis.libraries);
  consumer.driver = answer_driver(analysis, analysis.driver, consumer.runtimes, driver_calls_of(consumer));
  consumer.code = judge_code(analysis, analysis.driver, consumer);
  consumer.library_code = judge_library_code(analysis, analysis.driver, consumer, consumer.code);
  consumer.compilers = judge_compilers(analysis, analysis.driver, consumer);
  ConsumerAnswers& answers = consumer.answers;
  answers.gpu = answer_gpu(analysis, analysis.driver, analysis.gpu_support, consumer.driver.uses_cuda);
  if (is_code_alone(consumer)) {
    answers.gpu.detail = consumer.driver.answer.detail = "it brings GPU code alone; what loads it brings the runtime";
  }
  answers.code = answer_code(analysis, consumer.code, consumer.library_code);
  answers.libraries = answer_libraries(consumer, consumer.losses, analysis.libraries, analysis.has_no_gpu);
  answers.symbols = answer_symbols(consumer, consumer.losses, analysis.has_no_gpu);
  answers.compilers = answer_compilers(analysis, consumer.compilers, answers.code.state);
  return consumer;
}
}  // namespace

Analysis analyse(const Stack& machine, const Stack& subject, const Knowledge& knowledge) {
  Situation situation = look_at_situation(machine, subject, knowledge);
  LibraryIndex libraries(situation);
  Analysis analysis{std::move(situation), {}, {}, {}, {}, std::move(libraries)};
  analysis.driver = serving_driver(analysis);
  analysis.forward = judge_forward(analysis, analysis.driver);
  analysis.gpu_support = judge_gpus(analysis, analysis.driver);
  std::vector<ConsumerView> views = consumer_views(subject);
  analysis.consumers.reserve(views.size());
  for (ConsumerView& view : views) analysis.consumers.push_back(analyse_consumer(analysis, std::move(view)));
  leave_to_siblings(analysis);
  return analysis;
}

}  // namespace varve
