#include "model/kernels/compiled_region.h"

#include <algorithm>
#include <array>

namespace varve {

bool is_compiled_region(std::string_view operation) {
  constexpr std::array<std::string_view, 6> kBeginnings = {
      "Torch-Compiled Region", "CompiledFunction",       "## Call CompiledFxGraph",
      "PjitFunction(",         "ThunkExecutor::Execute", "CommonPjRtLoadedExecutable::Execute"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view one) { return operation.starts_with(one); });
}

bool is_compiling(std::string_view operation) {
  constexpr std::array<std::string_view, 4> kNames = {"dynamo", "entire_frame_compile", "entire_backward_compile",
                                                      "backend_compile_and_load"};
  constexpr std::array<std::string_view, 7> kBeginnings = {
      "XlaCompile",      "CpuCompiler::",           "GpuCompiler::",       "PjRtCpuClient::Compile",
      "HloPassPipeline", "FusionCompiler::Compile", "JitCompiler::Compile"};
  return operation.ends_with(" (dynamo_timed)") || std::find(kNames.begin(), kNames.end(), operation) != kNames.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view one) { return operation.starts_with(one); });
}

}  // namespace varve
