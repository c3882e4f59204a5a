#include "binary/elf/note_sections.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostSectionNameBytes = 1 << 20;
constexpr std::uint64_t kMostNoteBytes = 64 * 1024;
constexpr std::size_t kMostCompilers = 64;
constexpr std::size_t kMostNumbers = 1024;

// The bytes of the first section with this name, when they are in the file and not more than the cap.
std::optional<std::string> section_bytes(const FileReader& reader, std::string_view name) {
  auto sections = read_named_sections(reader, "");
  if (!sections) return std::nullopt;
  for (const NamedSection& section : *sections) {
    const Elf64_Shdr& header = section.header;
    if (section.name != name || header.sh_type == SHT_NOBITS) continue;
    if (header.sh_size > kMostNoteBytes || !reader.holds(header.sh_offset, header.sh_size)) return std::nullopt;
    return reader.start(header.sh_offset, header.sh_size);
  }
  return std::nullopt;
}

std::vector<int> numbers_of(const Json& document, const char* key) {
  std::vector<int> numbers;
  auto list = document.find(key);
  if (list == document.end() || !list->is_array()) return numbers;
  for (const Json& item : *list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > 1'000'000 || numbers.size() == kMostNumbers) continue;
    numbers.push_back(item.get<int>());
  }
  return numbers;
}

}  // namespace

Result<std::vector<NamedSection>> read_named_sections(const FileReader& reader, const std::string& where) {
  auto headers = read_elf_headers(reader, where, true);
  if (!headers) return headers.error();
  std::vector<NamedSection> named;
  if (headers->sections.empty()) return named;
  std::uint64_t index =
      headers->file.e_shstrndx == SHN_XINDEX ? headers->sections[0].sh_link : headers->file.e_shstrndx;
  std::optional<std::string> names;
  if (index < headers->sections.size()) {
    const Elf64_Shdr& table = headers->sections[index];
    if (table.sh_size <= kMostSectionNameBytes && reader.holds(table.sh_offset, table.sh_size)) {
      names = reader.start(table.sh_offset, table.sh_size);
    }
  }
  if (!names) {
    return Error{"reading an ELF file", where, "the names of its sections point outside the file or are over 1 MiB",
                 "the file is damaged or cut short; install it again"};
  }
  named.reserve(headers->sections.size());
  for (const Elf64_Shdr& header : headers->sections) {
    std::string_view rest = header.sh_name < names->size() ? std::string_view(*names).substr(header.sh_name) : "";
    rest = rest.substr(0, 256);  // every section may point at one long name
    named.push_back({std::string(rest.substr(0, rest.find('\0'))), header});
  }
  return named;
}

std::optional<ForwardCompatibility> read_forward_compatibility(const FileReader& reader) {
  auto bytes = section_bytes(reader, ".note.cuda.fwd_compatibility");
  Elf64_Nhdr note;
  if (!bytes || bytes->size() < sizeof note) return std::nullopt;
  std::memcpy(&note, bytes->data(), sizeof note);
  std::string_view rest = std::string_view(*bytes).substr(sizeof note);
  // The name is padded to 4 bytes by some builds and to 8 by others: the description starts at its "{".
  if (!rest.starts_with("NVIDIA Corporation") || note.n_namesz > rest.size()) return std::nullopt;
  std::size_t start = rest.find('{', note.n_namesz);
  if (start == rest.npos || start > note.n_namesz + 8) return std::nullopt;
  std::string_view text = rest.substr(start, note.n_descsz);
  auto document = parse_json(text.substr(0, text.find('\0')), "reading a compatibility note", "");
  if (!document || !document->is_object()) return std::nullopt;
  ForwardCompatibility found;
  auto version = document->find("CUDA Version");
  if (version != document->end() && version->is_string()) {
    found.cuda_version = clean_utf8(version->get_ref<const std::string&>(), 64);
  }
  found.driver_branches = numbers_of(*document, "Driver");
  found.devices = numbers_of(*document, "Device");
  return found;
}

std::vector<std::string> host_compilers(const FileReader& reader) {
  std::vector<std::string> compilers;
  auto bytes = section_bytes(reader, ".comment");
  if (!bytes) return compilers;
  for (std::string_view piece : split(*bytes, '\0')) {
    std::string name = clean_utf8(trim(piece), 256);
    if (name.empty() || compilers.size() == kMostCompilers) continue;
    if (std::find(compilers.begin(), compilers.end(), name) == compilers.end()) compilers.push_back(std::move(name));
  }
  return compilers;
}

}  // namespace varve
