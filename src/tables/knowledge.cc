#include "tables/knowledge.h"

#include <algorithm>

namespace varve {

namespace {
// Since 2019 branches of the Linux driver have numbers that end in 0 or 5; numbers between two of them are those of
// Windows and of later releases of the same branch (551 is of 550, 616 is of 615).
constexpr int kBranchStep = 5;

// The two numbers that name a release of CUDA: of "13.2.86" 13.2.
DottedVersion release_of(const DottedVersion& cuda) { return {.parts = {cuda.major(), cuda.minor()}}; }
}  // namespace

const DriverBranch* find_branch(const Knowledge& knowledge, int branch) {
  const auto& rows = knowledge.driver_branches;
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const DriverBranch& row) { return row.branch == branch; });
  return at == rows.end() ? nullptr : &*at;
}

// NVIDIA, Jetson Linux release notes and archive: r32 to r36.3 count as the release does (32.7.1, 35.4.1); the open
// kernel modules of JetPack 6 (r36) say 540.2.0 to 540.4.0. No desktop branch has the number 540.
bool is_jetson_driver(const DottedVersion& driver) {
  constexpr int kFirstDesktop = 100, kJetPack6 = 540;
  return driver.major() == kJetPack6 || (driver.major() >= 28 && driver.major() < kFirstDesktop);
}

const DriverBranch* branch_of(const Knowledge& knowledge, const DottedVersion& driver) {
  if (is_jetson_driver(driver)) return nullptr;
  const DriverBranch* newest = nullptr;
  for (const DriverBranch& row : knowledge.driver_branches) {
    if (row.branch <= driver.major()) newest = &row;
  }
  return newest;
}

const CudaRelease* find_release(const Knowledge& knowledge, std::string_view cuda) {
  const auto wanted = dotted_version_from(cuda);
  if (!wanted) return nullptr;
  for (const CudaRelease& row : knowledge.cuda_releases) {
    if (dotted_version_from(row.cuda) == release_of(*wanted)) return &row;
  }
  return nullptr;
}

const MinorVersionFloor* floor_of(const Knowledge& knowledge, const DottedVersion& cuda) {
  const MinorVersionFloor* of_major = nullptr;
  for (const MinorVersionFloor& row : knowledge.minor_version_floors) {
    const auto version = dotted_version_from(row.cuda);
    if (!version || version->major() != cuda.major()) continue;
    if (version->parts.size() == 1) of_major = &row;
    if (version->parts.size() > 1 && *version == release_of(cuda)) return &row;
  }
  return of_major;
}

const GpuArchitecture* find_architecture(const Knowledge& knowledge, ComputeCapability capability) {
  const auto& rows = knowledge.gpu_architectures;
  const auto at =
      std::find_if(rows.begin(), rows.end(), [&](const GpuArchitecture& row) { return row.capability == capability; });
  return at == rows.end() ? nullptr : &*at;
}

const ErrorCode* find_error_code(const Knowledge& knowledge, int code) {
  const auto& rows = knowledge.error_codes;
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const ErrorCode& row) { return row.code == code; });
  return at == rows.end() ? nullptr : &*at;
}

bool is_newer_driver(const Knowledge& knowledge, const DottedVersion& driver) {
  const auto& rows = knowledge.driver_branches;
  return rows.empty() || driver.major() >= rows.back().branch + kBranchStep;
}

bool is_newer_cuda(const Knowledge& knowledge, const DottedVersion& cuda) {
  const auto& rows = knowledge.cuda_releases;
  return rows.empty() || release_of(cuda) > dotted_version_from(rows.back().cuda).value_or(DottedVersion{});
}

bool is_newer_gpu(const Knowledge& knowledge, ComputeCapability capability) {
  const auto& rows = knowledge.gpu_architectures;
  return find_architecture(knowledge, capability) == nullptr && (rows.empty() || rows.front().capability < capability);
}

}  // namespace varve
