#include "driver/driver_api.h"

#include <fmt/format.h>

#include "base/text.h"
#include "binary/version/static_runtime.h"
#include "driver/probe_library.h"

namespace varve {

namespace {
struct Name {
  int code;
  const char* name;
};
// The errors that are met on the way to a first kernel: CUresult in cuda.h.
constexpr Name kNames[] = {{0, "CUDA_SUCCESS"},
                           {1, "CUDA_ERROR_INVALID_VALUE"},
                           {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                           {3, "CUDA_ERROR_NOT_INITIALIZED"},
                           {4, "CUDA_ERROR_DEINITIALIZED"},
                           {34, "CUDA_ERROR_STUB_LIBRARY"},
                           {36, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER"},
                           {46, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
                           {100, "CUDA_ERROR_NO_DEVICE"},
                           {101, "CUDA_ERROR_INVALID_DEVICE"},
                           {102, "CUDA_ERROR_DEVICE_NOT_LICENSED"},
                           {200, "CUDA_ERROR_INVALID_IMAGE"},
                           {201, "CUDA_ERROR_INVALID_CONTEXT"},
                           {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
                           {214, "CUDA_ERROR_ECC_UNCORRECTABLE"},
                           {218, "CUDA_ERROR_INVALID_PTX"},
                           {220, "CUDA_ERROR_NVLINK_UNCORRECTABLE"},
                           {221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND"},
                           {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
                           {223, "CUDA_ERROR_JIT_COMPILATION_DISABLED"},
                           {226, "CUDA_ERROR_CONTAINED"},
                           {300, "CUDA_ERROR_INVALID_SOURCE"},
                           {301, "CUDA_ERROR_FILE_NOT_FOUND"},
                           {302, "CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND"},
                           {303, "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED"},
                           {304, "CUDA_ERROR_OPERATING_SYSTEM"},
                           {400, "CUDA_ERROR_INVALID_HANDLE"},
                           {401, "CUDA_ERROR_ILLEGAL_STATE"},
                           {500, "CUDA_ERROR_NOT_FOUND"},
                           {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                           {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
                           {702, "CUDA_ERROR_LAUNCH_TIMEOUT"},
                           {714, "CUDA_ERROR_HARDWARE_STACK_ERROR"},
                           {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION"},
                           {719, "CUDA_ERROR_LAUNCH_FAILED"},
                           {800, "CUDA_ERROR_NOT_PERMITTED"},
                           {801, "CUDA_ERROR_NOT_SUPPORTED"},
                           {802, "CUDA_ERROR_SYSTEM_NOT_READY"},
                           {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
                           {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"},
                           {805, "CUDA_ERROR_MPS_CONNECTION_FAILED"},
                           {806, "CUDA_ERROR_MPS_RPC_FAILURE"},
                           {807, "CUDA_ERROR_MPS_SERVER_NOT_READY"},
                           {808, "CUDA_ERROR_MPS_MAX_CLIENTS_REACHED"},
                           {809, "CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED"},
                           {999, "CUDA_ERROR_UNKNOWN"}};

void ask_version(const std::string& libcuda, ProbeReport& report) {
  const ProbeLibrary library = ProbeLibrary::open(libcuda);
  if (!library) {
    report.add("open", library.problem());
    return;
  }
  const auto get_version = library.function<int (*)(int*)>("cuDriverGetVersion");
  if (get_version == nullptr) {
    report.add("code", "500");
    return;
  }
  int version = 0;
  const int code = get_version(&version);
  report.add("code", std::to_string(code));
  report.add("version", std::to_string(version));
}
}  // namespace

std::string cuda_error_name(long long code) {
  for (const Name& name : kNames) {
    if (name.code == code) return name.name;
  }
  return fmt::format("CUDA error {}", code);
}

Fact driver_api_level(const std::string& libcuda, const ProbeLimits& limits) {
  const std::string source = libcuda + ": cuDriverGetVersion";
  const auto outcome = run_probe(limits, [&](ProbeReport& report) { ask_version(libcuda, report); });
  if (!outcome) return missing_fact(Missing::unreadable, source, to_text(outcome.error()));
  if (const std::string* problem = outcome->find("open")) {
    const bool not_there = problem->find("No such file") != std::string::npos;
    return missing_fact(not_there ? Missing::absent : Missing::unreadable, source, clean_utf8(*problem, 512));
  }
  if (outcome->end != ProbeEnd::finished) {
    const bool late = outcome->end == ProbeEnd::timed_out;
    return missing_fact(late ? Missing::timeout : Missing::unreadable, source, outcome->end_text());
  }
  const std::string* code = outcome->find("code");
  const std::string* version = outcome->find("version");
  if (code == nullptr || *code != "0" || version == nullptr) {
    const std::string found = code == nullptr ? "no answer" : cuda_error_name(parse_integer(*code).value_or(999));
    return missing_fact(Missing::unreadable, source, found);
  }
  const std::int64_t number = parse_integer(*version).value_or(0);
  if (number < 1000) return missing_fact(Missing::unreadable, source, "it says " + *version);
  return known_fact(cuda_version_text(static_cast<int>(number)), source);
}

}  // namespace varve
