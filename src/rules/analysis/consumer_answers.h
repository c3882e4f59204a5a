#pragma once
#include <vector>

#include "model/answers/check_result.h"
#include "rules/analysis/driver_regime.h"
#include "rules/analysis/gpu_code.h"
#include "rules/losses/consumer_losses.h"
#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"
#include "rules/situation/situation.h"

namespace varve {

// The answers to what is asked of a consumer, beside that to Question::driver (driver_answer.h).
struct ConsumerAnswers {
  ConsumerAnswer gpu, code, libraries, symbols, compilers;
};

// `support`: of the GPUs of the machine, one a kind. `code`, `compilers`: the verdicts on this consumer.
ConsumerAnswer answer_gpu(const Situation& situation, const ServingDriver& driver,
                          const std::vector<GpuSupportVerdict>& support, bool uses_cuda);
// `libraries`: those that it loads and that have no code for a GPU.
ConsumerAnswer answer_code(const Situation& situation, const std::vector<CodeVerdict>& code,
                           const std::vector<LibraryCodeVerdict>& libraries);
// `code_state`: of the answer to Question::gpu_code. A compiler that does not know the GPU breaks only what has no code
// of its own: the rest runs without it.
ConsumerAnswer answer_compilers(const Situation& situation, const std::vector<CompilerVerdict>& compilers,
                                CheckState code_state);
// `losses`: of this consumer. Without a GPU (`has_no_gpu`) nothing comes to the first use of what is missing for it.
ConsumerAnswer answer_libraries(const ConsumerView& view, const std::vector<Loss>& losses, const LibraryIndex& index,
                                bool has_no_gpu);
ConsumerAnswer answer_symbols(const ConsumerView& view, const std::vector<Loss>& losses, bool has_no_gpu);

std::string no_gpu_words(const Situation& situation);  // "no GPU: nothing of it runs on one"

// In the order broken, cannot tell, degraded, ok, not applicable.
bool is_worse(CheckState state, CheckState than);

}  // namespace varve
