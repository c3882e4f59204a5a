#include "binary/gpu_code/fatbin_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/units.h"
#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/cubin.h"
#include "binary/gpu_code/fatbin_inflate.h"

namespace varve {
namespace {

// Code without functions measures up to 9 KB. Compressed entries above this are not looked at.
constexpr std::uint64_t kMostInflated = 16 * 1024;
constexpr std::size_t kMostBefore = 16 * kMostInflated;  // bytes, of entries compressed together with it
constexpr std::size_t kMostGroups = 65536;               // the most varied library seen has 60

// The groups of a coverage while regions are added. Neighbours mostly have the same targets.
class Groups {
 public:
  void add(const FatbinRegion& region) {
    targets_.clear();
    for (const FatbinEntry& entry : region.entries) targets_.push_back(packed(entry.target));
    std::sort(targets_.begin(), targets_.end());
    targets_.erase(std::unique(targets_.begin(), targets_.end()), targets_.end());
    if (!last_ || last_->first != targets_) {
      if (counts_.size() >= kMostGroups && !counts_.contains(targets_)) {
        overflow_ = true;
        return;
      }
      last_ = &*counts_.try_emplace(targets_, 0).first;
    }
    ++last_->second;
  }

  bool overflow() const { return overflow_; }

  std::vector<CodeGroup> take() const {
    std::vector<CodeGroup> groups;
    for (const auto& [targets, regions] : counts_) {
      CodeGroup group;
      for (std::uint64_t target : targets) group.targets.push_back(unpacked(target));
      std::sort(group.targets.begin(), group.targets.end());
      group.regions = regions;
      groups.push_back(std::move(group));
    }
    return groups;
  }

 private:
  // A target in one number: kind 8 bits, architecture 16, variant 8, ISA twice 16; the reader lets nothing larger pass.
  static std::uint64_t packed(const CodeTarget& target) {
    const auto number = [](int value) { return static_cast<std::uint64_t>(value); };
    return static_cast<std::uint64_t>(target.kind) << 56 |
           number(target.architecture.major * 10 + target.architecture.minor) << 40 |
           static_cast<std::uint64_t>(static_cast<unsigned char>(target.variant)) << 32 |
           number(target.isa_major) << 16 | number(target.isa_minor);
  }
  static CodeTarget unpacked(std::uint64_t target) {
    const int number = static_cast<int>(target >> 40 & 0xffff);
    return {static_cast<CodeKind>(target >> 56),
            {number / 10, number % 10},
            static_cast<char>(target >> 32 & 0xff),
            static_cast<int>(target >> 16 & 0xffff),
            static_cast<int>(target & 0xffff)};
  }

  std::vector<std::uint64_t> targets_;
  std::map<std::vector<std::uint64_t>, std::int64_t> counts_;
  std::pair<const std::vector<std::uint64_t>, std::int64_t>* last_ = nullptr;
  bool overflow_ = false;
};

// Decides which regions hold a function. The cubins of one region come from one source, so one answers for all.
class FunctionSearch {
 public:
  bool holds_code(const FileReader& file, const FatbinRegion& region) {
    if (region.entries.empty()) return false;
    const FatbinEntry* largest = nullptr;
    bool intermediate = false;  // LTO-IR and kinds unknown are not looked into
    for (CodeKind kind : {CodeKind::sass, CodeKind::ptx}) {
      for (const FatbinEntry& entry : region.entries) {
        if (entry.target.kind == kind && (!largest || entry.code_size() > largest->code_size())) largest = &entry;
        intermediate = intermediate || entry.target.kind == CodeKind::lto_ir || entry.target.kind == CodeKind::other;
      }
      if (largest) break;
    }
    if (!largest || (largest->target.kind == CodeKind::ptx && intermediate)) return true;
    const std::optional<bool> holds = look_into(file, *largest);
    if (!holds) ++undecided_;
    return holds.value_or(true);
  }

  std::int64_t undecided() const { return undecided_; }

 private:
  std::optional<bool> look_into(const FileReader& file, const FatbinEntry& entry) {
    const bool cubin = entry.target.kind == CodeKind::sass;
    if (cubin && entry.codec == CodeCodec::none && !entry.part) {
      const auto image = file.part(entry.payload(), entry.payload_size);
      return image ? cubin_holds_code(*image) : std::nullopt;
    }
    if (entry.code_size() >= kMostInflated) return true;
    const auto code = inflater_.inflate(file, entry, entry.part ? kMostBefore : kMostInflated);
    if (!code) return std::nullopt;
    return cubin ? cubin_holds_code(*code) : ptx_holds_code(*code);
  }

  EntryInflater inflater_;
  std::int64_t undecided_ = 0;
};

bool is_machine_code(const FatbinRegion& region) {
  return std::all_of(region.entries.begin(), region.entries.end(),
                     [](const FatbinEntry& entry) { return entry.target.kind == CodeKind::sass; });
}

void add_remark(std::string& remark, const std::string& text) {
  if (!remark.empty()) remark += "; ";
  remark += text;
}

// What the reader of a coverage must know of the walk.
std::string remark_on(const CodeWalk& walk, CodePass pass) {
  std::string remark;
  if (pass == CodePass::headers) {
    if (walk.unsectioned) add_remark(remark, "no section headers: only the exact pass (--exact) finds code in it");
    if (!walk.elsewhere.empty()) {
      add_remark(remark, fmt::format("more code lies in {} ({}): the exact pass (--exact) counts it",
                                     fmt::join(walk.elsewhere, ", "), format_bytes(walk.elsewhere_bytes)));
    } else if (walk.registered > walk.regions) {
      add_remark(remark,
                 fmt::format("{} fat binaries are registered and {} stand in .nv_fatbin and __nv_relfatbin: the "
                             "exact pass (--exact) looks for the rest",
                             walk.registered, walk.regions));
    }
  }
  if (walk.damaged > 0) add_remark(remark, fmt::format("{} regions are damaged", walk.damaged));
  if (walk.not_regions > 0) {
    add_remark(remark, fmt::format("{} of the code sections are no fat binaries", format_bytes(walk.not_regions)));
  }
  return remark;
}

// A cubin by itself is one region, with one entry.
std::optional<Coverage> coverage_of_cubin(const FileReader& file, CodePass pass) {
  const std::optional<CodeTarget> target = cubin_target(file);
  if (!target) return std::nullopt;
  Coverage coverage;
  coverage.exact = pass == CodePass::exact;
  coverage.regions = coverage.entries = 1;
  coverage.groups.push_back({{*target}, 1});
  coverage.codecs.emplace_back(to_string(CodeCodec::none));
  return coverage;
}

Result<std::optional<Coverage>> coverage_by(const FileReader& file, const std::string& where, CodePass pass) {
  if (std::optional<Coverage> cubin = coverage_of_cubin(file, pass)) return cubin;
  Coverage coverage;
  coverage.exact = pass == CodePass::exact;
  Groups groups;
  std::optional<FunctionSearch> functions;
  if (coverage.exact) functions.emplace();
  unsigned codecs = 0;
  const auto walk = walk_code(file, where, pass, [&](const CodePlace& place, const FatbinRegion& region) {
    if (functions && ((place.linked && is_machine_code(region)) || !functions->holds_code(place.file, region))) {
      ++coverage.regions_empty;
      return;
    }
    if (region.entries.empty()) return;
    ++coverage.regions;
    coverage.entries += static_cast<std::int64_t>(region.entries.size());
    for (const FatbinEntry& entry : region.entries) codecs |= 1u << static_cast<unsigned>(entry.codec);
    groups.add(region);
  });
  if (!walk) return walk.error();
  if (groups.overflow()) {
    return Error{"reading GPU code", where, fmt::format("more than {} different sets of targets", kMostGroups),
                 "no toolkit writes this; is the file what it says it is?"};
  }
  coverage.groups = groups.take();
  for (CodeCodec codec : {CodeCodec::none, CodeCodec::lz4, CodeCodec::zstd, CodeCodec::old}) {
    if (codecs & 1u << static_cast<unsigned>(codec)) coverage.codecs.emplace_back(to_string(codec));
  }
  coverage.remark = remark_on(*walk, pass);
  if (functions && functions->undecided() > 0) {
    add_remark(coverage.remark,
               fmt::format("{} regions could not be looked into and count as code", functions->undecided()));
  }
  const bool nothing = coverage.regions == 0 && coverage.regions_empty == 0 && coverage.remark.empty();
  if (nothing) return std::optional<Coverage>();
  return std::optional(std::move(coverage));
}

}  // namespace

Result<std::optional<Coverage>> read_coverage(const FileReader& file, const std::string& where) {
  return coverage_by(file, where, CodePass::headers);
}

Result<std::optional<Coverage>> read_exact_coverage(const FileReader& file, const std::string& where) {
  return coverage_by(file, where, CodePass::exact);
}

}  // namespace varve
