#include "rules/knowledge.h"

namespace varve {

Result<Knowledge> load_knowledge(const std::string&) { return Knowledge{}; }
const DriverBranch* find_branch(const Knowledge&, int) { return nullptr; }
const DriverBranch* branch_of(const Knowledge&, const DottedVersion&) { return nullptr; }
const CudaRelease* find_release(const Knowledge&, std::string_view) { return nullptr; }
const MinorVersionFloor* floor_of(const Knowledge&, const DottedVersion&) { return nullptr; }
const GpuArchitecture* find_architecture(const Knowledge&, ComputeCapability) { return nullptr; }
const ErrorCode* find_error_code(const Knowledge&, int) { return nullptr; }
bool is_newer_driver(const Knowledge&, const DottedVersion&) { return false; }
bool is_newer_cuda(const Knowledge&, const DottedVersion&) { return false; }
bool is_newer_gpu(const Knowledge&, ComputeCapability) { return false; }

}  // namespace varve
