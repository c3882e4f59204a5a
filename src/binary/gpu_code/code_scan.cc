#include "binary/gpu_code/code_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "binary/elf/elf_headers.h"
#include "binary/elf/static_archive.h"
#include "binary/gpu_code/plain_ptx.h"

namespace varve {
namespace {

constexpr std::int64_t kMostRegions = 500'000;            // the fullest library seen has 29 000
constexpr std::int64_t kMostChance = 100'000;             // magics that begin no region; 5 were seen
constexpr int kMostSamples = 64;                          // sections sampled for code, of all members together
constexpr std::uint64_t kMostNames = 64 * 1024 * 1024;    // bytes of section names
constexpr std::uint64_t kWrapperSize = 24;                // of .nvFatBinSegment: magic 466243B1, version, two pointers
constexpr std::uint64_t kLeastSampled = 4 * 1024 * 1024;  // smaller data sections are not sampled for code
// From the middle of one: that showed the code in each library seen that keeps it in data.
constexpr std::uint64_t kSample = 256 * 1024;
constexpr std::size_t kLeastSearch = 4096, kMostSearch = 1024 * 1024;  // bytes a read of the search

// A part of a file in which regions are looked for.
struct Range {
  std::uint64_t begin = 0, end = 0;
  bool made_for_code = false;
  std::string section;
};

// Finds the magic of a region at any byte: sections that are searched keep no alignment.
class MagicSearch {
 public:
  explicit MagicSearch(const FileReader& file) : file_(file) {}

  // Where the next magic in [from, end) begins; `end` when there is none or the file cannot be read.
  std::uint64_t find(std::uint64_t from, std::uint64_t end) {
    // After a hit the next region is near: read little, then more and more.
    for (std::size_t step = kLeastSearch; end - from >= sizeof kFatbinMagic; step = std::min(step * 4, kMostSearch)) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(step, end - from));
      buffer_.resize(size);
      if (!file_.read(from, buffer_)) return end;
      if (const std::byte* hit = find_in(buffer_)) return from + static_cast<std::uint64_t>(hit - buffer_.data());
      from += size - (sizeof kFatbinMagic - 1);  // it may lie across the border
    }
    return end;
  }

 private:
  // By the byte of the magic that is rarest in data.
  static const std::byte* find_in(std::span<const std::byte> bytes) {
    constexpr int kRare = 0xed;
    const std::byte* at = bytes.data();
    const std::byte* const last = bytes.data() + bytes.size() - sizeof kFatbinMagic;
    while (at <= last) {
      at = static_cast<const std::byte*>(std::memchr(at + 1, kRare, static_cast<std::size_t>(last - at + 1)));
      if (!at) return nullptr;
      if (is_fatbin_magic(at - 1)) return at - 1;
    }
    return nullptr;
  }

  const FileReader& file_;
  std::vector<std::byte> buffer_;
};

class Walker {
 public:
  Walker(const std::string& where, CodePass pass, const CodeVisitor& visit)
      : where_(where), pass_(pass), visit_(visit) {}

  Status walk_file(const FileReader& file, const std::string& member);
  CodeWalk& result() { return walk_; }

 private:
  Result<std::vector<Range>> ranges_of(const FileReader& file, const ElfHeaders& headers);
  void add_section(const FileReader& file, const Elf64_Shdr& section, std::string_view name,
                   std::vector<Range>& ranges);
  bool holds_code_elsewhere(const FileReader& file, const Elf64_Shdr& section, std::string_view name);
  Status give(const CodePlace& place, const FatbinRegion& region);
  Status walk_range(const FileReader& file, const std::string& member, const Range& range);
  Status search_range(const FileReader& file, const std::string& member, const Range& range);
  Status give_plain_text(const FileReader& file, const std::string& member);

  const std::string& where_;
  CodePass pass_;
  const CodeVisitor& visit_;
  CodeWalk walk_;
  FatbinRegion region_;
  bool has_linked_code_ = false;
  std::int64_t chances_ = 0;
  int samples_ = 0;
};

// Whether a section that is not made for code holds some, as far as a sample tells.
bool Walker::holds_code_elsewhere(const FileReader& file, const Elf64_Shdr& section, std::string_view name) {
  if (name == ".cask_resource") return true;
  if ((name != ".data" && name != ".ldata" && name != ".lrodata") || section.sh_size < kLeastSampled ||
      !file.holds(section.sh_offset, section.sh_size) || ++samples_ > kMostSamples) {
    return false;
  }
  const std::uint64_t begin = section.sh_offset + section.sh_size / 2;
  return MagicSearch(file).find(begin, begin + kSample) < begin + kSample;
}

void Walker::add_section(const FileReader& file, const Elf64_Shdr& section, std::string_view name,
                         std::vector<Range>& ranges) {
  if (section.sh_type != SHT_PROGBITS || section.sh_size == 0) return;
  const bool for_code = name == ".nv_fatbin" || name == "__nv_relfatbin";
  if (for_code) {
    walk_.code_sections = true;
  } else if (name == ".nvFatBinSegment") {
    walk_.registered += static_cast<std::int64_t>(std::min<std::uint64_t>(section.sh_size / kWrapperSize, 1u << 30));
  } else if (pass_ == CodePass::headers && holds_code_elsewhere(file, section, name)) {
    walk_.elsewhere_bytes += section.sh_size;
    if (std::find(walk_.elsewhere.begin(), walk_.elsewhere.end(), name) == walk_.elsewhere.end()) {
      walk_.elsewhere.emplace_back(name);
    }
  }
  const bool data = (section.sh_flags & SHF_ALLOC) && !(section.sh_flags & SHF_EXECINSTR);
  if (!for_code && (pass_ == CodePass::headers || !data)) return;
  const std::uint64_t end = section.sh_offset + section.sh_size;
  ranges.push_back({section.sh_offset, end < section.sh_offset ? ~0ull : end, for_code, std::string(name)});
}

Result<std::vector<Range>> Walker::ranges_of(const FileReader& file, const ElfHeaders& headers) {
  std::vector<Range> ranges;
  if (headers.sections.empty()) {
    walk_.unsectioned = true;
    for (std::size_t i = 0; pass_ == CodePass::exact && i < headers.segments.size(); ++i) {
      const Elf64_Phdr& segment = headers.segments[i];
      if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
      const std::uint64_t end = segment.p_offset + segment.p_filesz;
      ranges.push_back({segment.p_offset, end < segment.p_offset ? ~0ull : end, false, "segment " + std::to_string(i)});
    }
    return ranges;
  }
  const std::size_t names_row =
      headers.file.e_shstrndx != SHN_XINDEX ? headers.file.e_shstrndx : headers.sections[0].sh_link;
  if (names_row >= headers.sections.size()) return ranges;
  const Elf64_Shdr& names_section = headers.sections[names_row];
  if (names_section.sh_size > kMostNames || !file.holds(names_section.sh_offset, names_section.sh_size)) {
    return Error{"reading an ELF file", where_, "the names of its sections are outside the file",
                 "the file is damaged or cut short; install it again"};
  }
  std::string names(static_cast<std::size_t>(names_section.sh_size), '\0');
  if (!file.read(names_section.sh_offset, std::as_writable_bytes(std::span(names)))) {
    return Error{"reading an ELF file", where_, "it cannot be read", ""};
  }
  for (const Elf64_Shdr& section : headers.sections) {
    if (section.sh_name >= names.size()) continue;
    const std::string_view rest = std::string_view(names).substr(section.sh_name, 256);
    add_section(file, section, rest.substr(0, rest.find('\0')), ranges);
  }
  return ranges;
}

Status Walker::give(const CodePlace& place, const FatbinRegion& region) {
  if (++walk_.regions > kMostRegions) {
    return Error{"reading GPU code", where_, fmt::format("more than {} fat binaries", kMostRegions),
                 "no toolkit writes this; is the file what it says it is?"};
  }
  walk_.damaged += region.damaged;
  visit_(place, region);
  return Done{};
}

Status Walker::walk_range(const FileReader& file, const std::string& member, const Range& range) {
  FatbinWalk regions(file, range.begin, range.end);
  const bool linked = has_linked_code_ && range.section == "__nv_relfatbin";
  const CodePlace place{file, member, range.section, false, false, linked};
  while (regions.next(region_)) {
    if (Status given = give(place, region_); !given) return given;
  }
  if (regions.bytes_left() < kRegionHeaderSize) return Done{};
  if (pass_ == CodePass::exact) return search_range(file, member, {regions.position(), range.end, true, range.section});
  walk_.not_regions += regions.bytes_left();
  return Done{};
}

Status Walker::search_range(const FileReader& file, const std::string& member, const Range& range) {
  const std::uint64_t end = std::min(range.end, file.size());
  MagicSearch search(file);
  const CodePlace place{file, member, range.section, true, false, false};
  for (std::uint64_t at = std::min(range.begin, end); at < end;) {
    at = search.find(at, end);
    if (at >= end) break;
    FatbinWalk regions(file, at, end);
    // Eight bytes may be chance: it is a region when its first entry is one, too.
    if (!regions.next(region_) || region_.entries.empty()) {
      if (++chances_ > kMostChance) {
        return Error{"reading GPU code", where_, fmt::format("{} places look like fat binaries and are none", chances_),
                     "no toolkit writes this; is the file what it says it is?"};
      }
      at += sizeof kFatbinMagic;
      continue;
    }
    if (Status given = give(place, region_); !given) return given;
    // Of a damaged one only what was read is passed over.
    const FatbinEntry& last = region_.entries.back();
    at = region_.damaged ? last.payload() + last.payload_size : regions.position();
  }
  return Done{};
}

Status Walker::walk_file(const FileReader& file, const std::string& member) {
  const auto headers = read_elf_headers(file, where_, true);
  if (!headers) return headers.error();
  auto ranges = ranges_of(file, *headers);
  if (!ranges) return ranges.error();
  has_linked_code_ =
      headers->file.e_type != ET_REL &&
      std::any_of(ranges->begin(), ranges->end(), [](const Range& one) { return one.section == ".nv_fatbin"; });
  // Each byte once, however the headers overlap; the sections made for code come first where two begin together.
  std::sort(ranges->begin(), ranges->end(), [](const Range& a, const Range& b) {
    return std::pair(a.begin, !a.made_for_code) < std::pair(b.begin, !b.made_for_code);
  });
  std::uint64_t done = 0;
  for (Range& range : *ranges) {
    range.begin = std::max(range.begin, done);
    range.end = std::min(range.end, file.size());
    if (range.begin >= range.end) continue;
    Status walked = range.made_for_code ? walk_range(file, member, range) : search_range(file, member, range);
    if (!walked) return walked;
    done = range.end;
  }
  return pass_ == CodePass::exact && walk_.regions == 0 ? give_plain_text(file, member) : Done{};
}

Status Walker::give_plain_text(const FileReader& file, const std::string& member) {
  const std::string section = "plain text";
  const CodePlace place{file, member, section, true, true, false};
  for (const FatbinRegion& region : plain_ptx_regions(file)) {
    if (Status given = give(place, region); !given) return given;
  }
  return Done{};
}

}  // namespace

Result<CodeWalk> walk_code(const FileReader& file, const std::string& where, CodePass pass, const CodeVisitor& visit) {
  Walker walker(where, pass, visit);
  if (!is_archive(file)) {
    if (Status walked = walker.walk_file(file, ""); !walked) return walked.error();
    return walker.result();
  }
  Status inside = Done{};
  Status members = for_each_member(file, where, [&](const std::string& name, const FileReader& member) {
    std::array<char, 5> start{};
    if (!inside || !member.read_value(0, start)) return;
    if (std::memcmp(start.data(), "\177ELF\2", start.size()) != 0) return;
    inside = walker.walk_file(member, name);
  });
  if (!members) return members.error();
  if (!inside) return inside.error();
  return walker.result();
}

}  // namespace varve
