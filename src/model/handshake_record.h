#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

enum class StepState { passed, failed, skipped };
std::string_view to_string(StepState state);
std::optional<StepState> step_state_from(std::string_view text);

// One step on the way from the program to a running kernel.
struct HandshakeStep {
  std::string step;     // "open libcuda", "cuInit", "context", "kernel from PTX", "kernel from SASS", "cuBLAS"
  std::string subject;  // "GPU 0", the path of an environment, or empty
  StepState state = StepState::skipped;
  std::optional<std::int64_t> code;  // the API's error code, or the signal that ended the child
  std::string detail;                // "CUDA_ERROR_NO_DEVICE"; why it was skipped
  double seconds = 0;
};

}  // namespace varve
