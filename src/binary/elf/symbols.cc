#include "binary/elf/symbols.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <span>
#include <tuple>

#include "binary/elf/elf_headers.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostSymbols = 16'000'000;
constexpr std::uint64_t kSymbolsAtOnce = 16'384;
constexpr std::size_t kMostSymbolNameBytes = 64 * 1024;
constexpr std::size_t kMostAliases = 64;
constexpr std::size_t kMostNestedSteps = 4096;
constexpr std::size_t kMostUntypedNames = 200'000;

std::uint64_t sum_capped(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

std::uint8_t rank_of(unsigned binding) {
  if (binding == STB_GLOBAL || binding == STB_GNU_UNIQUE) return 0;
  return binding == STB_WEAK ? 1 : 2;
}

}  // namespace

// The descriptor that names are read from, and where the string tables of .symtab and .dynsym stand.
struct SymbolTable::File {
  FileReader reader;
  std::array<std::uint64_t, 2> names_start{}, names_end{};

  explicit File(FileReader opened) : reader(std::move(opened)) {}

  std::string name(const Symbol& symbol) const {
    std::uint64_t end = names_end[symbol.table];
    std::uint64_t at = sum_capped(names_start[symbol.table], symbol.name);
    return at < end ? reader.text(at, end, kMostSymbolNameBytes).value_or("") : "";
  }
};

struct SymbolReader {
  SymbolTable& table;
  const ElfHeaders& headers;
  SymbolTable::File& file;
  std::uint64_t seen = 0;
  std::size_t untyped = 0;

  void read_segments() {
    for (const Elf64_Phdr& row : headers.segments) {
      if (row.p_type != PT_LOAD || row.p_filesz == 0) continue;
      table.segments_.push_back(
          {row.p_vaddr, sum_capped(row.p_vaddr, row.p_filesz), row.p_offset, (row.p_flags & PF_X) != 0});
    }
    std::stable_sort(table.segments_.begin(), table.segments_.end(),
                     [](const auto& a, const auto& b) { return a.executable > b.executable; });
  }

  // Executable sections, or executable segments where the file has none (stripped of its section headers).
  void read_sections() {
    auto& sections = table.sections_;
    for (const Elf64_Shdr& row : headers.sections) {
      if ((row.sh_flags & SHF_EXECINSTR) == 0 || (row.sh_flags & SHF_ALLOC) == 0 || row.sh_size == 0) continue;
      sections.push_back({row.sh_addr, sum_capped(row.sh_addr, row.sh_size), row.sh_offset, true});
    }
    if (sections.empty()) {
      std::copy_if(table.segments_.begin(), table.segments_.end(), std::back_inserter(sections),
                   [](const auto& span) { return span.executable; });
    }
    std::sort(sections.begin(), sections.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    for (std::size_t i = 0; i + 1 < sections.size(); ++i)
      sections[i].end = std::min(sections[i].end, sections[i + 1].start);
  }

  const SymbolTable::Span* section_of(std::uint64_t address) const {
    auto after = std::upper_bound(table.sections_.begin(), table.sections_.end(), address,
                                  [](std::uint64_t wanted, const auto& span) { return wanted < span.start; });
    if (after == table.sections_.begin() || address >= std::prev(after)->end) return nullptr;
    return &*std::prev(after);
  }

  // Assembly without .type leaves NOTYPE symbols; so do labels and the mapping symbols of other processors ("$x").
  bool is_untyped_function(const SymbolTable::Symbol& symbol) {
    if (++untyped > kMostUntypedNames) return false;
    std::string name = file.name(symbol);
    return !name.empty() && name[0] != '$' && name[0] != '.';
  }

  void take(const Elf64_Sym& row, std::uint8_t table_number) {
    unsigned type = ELF64_ST_TYPE(row.st_info);
    bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    if ((!function && type != STT_NOTYPE) || row.st_shndx == SHN_UNDEF || row.st_name == 0) return;
    const SymbolTable::Span* section = section_of(row.st_value);
    if (!section) return;
    SymbolTable::Symbol symbol{row.st_value,
                               std::min(sum_capped(row.st_value, row.st_size), section->end),
                               row.st_name,
                               table_number,
                               rank_of(ELF64_ST_BIND(row.st_info)),
                               row.st_size > 0};
    if (!function && !is_untyped_function(symbol)) return;
    table.symbols_.push_back(symbol);
  }

  bool read_table(const Elf64_Shdr& section, std::uint8_t number) {
    if (section.sh_entsize != sizeof(Elf64_Sym) || section.sh_link >= headers.sections.size()) return false;
    const Elf64_Shdr& names = headers.sections[section.sh_link];
    if (!file.reader.holds(section.sh_offset, section.sh_size) || !file.reader.holds(names.sh_offset, names.sh_size))
      return false;
    file.names_start[number] = names.sh_offset;
    file.names_end[number] = names.sh_offset + names.sh_size;
    std::uint64_t count = std::min(section.sh_size / sizeof(Elf64_Sym), kMostSymbols - seen);
    seen += count;
    std::vector<Elf64_Sym> rows;
    for (std::uint64_t done = 0; done < count; done += rows.size()) {
      rows.resize(std::min(kSymbolsAtOnce, count - done));
      if (!file.reader.read(section.sh_offset + done * sizeof(Elf64_Sym), std::as_writable_bytes(std::span(rows))))
        return false;
      for (const Elf64_Sym& row : rows) take(row, number);
    }
    return true;
  }

  // A symbol without a size reaches to the next one or the end of its section. Where only the exported ones are left,
  // other functions stand in between: the stretch is known, whose it is is not.
  void finish(bool only_exported) {
    auto& symbols = table.symbols_;
    std::sort(symbols.begin(), symbols.end(), [](const auto& a, const auto& b) {
      return std::tie(a.start, a.sized, a.end, a.table, a.name) < std::tie(b.start, b.sized, b.end, b.table, b.name);
    });
    symbols.shrink_to_fit();
    std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t i = symbols.size(); i-- > 0;) {
      auto& symbol = symbols[i];
      if (i + 1 < symbols.size() && symbols[i + 1].start > symbol.start) next = symbols[i + 1].start;
      if (symbol.sized) continue;
      symbol.end = std::min(next, section_of(symbol.start)->end);
      if (only_exported) symbol.name = 0;
    }
    table.reach_.reserve(symbols.size());
    std::uint64_t reach = 0;
    for (const auto& symbol : symbols) table.reach_.push_back(reach = std::max(reach, symbol.end));
  }
};

Result<SymbolTable> SymbolTable::read(int fd, const std::string& where) {
  FileHandle own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own) return Error{"reading symbols", where, std::strerror(errno), ""};
  auto reader = FileReader::open(std::move(own), where);
  if (!reader) return reader.error();
  auto file = std::make_shared<File>(*reader);
  auto headers = read_elf_headers(*reader, where, true);
  if (!headers) return headers.error();
  SymbolTable table;
  SymbolReader read{table, *headers, *file};
  read.read_segments();
  read.read_sections();
  std::array<bool, 2> done{};
  for (const Elf64_Shdr& section : headers->sections) {
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    std::uint8_t number = section.sh_type == SHT_SYMTAB ? 0 : 1;
    if (done[number]) continue;  // the format allows one of each
    done[number] = true;
    if (!read.read_table(section, number)) {
      return Error{"reading symbols", where, "a symbol table points outside the file",
                   "the file is damaged or cut short; install it again"};
    }
  }
  read.finish(!done[0]);
  table.file_ = std::move(file);
  return table;
}

std::optional<std::uint64_t> SymbolTable::virtual_address(std::uint64_t file_offset) const {
  for (const Span& segment : segments_) {
    if (file_offset >= segment.file_offset && file_offset - segment.file_offset < segment.end - segment.start) {
      return segment.start + (file_offset - segment.file_offset);
    }
  }
  return std::nullopt;
}

std::string SymbolTable::best_name(std::size_t index) const {
  const Symbol& chosen = symbols_[index];
  std::size_t first = index;
  while (first > 0 && symbols_[first - 1].start == chosen.start && index - first < kMostAliases) --first;
  struct Candidate {
    std::uint8_t rank = 3;
    bool underscored = true;
    std::size_t length = 0;
    std::string name;
    auto order() const { return std::tie(rank, underscored, length, name); }
  };
  Candidate best;
  for (std::size_t i = first; i < symbols_.size() && i - first < 2 * kMostAliases; ++i) {
    const Symbol& other = symbols_[i];
    if (other.start != chosen.start) break;
    if (other.sized != chosen.sized || (other.sized && other.end != chosen.end)) continue;
    std::string name = file_->name(other);
    if (name.empty()) continue;
    Candidate candidate{other.rank, name.starts_with('_') && !name.starts_with("_Z"), name.size(), std::move(name)};
    if (candidate.order() < best.order()) best = std::move(candidate);
  }
  return best.name;
}

std::optional<CodeRange> SymbolTable::find(std::uint64_t address) const {
  auto section = std::upper_bound(sections_.begin(), sections_.end(), address,
                                  [](std::uint64_t wanted, const Span& span) { return wanted < span.start; });
  if (section == sections_.begin() || address >= std::prev(section)->end) return std::nullopt;
  CodeRange gap{std::prev(section)->start, std::prev(section)->end, ""};

  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.start; });
  if (after != symbols_.end()) gap.end = std::min(gap.end, after->start);
  std::optional<std::size_t> chosen;
  std::size_t steps = 0;
  for (std::size_t i = static_cast<std::size_t>(after - symbols_.begin()); i-- > 0 && steps < kMostNestedSteps;
       ++steps) {
    if (reach_[i] <= address) {
      gap.start = std::max(gap.start, reach_[i]);
      break;
    }
    if (symbols_[i].end <= address) continue;
    bool better =
        !chosen || (symbols_[i].sized && !symbols_[*chosen].sized) ||
        (symbols_[i].sized && symbols_[i].start == symbols_[*chosen].start && symbols_[i].end < symbols_[*chosen].end);
    if (better) chosen = i;
    if (chosen && symbols_[*chosen].sized && symbols_[i].start < symbols_[*chosen].start) break;
  }
  if (!chosen) return gap;
  CodeRange found{symbols_[*chosen].start, symbols_[*chosen].end, best_name(*chosen)};
  if (!found.symbol.empty()) return found;
  return CodeRange{found.start, found.end, ""};
}

}  // namespace varve
