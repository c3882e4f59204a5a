// GPU code in libraries and archives. The seeds were composed with src/binary/gpu_code/fatbin_testing.h.
#include "binary/elf/static_archive.h"
#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/cubin.h"
#include "binary/gpu_code/fatbin_coverage.h"
#include "binary/gpu_code/fatbin_inflate.h"
#include "memory_file.h"

namespace {

constexpr std::size_t kMostCode = 1 << 20;

void look_into(const varve::FileReader& file, const varve::FatbinRegion& region) {
  varve::EntryInflater inflater;
  for (const varve::FatbinEntry& entry : region.entries) {
    (void)varve::source_name(file, entry);
    const auto code = inflater.inflate(file, entry, kMostCode);
    if (!code) continue;
    if (code->size() > kMostCode) std::abort();
    (void)varve::cubin_holds_code(*code);
    (void)varve::ptx_holds_code(*code);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::FileReader file = memory_file(data, size);
  // As a run of regions, and as a library.
  varve::FatbinWalk walk(file, 0, size);
  for (varve::FatbinRegion region; walk.next(region);) {
    if (region.offset + region.size > size) std::abort();
    look_into(file, region);
  }
  std::uint64_t members = 0;
  (void)varve::for_each_member(file, "fuzz", [&](const std::string&, const varve::FileReader& member) {
    members += 60 + member.size();  // with its header; none overlaps another
    if (members > size) std::abort();
  });
  (void)varve::read_coverage(file, "fuzz");
  std::int64_t regions = 0;
  const auto found =
      varve::walk_code(file, "fuzz", varve::CodePass::exact, [&](const auto& place, const varve::FatbinRegion& region) {
        ++regions;
        look_into(place.file, region);
      });
  const auto coverage = varve::read_exact_coverage(file, "fuzz");
  // Every region is counted once: as code or as none.
  if (found && coverage && *coverage && (*coverage)->regions + (*coverage)->regions_empty != regions) std::abort();
  return 0;
}
