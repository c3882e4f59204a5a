// A workload for trying Varve on: a transformer's forward pass, small enough for any machine, whose speed depends on
// which kernels the BLAS library chose. It reports tokens/s, and to Varve through the file that VARVE_METRICS names.
#include <time.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transformer/blas.h"
#include "transformer/block.h"
#include "transformer/options.h"
#include "transformer/reference.h"

namespace varve {
namespace {

int print_blas() {
  BlasDescription blas = describe_blas();
  auto line = [](const char* name, const std::string& value) {
    std::printf("%s: %s\n", name, value.empty() ? "unknown" : value.c_str());
  };
  line("library", blas.library);
  line("core", blas.core);
  line("build", blas.build);
  line("threads", blas.threads == 0 ? std::string{} : std::to_string(blas.threads));
  return 0;
}

// Small sizes, even and odd, so that the library's edge cases run as well as its main loops.
bool check_against_reference(std::uint64_t seed) {
  double worst = 0;
  for (const BlockShape& shape : {BlockShape{5, 8, 2}, BlockShape{33, 48, 3}, BlockShape{48, 64, 4}}) {
    Agreement agreement = check_block(shape, seed);
    if (!agreement.holds()) {
      std::fprintf(stderr,
                   "transformer: wrong result with %d tokens, width %d, %d heads: relative error %.2e, at most %.2e is "
                   "rounding. The BLAS computes wrongly here; --print-blas names it.\n",
                   shape.tokens, shape.width, shape.heads, agreement.error, agreement.bound);
      return false;
    }
    worst = std::max(worst, agreement.error / agreement.bound);
  }
  std::printf("check: agrees with the reference; the largest error is %.1f %% of what rounding allows\n", 100 * worst);
  return true;
}

// A pass over all layers: when it began and ended, by CLOCK_MONOTONIC, which Varve speaks of too.
struct Pass {
  std::int64_t start_ns = 0, end_ns = 0;
};

std::int64_t monotonic_ns() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::vector<Pass> measure_passes(const Options& options, double& checksum) {
  std::vector<BlockWeights> layers;
  for (int layer = 0; layer < options.layers; ++layer) {
    layers.push_back(make_weights(options.shape, options.seed + static_cast<std::uint64_t>(layer)));
  }
  BlockScratch scratch = make_scratch(options.shape);
  const std::vector<float> input = make_input(options.shape, options.seed);
  std::vector<float> activations;
  std::vector<Pass> passes;
  for (int pass = 0; pass < options.iterations; ++pass) {
    activations = input;
    const std::int64_t start = monotonic_ns();
    for (const BlockWeights& weights : layers) forward_block(options.shape, weights, scratch, activations);
    passes.push_back({start, monotonic_ns()});
  }
  checksum = 0;
  for (float value : activations) checksum += double{value};
  return passes;
}

double rate_of(const Pass& pass, int tokens) {
  return tokens / (static_cast<double>(pass.end_ns - pass.start_ns) * 1e-9);
}

// JSON lines, as `varve run` reads them: appended, one a pass, with the time that it took and the tokens it was for.
bool write_metrics(const char* path, const std::vector<Pass>& passes, int tokens) {
  std::FILE* file = std::fopen(path, "a");
  if (file == nullptr) {
    std::fprintf(stderr, "transformer: opening the file that VARVE_METRICS names failed: %s\n", path);
    return false;
  }
  for (const Pass& pass : passes) {
    std::fprintf(file,
                 "{\"metric\":\"tokens/s\",\"value\":%.9g,\"unit\":\"1/s\",\"better\":\"higher\","
                 "\"start_ns\":%" PRId64 ",\"end_ns\":%" PRId64 ",\"work\":%d}\n",
                 rate_of(pass, tokens), pass.start_ns, pass.end_ns, tokens);
  }
  bool failed = std::ferror(file) != 0;
  failed |= std::fclose(file) != 0;
  if (failed) std::fprintf(stderr, "transformer: writing the file that VARVE_METRICS names failed: %s\n", path);
  return !failed;
}

int run(const std::vector<std::string_view>& arguments) {
  auto parsed = parse_options(arguments);
  if (auto* error = std::get_if<UsageError>(&parsed)) {
    std::fprintf(stderr, "transformer: %s. See transformer --help.\n", error->message.c_str());
    return 2;
  }
  const Options& options = std::get<Options>(parsed);
  if (options.help) {
    std::fputs(usage_text().c_str(), stdout);
    return 0;
  }
  if (options.print_blas) return print_blas();

  std::printf("threads: %s\n", set_blas_threads(options.threads).c_str());
  std::string core = describe_blas().core;
  std::printf("kernels: %s\n", core.empty() ? "unknown, this BLAS does not tell" : core.c_str());
  if (!check_against_reference(options.seed)) return 1;

  double checksum = 0;
  const std::vector<Pass> passes = measure_passes(options, checksum);
  std::vector<double> rates;
  for (const Pass& pass : passes) rates.push_back(rate_of(pass, options.shape.tokens));
  std::vector<double> sorted = rates;
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  double operations = matrix_operations(options.shape) * options.layers;
  std::printf("passes: %d of %d tokens, width %d, %d heads, %d layers; checksum %.6g\n", options.iterations,
              options.shape.tokens, options.shape.width, options.shape.heads, options.layers, checksum);
  std::printf("tokens/s: %.1f (median; %.1f GFLOP/s in matrix products)\n", *middle,
              *middle / options.shape.tokens * operations * 1e-9);
  const char* path = std::getenv("VARVE_METRICS");
  if (path != nullptr && *path != '\0' && !write_metrics(path, passes, options.shape.tokens)) return 4;
  return 0;
}

}  // namespace
}  // namespace varve

int main(int count, char** arguments) {
  return varve::run(std::vector<std::string_view>(arguments + 1, arguments + count));
}
