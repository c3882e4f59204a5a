#include "binary/version/static_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "binary/elf/elf_headers.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime_immediates.h"

namespace varve {
namespace {

// CUDA 9.0 to 19.19. No release had a minor number above 9 so far.
constexpr int kLeast = 9000, kMost = 19'190, kMostMinor = 19;
constexpr int kLeastOccurrences = 2;

bool is_getter_store(const StoredNumber& number) {
  constexpr std::uint8_t kFirstArgument = 7;  // rdi
  return number.plain_address && number.register_number == kFirstArgument && number.before_return;
}

// The executable ranges of a file for x86-64.
std::vector<ReadOnlyRange> executable_ranges(const FileReader& reader) {
  std::vector<ReadOnlyRange> ranges;
  auto headers = read_elf_headers(reader, "", true);
  if (!headers || headers->file.e_machine != EM_X86_64) return ranges;
  for (const Elf64_Shdr& section : headers->sections) {
    if ((section.sh_flags & SHF_EXECINSTR) == 0 || section.sh_type == SHT_NOBITS) continue;
    ranges.push_back({section.sh_offset, section.sh_size});
  }
  if (!headers->sections.empty()) return ranges;
  for (const Elf64_Phdr& segment : headers->segments) {
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0)
      ranges.push_back({segment.p_offset, segment.p_filesz});
  }
  return ranges;
}

std::optional<StoredVersion> largest_repeated(const std::map<int, int>& counts) {
  for (auto row = counts.rbegin(); row != counts.rend(); ++row) {
    if (row->second >= kLeastOccurrences) return StoredVersion{row->first, cuda_version_text(row->first), row->second};
  }
  return std::nullopt;
}

}  // namespace

bool is_cuda_version(std::uint32_t number) {
  if (number < kLeast || number > kMost || number % 10 != 0) return false;
  return number % 1000 <= 10 * kMostMinor;
}

void RuntimeTexts::look(const ScanWindow& window) {
  auto has = [&](std::string_view text) { return find_bytes(window.bytes, text, 0) != std::string_view::npos; };
  name_of_error = name_of_error || has("cudaErrorInsufficientDriver");
  explanation_of_error = explanation_of_error || has("CUDA driver version is insufficient for CUDA runtime version");
}

bool carries_runtime(const FileReader& reader) {
  auto ranges = read_only_ranges(reader, "");
  RuntimeTexts texts;
  if (!ranges) return false;
  std::uint64_t left = reader.size();  // as below
  for (const ReadOnlyRange& range : *ranges) {
    const std::uint64_t size = std::min(range.size, left);
    left -= size;
    (void)scan_range(reader, range.offset, size, 256, [&](const ScanWindow& window) {
      texts.look(window);
      return !texts.complete();
    });
    if (texts.complete()) return true;
  }
  return false;
}

std::map<int, int> stored_cuda_versions(const FileReader& reader) {
  std::map<int, int> counts;
  std::uint64_t left = reader.size();  // sections of a damaged file may overlap
  for (const ReadOnlyRange& range : executable_ranges(reader)) {
    const std::uint64_t size = std::min(range.size, left);
    left -= size;
    (void)scan_range(reader, range.offset, size, kLongestStore, [&](const ScanWindow& window) {
      auto code = std::as_bytes(std::span(window.bytes)).subspan(window.begin);
      for (const StoredNumber& number : stored_numbers(code, window.end - window.begin, false)) {
        if (is_getter_store(number) && is_cuda_version(number.value)) ++counts[static_cast<int>(number.value)];
      }
      return true;
    });
  }
  return counts;
}

std::optional<StoredVersion> static_runtime_version(const FileReader& reader) {
  auto version = largest_repeated(stored_cuda_versions(reader));
  return version && carries_runtime(reader) ? version : std::nullopt;
}

std::optional<StoredVersion> api_level(const FileReader& reader) {
  return largest_repeated(stored_cuda_versions(reader));
}

std::string cuda_version_text(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

}  // namespace varve
