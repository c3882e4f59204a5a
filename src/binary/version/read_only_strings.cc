#include "binary/version/read_only_strings.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "binary/elf/elf_headers.h"
#include "binary/elf/note_sections.h"
#include "binary/version/read_only_strings_scan.h"
#include "binary/version/static_runtime.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostFileBytes = std::uint64_t{64} << 20;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kMostToldNames = 4096;
constexpr std::size_t kMargin = 512;
constexpr std::string_view kCudarcMark = "/cudarc-";

bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '+' ||
         c == '.';
}

// The zero-terminated string around a place of a window; nothing when it is longer than a name or not terminated.
std::optional<std::string_view> string_around(const ScanWindow& window, std::size_t at) {
  std::size_t start = at, end = at;
  while (start > 0 && window.bytes[start - 1] != 0) {
    if (at - --start > kLongestName) return std::nullopt;
  }
  if (start == 0 && !window.first) return std::nullopt;
  while (end < window.bytes.size() && window.bytes[end] != 0) {
    if (++end - start > kLongestName) return std::nullopt;
  }
  if (end == window.bytes.size()) return std::nullopt;
  return window.bytes.substr(start, end - start);
}

template <class Take>
void for_each(const ScanWindow& window, std::string_view mark, Take take) {
  for (std::size_t at = find_bytes(window.bytes, mark, window.begin); at < window.end;
       at = find_bytes(window.bytes, mark, at + 1)) {
    take(at);
  }
}

struct Found {
  std::set<std::string, std::less<>> names, tools;
  RuntimeTexts runtime;
  bool launches = false, loads_modules = false;  // names of the driver's functions
  bool is_of_cudarc = false;                     // where its sources stood when it was compiled
};

void look_through(const ScanWindow& window, Found& found) {
  for_each(window, ".so", [&](std::size_t at) {
    auto text = string_around(window, at);
    if (text && found.names.size() < kMostToldNames && is_library_name(*text)) found.names.emplace(*text);
  });
  for_each(window, kCudaToolsMark, [&](std::size_t at) {
    auto tools = parse_cuda_tools(window.bytes.substr(at));
    if (tools && found.tools.size() < kMostToldNames) found.tools.insert(*tools);
  });
  const auto is_whole = [&](std::size_t at, std::string_view start) {
    const auto text = string_around(window, at);
    return text && text->starts_with(start) && std::all_of(text->begin(), text->end(), is_name_character);
  };
  for_each(window, "cuLaunchKernel",
           [&](std::size_t at) { found.launches = found.launches || is_whole(at, "cuLaunchKernel"); });
  for_each(window, "cuModuleLoad",
           [&](std::size_t at) { found.loads_modules = found.loads_modules || is_whole(at, "cuModuleLoad"); });
  for_each(window, kCudarcMark, [&](std::size_t at) {
    const std::size_t digit = at + kCudarcMark.size();
    found.is_of_cudarc = found.is_of_cudarc || (digit < window.bytes.size() && is_digit(window.bytes[digit]));
  });
  found.runtime.look(window);
}

// What asks for the driver's functions by name and names no libcuda puts that name together (Rust's cudarc makes it of
// "lib", "cuda" and ".so"). Rust's own texts have no end, so that the functions' names may not be told from others; the
// paths of sources that it keeps for its messages (cudarc-0.19.8/src/driver/…) can.
void add_made_up_driver(Found& found) {
  const auto is_driver = [](const std::string& name) { return name.starts_with("libcuda.so"); };
  const bool asks = (found.launches && found.loads_modules) || found.is_of_cudarc;
  if (asks && std::none_of(found.names.begin(), found.names.end(), is_driver)) found.names.emplace("libcuda.so.1");
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end;
}

// The end of "1.2.3" from `at` on: `least` to `most` numbers; 0 when it is something else.
std::size_t version_end(std::string_view text, std::size_t at, int least, int most) {
  int parts = 0;
  while (parts < most) {
    std::size_t end = digits_at(text, at);
    if (end == at || end - at > 5) break;
    ++parts;
    at = end;
    if (parts == most || at >= text.size() || text[at] != '.' || digits_at(text, at + 1) == at + 1) break;
    ++at;
  }
  return parts >= least ? at : 0;
}

}  // namespace

bool is_library_name(std::string_view text) {
  if (!text.starts_with("lib") || text.size() > kLongestName) return false;
  if (!std::all_of(text.begin(), text.end(), is_name_character)) return false;
  std::size_t suffix = text.rfind(".so");
  if (suffix == text.npos || suffix <= 3) return false;
  for (std::size_t at = suffix + 3; at < text.size();) {
    if (text[at] != '.') return false;
    std::size_t end = digits_at(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  return true;
}

std::optional<std::string> parse_cuda_tools(std::string_view text) {
  if (!text.starts_with(kCudaToolsMark)) return std::nullopt;
  text.remove_prefix(kCudaToolsMark.size());
  const std::size_t release = version_end(text, 0, 2, 2);
  if (release == 0 || !text.substr(release).starts_with(", V")) return std::nullopt;
  const std::size_t end = version_end(text, release + 3, 3, 4);
  if (end == 0) return std::nullopt;
  return "CUDA " + std::string(text.substr(0, release)) + " " +
         std::string(text.substr(release + 2, end - release - 2));
}

// Of a file whose section headers were stripped: what the loader maps and nothing writes to.
std::vector<ReadOnlyRange> ranges_by_segments(const FileReader& reader) {
  std::vector<ReadOnlyRange> ranges;
  const auto headers = read_elf_headers(reader, "", true);
  if (!headers || !headers->sections.empty()) return ranges;
  for (const Elf64_Phdr& segment : headers->segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    if (reader.holds(segment.p_offset, segment.p_filesz)) ranges.push_back({segment.p_offset, segment.p_filesz});
  }
  return ranges;
}

Result<std::vector<ReadOnlyRange>> read_only_ranges(const FileReader& reader, const std::string& where) {
  auto sections = read_named_sections(reader, where);
  if (!sections) return sections.error();
  if (sections->empty()) return ranges_by_segments(reader);
  std::vector<ReadOnlyRange> ranges;
  for (const NamedSection& section : *sections) {
    const bool wanted = section.name == ".rodata" || section.name == ".lrodata" || section.name.starts_with(".rodata.");
    if (!wanted || section.header.sh_type == SHT_NOBITS) continue;
    if (!reader.holds(section.header.sh_offset, section.header.sh_size)) {
      return Error{"reading the texts of an ELF file", where, "its read-only data reaches beyond its end",
                   "the file is damaged or cut short; install it again"};
    }
    ranges.push_back({section.header.sh_offset, section.header.sh_size});
  }
  return ranges;
}

Result<ReadOnlyStrings> read_only_strings(const FileReader& reader, const std::string& where) {
  auto ranges = read_only_ranges(reader, where);
  if (!ranges) return ranges.error();
  ReadOnlyStrings strings;
  Found found;
  std::uint64_t left = kMostFileBytes;
  for (const ReadOnlyRange& range : *ranges) {
    const std::uint64_t size = std::min(range.size, left);
    strings.is_cut = strings.is_cut || size < range.size;
    left -= size;
    (void)scan_range(reader, range.offset, size, kMargin, [&](const ScanWindow& window) {
      look_through(window, found);
      return true;
    });
  }
  add_made_up_driver(found);
  strings.library_names.assign(found.names.begin(), found.names.end());
  strings.cuda_tools.assign(found.tools.begin(), found.tools.end());
  strings.runtime_texts = found.runtime.complete();
  return strings;
}

std::vector<std::string> opened_names(const FileReader& reader) {
  auto strings = read_only_strings(reader, "");
  return strings ? std::move(strings->library_names) : std::vector<std::string>{};
}

}  // namespace varve
