#include "binary/gpu_code/ptx_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>

#include "base/text.h"
#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/cubin.h"
#include "binary/gpu_code/fatbin_inflate.h"

namespace varve {
namespace {

constexpr std::size_t kHeadBytes = std::size_t{64} << 10;

// What count_coverage says of one target alone.
CoverageCount count_of(const CodeTarget& target, ComputeCapability gpu) {
  Coverage coverage;
  coverage.regions = 1;
  coverage.groups.push_back({.targets = {target}, .regions = 1});
  return count_coverage(coverage, gpu);
}

bool is_taken_as_ptx(const FatbinEntry& entry, ComputeCapability gpu) {
  return entry.target.kind == CodeKind::ptx && count_of(entry.target, gpu).jit > 0;
}

// Specific before general, newer before older.
bool is_less_fitting(const FatbinEntry* a, const FatbinEntry* b) {
  const auto rank = [](const FatbinEntry& entry) {
    const CodeTarget& target = entry.target;
    const int specific = target.variant == 'a' ? 2 : target.variant == 'f' ? 1 : 0;
    return std::tuple(target.architecture, specific, target.isa_major, target.isa_minor);
  };
  return rank(*a) < rank(*b);
}

std::vector<const FatbinEntry*> wanted_entries(const FatbinRegion& region, ComputeCapability gpu, PtxChoice choice) {
  std::vector<const FatbinEntry*> wanted;
  for (const FatbinEntry& entry : region.entries) {
    if (choice == PtxChoice::needed && count_of(entry.target, gpu).native > 0) return {};
    if (is_taken_as_ptx(entry, gpu)) wanted.push_back(&entry);
  }
  if (choice == PtxChoice::needed && wanted.size() > 1) {
    wanted = {*std::max_element(wanted.begin(), wanted.end(), is_less_fitting)};
  }
  return wanted;
}

// Entries are padded with zero bytes.
std::string text_of(std::span<const std::byte> code) {
  const auto* begin = reinterpret_cast<const char*>(code.data());
  std::string_view text(begin, code.size());
  text = text.substr(0, text.find('\0'));
  return std::string(text);
}

std::string word_after(std::string_view text, std::string_view directive) {
  for (std::size_t at = text.find(directive); at != std::string_view::npos; at = text.find(directive, at + 1)) {
    const bool begins_line = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ' || text[at - 1] == '\t';
    if (!begins_line) continue;
    std::string_view rest = text.substr(at + directive.size());
    rest = trim(rest.substr(0, rest.find('\n')));
    return std::string(trim(rest.substr(0, rest.find_first_of(", \t/"))));
  }
  return {};
}

}  // namespace

Result<PtxWalk> walk_ptx(const FileReader& file, const std::string& where, ComputeCapability gpu, PtxChoice choice,
                         const PtxLimits& limits, const std::function<bool(const PtxEntry& entry)>& visit) {
  PtxWalk result;
  EntryInflater inflater;
  bool stopped = false;
  const auto take = [&](const CodePlace& place, const FatbinEntry& entry) {
    if (place.plain_text) {  // its end is not stated
      ++result.not_read;
      return;
    }
    if (result.given >= limits.texts) {
      result.cut = stopped = true;
      return;
    }
    const auto code = inflater.inflate(place.file, entry, limits.text_bytes);
    if (!code) {
      ++result.not_read;
      return;
    }
    if (!ptx_holds_code(*code)) return;
    ++result.given;
    stopped = !visit({result.regions, place.member, entry.target, text_of(*code)});
  };
  const auto walk = walk_code(file, where, CodePass::exact, [&](const CodePlace& place, const FatbinRegion& region) {
    if (region.entries.empty()) return;
    ++result.regions;
    for (const FatbinEntry* entry : wanted_entries(region, gpu, choice)) {
      if (stopped) return;
      take(place, *entry);
    }
  });
  if (!walk) return walk.error();
  return result;
}

std::string gpu_name_for(const CodeTarget& ptx, ComputeCapability gpu) {
  std::string name = fmt::format("sm_{}{}", gpu.major, gpu.minor);
  if (ptx.variant != '\0') name += ptx.variant;
  return name;
}

PtxHead ptx_head(std::string_view text) {
  text = text.substr(0, kHeadBytes);
  return {word_after(text, ".version"), word_after(text, ".target")};
}

}  // namespace varve
