#include "kernels/cuda/cubin_origin.h"

#include <string_view>

#include "base/hash.h"
#include "binary/elf/build_id.h"
#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/fatbin_inflate.h"

namespace varve {

namespace {
constexpr std::uint64_t kPadding = 64;  // that code may have behind it in a fat binary
constexpr std::size_t kLargestCubin = std::size_t{64} << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMostLibraries = 4096;

class CubinSearch {
 public:
  explicit CubinSearch(const std::set<WantedCubin>& wanted) : left_(wanted) {}

  void look_into(const FileReader& file, const std::string& path) {
    std::string build_id;
    bool asked = false;
    const auto walked =
        walk_code(file, path, CodePass::headers, [&](const CodePlace& place, const FatbinRegion& region) {
          for (const FatbinEntry& entry : region.entries) {
            if (entry.target.kind != CodeKind::sass || !match(place.file, entry)) continue;
            if (!asked) {
              const Result<std::string> id = read_build_id(file, path);
              build_id = id ? *id : "";
              asked = true;
            }
            found_[matched_] = {path, build_id, to_string(entry.target)};
          }
        });
    (void)walked;  // what is no ELF file, or damaged, holds nothing that is looked for
  }
  bool is_done() const { return left_.empty() || bytes_ >= kMostBytes; }
  std::map<WantedCubin, CubinOrigin> take() { return std::move(found_); }

 private:
  // Whether the entry is one that is wanted still; it is then in matched_ and wanted no longer.
  bool match(const FileReader& file, const FatbinEntry& entry) {
    const std::uint64_t size = entry.code_size();
    if (bytes_ >= kMostBytes) return false;
    const auto least = left_.lower_bound({size > kPadding ? size - kPadding : 0, ""});
    if (least == left_.end() || least->size > size) return false;
    const auto code = inflater_.inflate(file, entry, kLargestCubin);
    if (!code) return false;
    bytes_ += code->size();
    const std::string_view bytes(reinterpret_cast<const char*>(code->data()), code->size());
    for (auto one = least; one != left_.end() && one->size <= bytes.size(); ++one) {
      if (sha256_hex(bytes.substr(0, one->size)) != one->sha256) continue;
      matched_ = *one;
      left_.erase(one);
      return true;
    }
    return false;
  }

  std::set<WantedCubin> left_;
  std::map<WantedCubin, CubinOrigin> found_;
  WantedCubin matched_;
  EntryInflater inflater_;
  std::uint64_t bytes_ = 0;
};
}  // namespace

std::map<WantedCubin, CubinOrigin> find_cubins(const Files& files, const std::set<std::string>& libraries,
                                               const std::set<WantedCubin>& wanted) {
  CubinSearch search(wanted);
  std::size_t looked = 0;
  for (const std::string& path : libraries) {
    if (search.is_done() || ++looked > kMostLibraries) break;
    const Looked<FileReader> file = files.open(path);
    if (file) search.look_into(*file, path);
  }
  return search.take();
}

}  // namespace varve
