#include "harness/recorders/recorders.h"

namespace varve {

namespace {
class CudaRecorder final : public Recorder {
 public:
  std::string_view name() const override { return "cuda"; }
  bool needs_cupti() const override { return true; }
  Consideration consider(const RecordingGround&) const override { return {Fit::impossible, kNotThere}; }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround&, const std::string&) const override {
    return Error{"recording through CUPTI", "libvarve-cuda.so", kNotThere, "use --kernels=torch or cpu"};
  }

 private:
  static constexpr const char* kNotThere = "libvarve-cuda.so is not there";
};
}  // namespace

std::unique_ptr<Recorder> cuda_recorder() { return std::make_unique<CudaRecorder>(); }

}  // namespace varve
