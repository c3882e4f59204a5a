#include "driver/handshake/gpu_canary.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/text.h"
#include "driver/handshake/cuda_functions.h"
#include "driver/handshake/handshake_steps.h"
#include "model/gpu.h"

namespace varve {

namespace {
constexpr int kTile = 16;             // rows and columns of what a block of threads makes
constexpr int kTogether = 4;          // products between two looks at the GPU's clock, which counts in halves of a µs
constexpr std::size_t kReadings = 9;  // of which the caller takes the median
constexpr int kMostTimed = 400;       // of a GPU whose clock stands still
constexpr const char* kReadingStep = "fixed product";
constexpr const char* kWrongStep = "check of the product";
// CUcomputemode: whoever comes first, or nobody, may use such a GPU.
constexpr int kProhibited = 2, kExclusiveProcess = 3;

struct CanaryFunctions : CudaFunctions {
  int (*get_address)(char*, int, int);
  int (*copy_to_gpu)(CudaPointer, const void*, std::size_t);
  int (*create_event)(CudaHandle*, unsigned);
  int (*record)(CudaHandle, CudaHandle);
  int (*wait_for)(CudaHandle);
  int (*elapsed)(float*, CudaHandle, CudaHandle);

  explicit CanaryFunctions(const ProbeLibrary& library) : CudaFunctions(library) {
    find(library, get_address, "cuDeviceGetPCIBusId");
    find(library, copy_to_gpu, "cuMemcpyHtoD_v2");
    find(library, create_event, "cuEventCreate");
    find(library, record, "cuEventRecord");
    find(library, wait_for, "cuEventSynchronize");
    find(library, elapsed, "cuEventElapsedTime");
  }
};

// Small whole numbers without a pattern: sums of up to 2^16 of their products are whole numbers that a float holds.
std::vector<float> fixed_matrix(int size, std::uint32_t seed) {
  std::vector<float> matrix(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  for (float& number : matrix) {
    seed = seed * 1664525u + 1013904223u;
    number = static_cast<float>(seed >> 28);
  }
  return matrix;
}

using Whole = std::vector<std::int64_t>;

Whole times(const std::vector<float>& matrix, const Whole& vector) {
  Whole result(vector.size(), 0);
  for (std::size_t row = 0; row < vector.size(); ++row) {
    const float* numbers = matrix.data() + row * vector.size();
    for (std::size_t i = 0; i < vector.size(); ++i) result[row] += static_cast<std::int64_t>(numbers[i]) * vector[i];
  }
  return result;
}

// Freivalds 1977: A (B r) is (A B) r. In whole numbers, so exact; no entry of r is 0, so that a single wrong number
// always shows. Empty: the product is right.
std::string fault_of(const std::vector<float>& a, const std::vector<float>& b, const std::vector<float>& product,
                     int size) {
  constexpr float kMost = 1 << 24;
  for (std::size_t i = 0; i < product.size(); ++i) {
    if (product[i] >= 0 && product[i] <= kMost && std::floor(product[i]) == product[i]) continue;
    return fmt::format("number {} of row {} is {}, where only whole numbers can come out",
                       i % static_cast<std::size_t>(size), i / static_cast<std::size_t>(size), product[i]);
  }
  Whole vector(static_cast<std::size_t>(size));
  std::uint32_t seed = 1;
  for (std::int64_t& number : vector) {
    seed = seed * 1664525u + 1013904223u;
    number = 1 + (seed >> 22);
  }
  const Whole wanted = times(a, times(b, vector)), found = times(product, vector);
  const auto differ = std::mismatch(wanted.begin(), wanted.end(), found.begin());
  if (differ.first == wanted.end()) return {};
  return fmt::format("row {} of {} is wrong", differ.first - wanted.begin(), size);
}

// What the child does on one GPU. Every call of the driver is a step: one that hangs or crashes is known by its name.
class Product {
 public:
  Product(const CanaryFunctions& driver, const GpuCanaryPlan& plan, std::string gpu, StepWriter& steps)
      : driver_(driver), plan_(plan), gpu_(std::move(gpu)), steps_(steps) {}

  // False when a call failed, which is then told.
  bool run(int device) {
    int mode = 0;
    if (driver_.get_attribute(&mode, kCudaComputeMode, device) == 0 &&
        (mode == kProhibited || mode == kExclusiveProcess)) {
      steps_.begin("compute mode", gpu_);
      steps_.fail({}, mode == kProhibited ? "nobody may compute on it"
                                          : "it is for one process alone, which is to be the measured one");
      return false;
    }
    CudaHandle context = nullptr;
    return call("cuDevicePrimaryCtxRetain", driver_.retain_context, &context, device) &&
           call("cuCtxSetCurrent", driver_.set_current, context) && prepare() && measure() && check();
  }

 private:
  template <class... Parameters, class... Arguments>
  bool call(const char* name, int (*function)(Parameters...), Arguments... arguments) {
    steps_.begin(name, gpu_);
    const int code = function(arguments...);
    if (code == 0) {
      steps_.pass();
    } else {
      steps_.fail(code, driver_.error_name(code));
    }
    return code == 0;
  }

  std::size_t bytes() const { return a_.size() * sizeof(float); }

  bool prepare() {
    const std::string ptx = gpu_canary_ptx();
    CudaHandle module = nullptr;
    a_ = fixed_matrix(plan_.size, 1);
    b_ = fixed_matrix(plan_.size, 2);
    const std::vector<float> nothing(a_.size(), -1);  // so that a kernel that does not run is not right by chance
    return call("cuModuleLoadData", driver_.load_module, &module, ptx.c_str()) &&
           call("cuModuleGetFunction", driver_.get_function, &function_, module, "varve_product") &&
           call("cuMemAlloc", driver_.allocate, &on_gpu_[0], bytes()) &&
           call("cuMemAlloc", driver_.allocate, &on_gpu_[1], bytes()) &&
           call("cuMemAlloc", driver_.allocate, &on_gpu_[2], bytes()) &&
           call("cuMemcpyHtoD", driver_.copy_to_gpu, on_gpu_[0], a_.data(), bytes()) &&
           call("cuMemcpyHtoD", driver_.copy_to_gpu, on_gpu_[1], b_.data(), bytes()) &&
           call("cuMemcpyHtoD", driver_.copy_to_gpu, on_gpu_[2], nothing.data(), bytes()) &&
           call("cuEventCreate", driver_.create_event, &begin_, 0u) &&
           call("cuEventCreate", driver_.create_event, &end_, 0u);
  }

  // Not told of one by one: between two looks at the clock the GPU must not wait for us.
  struct Timed {
    double seconds = 0;  // of one product, by the GPU's clock
    int code = 0;
    const char* failed = nullptr;  // the call that did
  };

  Timed time_products() {
    auto size = static_cast<std::uint32_t>(plan_.size);
    void* parameters[] = {&on_gpu_[0], &on_gpu_[1], &on_gpu_[2], &size};
    const unsigned blocks = size / kTile;
    if (const int code = driver_.record(begin_, nullptr)) return {0, code, "cuEventRecord"};
    for (int i = 0; i < kTogether; ++i) {
      const int code = driver_.launch(function_, blocks, blocks, 1, kTile, kTile, 1, 0, nullptr, parameters, nullptr);
      if (code != 0) return {0, code, "cuLaunchKernel"};
    }
    if (const int code = driver_.record(end_, nullptr)) return {0, code, "cuEventRecord"};
    if (const int code = driver_.wait_for(end_)) return {0, code, "cuEventSynchronize"};
    float milliseconds = 0;
    if (const int code = driver_.elapsed(&milliseconds, begin_, end_)) return {0, code, "cuEventElapsedTime"};
    return {static_cast<double>(milliseconds) / 1000 / kTogether, 0, nullptr};
  }

  bool measure() {
    steps_.begin(kReadingStep, gpu_);
    std::vector<std::string> readings;
    double warm = 0;
    for (int i = 0; i < kMostTimed && readings.size() < kReadings; ++i) {
      const Timed timed = time_products();
      if (timed.failed != nullptr) {
        steps_.fail(timed.code, driver_.error_name(timed.code) + " in " + timed.failed);
        return false;
      }
      if (warm >= plan_.warm_up_seconds) readings.push_back(fmt::format("{:.9g}", timed.seconds));
      warm += timed.seconds * kTogether;
    }
    if (readings.empty()) {
      steps_.fail({}, "the GPU's clock stands still");
      return false;
    }
    steps_.pass(join(readings, " "));
    return true;
  }

  bool check() {
    std::vector<float> product(a_.size());
    if (!call("cuMemcpyDtoH", driver_.copy_to_host, product.data(), on_gpu_[2], bytes())) return false;
    steps_.begin(kWrongStep, gpu_);
    const std::string fault = fault_of(a_, b_, product, plan_.size);
    fault.empty() ? steps_.pass() : steps_.fail({}, fault);
    return true;
  }

  const CanaryFunctions& driver_;
  const GpuCanaryPlan& plan_;
  std::string gpu_;
  StepWriter& steps_;
  std::vector<float> a_, b_;
  CudaPointer on_gpu_[3] = {};
  CudaHandle function_ = nullptr, begin_ = nullptr, end_ = nullptr;
};

void set_environment(const std::vector<std::string>& settings) {
  // Nothing is written into the user's home, and no tool that listens to the measured program listens to this.
  ::setenv("CUDA_CACHE_DISABLE", "1", 1);
  for (const char* name : {"CUDA_INJECTION64_PATH", "NVTX_INJECTION64_PATH", "CUDA_LAUNCH_BLOCKING",
                           "CUDA_DISABLE_PTX_JIT", "CUDA_FORCE_PTX_JIT"}) {
    ::unsetenv(name);
  }
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string name = setting.substr(0, equals);
    equals == std::string::npos ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), setting.c_str() + equals + 1, 1);
  }
}

// In the child.
void take_products(const GpuCanaryPlan& plan, StepWriter& steps) {
  set_environment(plan.settings);
  steps.begin("open libcuda");
  const ProbeLibrary library = ProbeLibrary::open(plan.libcuda);
  if (!library) return steps.fail({}, library.problem());
  const CanaryFunctions driver(library);
  if (driver.lacking != nullptr) return steps.fail({}, fmt::format("it has no {}", driver.lacking));
  steps.pass();
  steps.begin("cuInit");
  if (const int code = driver.init(0)) return steps.fail(code, driver.error_name(code));
  steps.pass();
  steps.begin("cuDeviceGetCount");
  int count = 0;
  if (const int code = driver.get_count(&count)) return steps.fail(code, driver.error_name(code));
  steps.pass();
  for (int index = 0; index < count; ++index) {
    steps.begin("cuDeviceGet");
    int device = 0;
    char address[64] = {};
    int code = driver.get_device(&device, index);
    if (code == 0) code = driver.get_address(address, sizeof address - 1, device);
    if (code != 0) {
      steps.fail(code, driver.error_name(code));
      continue;
    }
    steps.pass();
    const std::string gpu = pci_address(address);
    if (std::find(plan.gpus.begin(), plan.gpus.end(), gpu) == plan.gpus.end()) continue;
    Product(driver, plan, gpu, steps).run(device);
    driver.release_context(device);
  }
}

GpuCanaryReading& reading_of(std::vector<GpuCanaryReading>& readings, const std::string& gpu) {
  const auto found = std::find_if(readings.begin(), readings.end(),
                                  [&](const GpuCanaryReading& reading) { return reading.pci_address == gpu; });
  if (found != readings.end()) return *found;
  readings.push_back({.pci_address = gpu});
  return readings.back();
}

void take_step(const HandshakeStep& step, GpuCanaryAnswer& answer) {
  if (step.subject.empty()) {
    if (step.state == StepState::failed && answer.refused.empty()) answer.refused = step.step + ": " + step.detail;
    return;
  }
  GpuCanaryReading& reading = reading_of(answer.gpus, step.subject);
  if (step.state == StepState::failed) {
    (step.step == kWrongStep ? reading.wrong : reading.refused) =
        step.step == kWrongStep ? step.detail : step.step + ": " + step.detail;
  } else if (step.step == kReadingStep) {
    for (const std::string_view number : split_words(step.detail)) {
      const double seconds = parse_number(number).value_or(0);
      if (seconds > 0) reading.products.push_back(seconds);
    }
  }
}
}  // namespace

std::string gpu_canary_ptx() {
  std::string text = R"(.version 6.0
.target sm_30
.address_size 64
.visible .entry varve_product(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 size)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .b32 %r<20>;
  .reg .b64 %rd<14>;
  .shared .align 4 .b8 tile_a[1024];
  .shared .align 4 .b8 tile_b[1024];
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [c];
  ld.param.u32 %r1, [size];
  cvta.to.global.u64 %rd4, %rd1;
  cvta.to.global.u64 %rd5, %rd2;
  cvta.to.global.u64 %rd6, %rd3;
  mov.u32 %r2, %tid.x;
  mov.u32 %r3, %tid.y;
  mov.u32 %r4, %ctaid.x;
  mov.u32 %r5, %ctaid.y;
  mad.lo.u32 %r6, %r5, 16, %r3;
  mad.lo.u32 %r7, %r4, 16, %r2;
  mov.u32 %r8, tile_a;
  mov.u32 %r9, tile_b;
  shl.b32 %r10, %r3, 6;
  shl.b32 %r11, %r2, 2;
  add.u32 %r12, %r8, %r10;
  add.u32 %r13, %r12, %r11;
  add.u32 %r14, %r9, %r11;
  add.u32 %r15, %r14, %r10;
  mad.lo.u32 %r16, %r6, %r1, %r2;
  mul.wide.u32 %rd7, %r16, 4;
  add.u64 %rd8, %rd4, %rd7;
  mad.lo.u32 %r17, %r3, %r1, %r7;
  mul.wide.u32 %rd9, %r17, 4;
  add.u64 %rd10, %rd5, %rd9;
  mul.wide.u32 %rd11, %r1, 64;
  mad.lo.u32 %r18, %r6, %r1, %r7;
  mul.wide.u32 %rd12, %r18, 4;
  add.u64 %rd13, %rd6, %rd12;
  mov.f32 %f1, 0f00000000;
  mov.u32 %r19, 0;
next_tile:
  ld.global.f32 %f2, [%rd8];
  ld.global.f32 %f3, [%rd10];
  st.shared.f32 [%r13], %f2;
  st.shared.f32 [%r15], %f3;
  bar.sync 0;
)";
  for (int k = 0; k < kTile; ++k) {
    text += fmt::format(
        "  ld.shared.f32 %f2, [%r12+{}];\n  ld.shared.f32 %f3, [%r14+{}];\n  fma.rn.f32 %f1, %f2, %f3, %f1;\n", 4 * k,
        4 * kTile * k);
  }
  return text + R"(  bar.sync 0;
  add.u64 %rd8, %rd8, 64;
  add.u64 %rd10, %rd10, %rd11;
  add.u32 %r19, %r19, 16;
  setp.lt.u32 %p1, %r19, %r1;
  @%p1 bra next_tile;
  st.global.f32 [%rd13], %f1;
  ret;
}
)";
}

GpuCanaryAnswer take_gpu_product(const GpuCanaryPlan& plan) {
  GpuCanaryAnswer answer;
  const auto outcome = run_probe({.seconds = plan.seconds, .leave_machine_alone = true}, [&](ProbeReport& report) {
    StepWriter steps(report);
    take_products(plan, steps);
  });
  if (!outcome) {
    answer.refused = to_text(outcome.error());
    return answer;
  }
  answer.seconds = outcome->seconds;
  for (const HandshakeStep& step : read_steps(*outcome)) take_step(step, answer);
  const bool blamed = !answer.refused.empty() || std::any_of(answer.gpus.begin(), answer.gpus.end(),
                                                             [](const auto& gpu) { return !gpu.refused.empty(); });
  if (outcome->end != ProbeEnd::finished && !blamed) answer.refused = outcome->end_text();
  return answer;
}

}  // namespace varve
