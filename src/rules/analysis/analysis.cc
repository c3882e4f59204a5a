#include "rules/analysis/analysis.h"

#include <algorithm>

namespace varve {

namespace {
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
  answers.symbols = answer_symbols(consumer, consumer.losses);
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
  return analysis;
}

}  // namespace varve
