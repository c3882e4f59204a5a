#include "rules/analysis/consumer_verdict.h"

#include <algorithm>

namespace varve {

namespace {
bool was_read(const AnalysedConsumer& consumer) {
  return std::none_of(consumer.code.begin(), consumer.code.end(),
                      [](const CodeVerdict& verdict) { return verdict.cause == CodeCause::not_read; });
}
}  // namespace

ConsumerVerdict judge_consumer(const AnalysedConsumer& analysed) {
  const ConsumerAnswers& answers = analysed.answers;
  ConsumerVerdict verdict{.kind = analysed.consumer.kind,
                          .name = analysed.consumer.name,
                          .environment = analysed.consumer.environment,
                          .state = CheckState::not_applicable,
                          .regime = analysed.driver.regime,
                          .outcome = analysed.driver.outcome,
                          .answers = {analysed.driver.answer, answers.gpu, answers.code, answers.libraries,
                                      answers.symbols, answers.compilers}};
  const auto count = [&](const ConsumerAnswer& answer) {
    if (is_worse(answer.state, verdict.state)) verdict.state = answer.state;
  };
  for (const ConsumerAnswer* answer : {&analysed.driver.answer, &answers.gpu, &answers.libraries, &answers.compilers}) {
    count(*answer);
  }
  if (was_read(analysed)) count(answers.code);
  if (answers.symbols.state != CheckState::cannot_tell) count(answers.symbols);
  return verdict;
}

std::vector<ConsumerVerdict> judge_consumers(const Analysis& analysis) {
  std::vector<ConsumerVerdict> verdicts;
  for (const AnalysedConsumer& consumer : analysis.consumers) verdicts.push_back(judge_consumer(consumer));
  return verdicts;
}

}  // namespace varve
