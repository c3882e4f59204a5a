#include "package/file_faults.h"

#include <algorithm>
#include <set>

#include "base/redact.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostFiles = 8192;
constexpr std::size_t kMostFaults = 256;
constexpr std::size_t kMostClaims = 8;  // of one file
}  // namespace

void FileClaims::add(const std::string& path, const std::string& package, std::string_view digest,
                     std::optional<std::uint64_t> size) {
  if (path.empty() || (claims_.size() >= kMostFiles && claims_.count(path) == 0)) return;
  std::vector<Claim>& claims = claims_[path];
  if (claims.size() < kMostClaims) claims.push_back({package, clean_utf8(digest, 128), size});
}

FileFault FileClaims::overwritten_fault(const std::vector<Claim>& claims, std::uint64_t size) {
  FileFault fault{.kind = FileFaultKind::overwritten, .path = {}, .packages = {}, .owner = {}};
  std::vector<std::string> owners;
  for (const Claim& claim : claims) {
    fault.packages.push_back(claim.package);
    if (claim.size == size) owners.push_back(claim.package);
  }
  if (owners.size() == 1) fault.owner = owners.front();
  return fault;
}

std::vector<FileFault> FileClaims::faults(const Files& files, const std::string& home) const {
  std::vector<FileFault> faults;
  for (const auto& [path, claims] : claims_) {
    if (faults.size() >= kMostFaults) break;
    const Looked<std::uint64_t> size = files.size(path);
    const bool is_folder = !size && files.kind(path).value == FileKind::directory;
    if (!size && size.failure != LookFailure::absent && !is_folder) continue;
    const std::string& first = claims.front().digest;
    const bool differ = std::any_of(claims.begin(), claims.end(), [&first](const Claim& claim) {
      return !claim.digest.empty() && !first.empty() && claim.digest != first;
    });
    const bool sized = std::all_of(claims.begin(), claims.end(), [](const Claim& claim) { return claim.size; });
    FileFault fault = overwritten_fault(claims, size ? *size : 0);
    if (is_folder) {
      fault.kind = FileFaultKind::replaced;
      fault.owner.clear();
    } else if (!size) {
      fault.kind = FileFaultKind::missing;
      fault.owner.clear();
    } else if (!differ) {
      if (!sized || claims.front().size == *size) continue;
      fault.kind = FileFaultKind::replaced;
      fault.owner.clear();
    }
    fault.path = clean_utf8(shorten_home(path, home));
    faults.push_back(std::move(fault));
  }
  return faults;
}

void FileClaims::give_to_owners(const std::vector<FileFault>& faults,
                                std::map<std::string, std::string>& packages) const {
  std::map<std::vector<std::string>, std::set<std::string>> owners;  // by those that list a file
  for (const FileFault& fault : faults) {
    if (!fault.owner.empty()) owners[fault.packages].insert(fault.owner);
  }
  for (const auto& [path, claims] : claims_) {
    if (owners.empty() || claims.size() < 2) continue;
    std::vector<std::string> labels;
    for (const Claim& claim : claims) labels.push_back(claim.package);
    const auto owner = owners.find(labels);
    const auto package = packages.find(path);
    if (owner == owners.end() || owner->second.size() != 1 || package == packages.end()) continue;
    package->second = owner->second.begin()->substr(0, owner->second.begin()->find(' '));
  }
}

}  // namespace varve
