// Reads the tables of DynamicSymbols by virtual address, each with bounds and a cap.
#include <algorithm>

#include "binary/elf/symbol_hash.h"
#include "binary/loader/symbol_scope.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostSymbols = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostNames = std::uint64_t{512} << 20;
constexpr std::uint64_t kMostRelocations = std::uint64_t{1} << 26;  // beside those without a symbol
constexpr std::size_t kMostVersions = 32'768;                       // ids have 15 bits
constexpr std::size_t kMostVersionName = 4096;
constexpr std::size_t kMostName = std::size_t{1} << 20;
constexpr std::size_t kPiece = std::size_t{64} << 10;

Error broken_symbols(const std::string& where, std::string found) {
  return Error{"reading the symbols of an ELF file", where, std::move(found),
               "the file is damaged or cut short; install it again"};
}

bool is_allowed_type(unsigned type) {
  return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC || type == STT_COMMON || type == STT_TLS ||
         type == STT_GNU_IFUNC;
}

}  // namespace

struct DynamicSymbolsReader {
  const DynamicImage& image;
  const std::string& where;
  DynamicSymbols symbols{};
  std::string names{};  // DT_STRTAB

  // Rows of a chain stand close together: they are read ahead.
  template <class T>
  bool read_row(std::uint64_t address, T& into) const {
    const auto offset = image.offset_of(address, sizeof into);
    return offset && image.names.read_value(*offset, into);
  }

  template <class T>
  bool read_rows(std::uint64_t address, std::uint64_t count, std::vector<T>& into) const {
    if (count > kMostSymbols || !image.offset_of(address, count * sizeof(T))) return false;
    into.resize(count);
    return count == 0 || image.read_address(address, std::as_writable_bytes(std::span(into)));
  }

  // u32 buckets, u32 first symbol, u32 bloom words, u32 shift; u64 bloom[]; u32 bucket[]; u32 chain[], one a symbol
  // from the first one on; its lowest bit ends a bucket's chain.
  bool read_gnu_hash(std::uint64_t at) {
    struct {
      std::uint32_t buckets, first, bloom_words, shift;
    } header{};
    if (!read_row(at, header)) return false;
    symbols.gnu_ = true;
    symbols.first_ = header.first;
    symbols.shift_ = header.shift & 31;
    at += sizeof header;
    const bool usable = header.bloom_words != 0 && (header.bloom_words & (header.bloom_words - 1)) == 0;
    if (usable && !read_rows(at, header.bloom_words, symbols.bloom_)) return false;
    at += std::uint64_t{header.bloom_words} * 8;
    if (!read_rows(at, header.buckets, symbols.buckets_)) return false;
    at += std::uint64_t{header.buckets} * 4;
    const std::uint32_t last =
        symbols.buckets_.empty() ? 0 : *std::max_element(symbols.buckets_.begin(), symbols.buckets_.end());
    if (last < header.first || last == 0) return true;  // it exports nothing
    // The last chain's end tells how long the table is.
    std::uint64_t end = last - header.first;
    for (std::uint32_t value = 0; (value & 1) == 0; ++end) {
      if (end >= kMostSymbols) return false;
      if (!read_row(at + end * 4, value)) return false;
    }
    symbols.hashed_ = end;
    return read_rows(at, end, symbols.chains_);
  }

  // u32 buckets, u32 symbols; u32 bucket[]; u32 next[], index 0 ends a chain.
  bool read_sysv_hash(std::uint64_t at) {
    struct {
      std::uint32_t buckets, symbols;
    } header{};
    if (!read_row(at, header)) return false;
    symbols.gnu_ = false;
    at += sizeof header;
    if (!read_rows(at, header.buckets, symbols.buckets_)) return false;
    symbols.hashed_ = header.symbols;
    return read_rows(at + std::uint64_t{header.buckets} * 4, header.symbols, symbols.chains_);
  }

  // The symbols that Elf64_Rela rows name, each once. Rows without a symbol stand first where DT_RELACOUNT says so.
  bool add_relocations(std::uint64_t at, std::uint64_t bytes, std::uint64_t skip, std::vector<bool>& named) const {
    const std::uint64_t count = bytes / sizeof(Elf64_Rela);
    if (skip >= count) return true;
    if (count - skip > kMostRelocations) return false;
    const auto offset = image.offset_of(at + skip * sizeof(Elf64_Rela), (count - skip) * sizeof(Elf64_Rela));
    if (!offset) return false;
    std::vector<Elf64_Rela> rows;
    for (std::uint64_t done = 0; done < count - skip; done += rows.size()) {
      rows.resize(std::min<std::uint64_t>(kPiece / sizeof(Elf64_Rela), count - skip - done));
      if (!image.reader.read(*offset + done * sizeof(Elf64_Rela), std::as_writable_bytes(std::span(rows))))
        return false;
      for (const Elf64_Rela& row : rows) {
        const std::uint64_t index = ELF64_R_SYM(row.r_info);
        if (index == 0 || ELF64_R_TYPE(row.r_info) == 0 || index >= kMostSymbols) continue;  // type 0: R_*_NONE
        if (index >= named.size()) named.resize(std::max<std::size_t>(index + 1, named.size() * 2));
        named[index] = true;
      }
    }
    return true;
  }

  bool read_relocations(std::vector<bool>& named) const {
    if (auto table = image.value(DT_RELA)) {
      const std::uint64_t skip = image.value(DT_RELACOUNT).value_or(0);
      if (!add_relocations(*table, image.value(DT_RELASZ).value_or(0), skip, named)) return false;
    }
    if (auto table = image.value(DT_JMPREL); table && image.value(DT_PLTREL).value_or(DT_RELA) == DT_RELA) {
      if (!add_relocations(*table, image.value(DT_PLTRELSZ).value_or(0), 0, named)) return false;
    }
    return true;
  }

  std::string_view name_at(std::uint32_t offset) const {
    if (offset >= names.size()) return {};
    const std::string_view rest = std::string_view(names).substr(offset, kMostName);
    return rest.substr(0, rest.find('\0'));
  }

  std::string text(std::uint32_t offset) const { return std::string(name_at(offset).substr(0, kMostVersionName)); }

  void set_version(std::size_t id, const SymbolVersion& version) {
    if (id >= symbols.versions_.size()) symbols.versions_.resize(id + 1);
    symbols.versions_[id] = version;
  }

  // DT_VERDEF: rows linked by vd_next, the name of each in its first Verdaux. The base version is the file's own name
  // and no version of a symbol.
  void read_definitions() {
    auto at = image.value(DT_VERDEF);
    std::uint64_t count = std::min<std::uint64_t>(image.value(DT_VERDEFNUM).value_or(0), kMostVersions);
    Elf64_Verdef row{};
    for (std::uint64_t address = at.value_or(0); at && count > 0 && read_row(address, row); --count) {
      Elf64_Verdaux name{};
      if (!read_row(address + row.vd_aux, name)) return;
      const SymbolVersion version{text(name.vda_name), {}, row.vd_hash, false};
      symbols.offered_.push_back(version);
      if ((row.vd_flags & VER_FLG_BASE) == 0) set_version(row.vd_ndx & 0x7fff, version);
      if (row.vd_next == 0) return;
      address += row.vd_next;
    }
  }

  // DT_VERNEED: a row a file, linked by vn_next, with a list of Vernaux, linked by vna_next.
  void read_needs() {
    auto at = image.value(DT_VERNEED);
    std::uint64_t count = std::min<std::uint64_t>(image.value(DT_VERNEEDNUM).value_or(0), kMostVersions);
    Elf64_Verneed row{};
    for (std::uint64_t address = at.value_or(0); at && count > 0 && read_row(address, row); --count) {
      const std::string file = text(row.vn_file);
      std::uint64_t part = address + row.vn_aux;
      Elf64_Vernaux version{};
      for (std::uint32_t left = row.vn_cnt; left > 0 && read_row(part, version); --left) {
        if (symbols.needs_.size() >= kMostVersions) return;
        const SymbolVersion wanted{text(version.vna_name), file, version.vna_hash, (version.vna_other & 0x8000) != 0};
        symbols.needs_.push_back({wanted, (version.vna_flags & VER_FLG_WEAK) != 0});
        set_version(version.vna_other & 0x7fff, wanted);
        if (version.vna_next == 0) break;
        part += version.vna_next;
      }
      if (row.vn_next == 0) return;
      address += row.vn_next;
    }
  }

  static bool is_for_others(const Elf64_Sym& row) {
    const unsigned binding = ELF64_ST_BIND(row.st_info), visibility = ELF64_ST_VISIBILITY(row.st_other);
    return visibility != STV_HIDDEN && visibility != STV_INTERNAL &&
           (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE);
  }

  // Something that a reference can mean.
  static bool is_definition(const Elf64_Sym& row) {
    const unsigned type = ELF64_ST_TYPE(row.st_info);
    const bool placed = row.st_value != 0 || row.st_shndx == SHN_ABS || type == STT_TLS;
    return row.st_shndx != SHN_UNDEF && placed && is_allowed_type(type);
  }

  // A definition of another file, at any rate.
  static bool is_wanted(const Elf64_Sym& row) {
    return row.st_shndx == SHN_UNDEF && is_for_others(row) && ELF64_ST_BIND(row.st_info) != STB_WEAK;
  }

  // Goes through `count` rows at `address` in pieces, so that the table as the file has it is never held as a whole.
  template <class T, class Take>
  bool each_row(std::uint64_t address, std::uint64_t count, const Take& take) const {
    const auto offset = image.offset_of(address, count * sizeof(T));
    if (count > kMostSymbols || !offset) return false;
    std::vector<T> rows;
    for (std::uint64_t done = 0; done < count; done += rows.size()) {
      rows.resize(std::min<std::uint64_t>(kPiece / sizeof(T), count - done));
      if (!image.reader.read(*offset + done * sizeof(T), std::as_writable_bytes(std::span(rows)))) return false;
      for (std::size_t i = 0; i < rows.size(); ++i) take(done + i, rows[i]);
    }
    return true;
  }

  // `named`: by relocations, of which what is wanted is kept with its name.
  Status read_symbols(std::uint64_t address, std::uint64_t count, const std::vector<bool>& named) {
    if (count > kMostSymbols || !image.offset_of(address, count * sizeof(Elf64_Sym))) return outside("symbols");
    symbols.symbols_.resize(count);
    std::uint64_t length = 0;  // of all names: those that overlap may be more than their table
    const bool whole = each_row<Elf64_Sym>(address, count, [&](std::size_t i, const Elf64_Sym& row) {
      symbols.symbols_[i].for_others = is_for_others(row);
      const bool defines = is_definition(row), wanted = i > 0 && i < named.size() && named[i] && is_wanted(row);
      if ((!defines && !wanted) || length > kMostNames) return;
      const std::string_view name = name_at(row.st_name);
      length += name.size();
      symbols.symbols_[i].defines = defines;
      if (defines) symbols.symbols_[i].name = own_symbol_hash(name);
      if (wanted) keep_wanted(i, name);
    });
    if (!whole) return outside("symbols");
    return length > kMostNames ? Status(broken_symbols(where, "its names take more than 512 MiB")) : Done{};
  }

  void keep_wanted(std::size_t symbol, std::string_view name) {
    const auto narrow = [](std::size_t number) { return static_cast<std::uint32_t>(number); };
    symbols.wanted_.push_back({narrow(symbol), narrow(symbols.names_.size()), narrow(name.size())});
    symbols.names_.append(name);
  }

  // DT_VERSYM, one a symbol.
  bool read_version_ids(std::uint64_t address) {
    symbols.has_versions_ = true;
    return each_row<std::uint16_t>(address, symbols.symbols_.size(),
                                   [&](std::size_t i, std::uint16_t id) { symbols.symbols_[i].version = id; });
  }

  Status outside(const char* what) const {
    return broken_symbols(where, std::string("its ") + what + " point outside the file");
  }

  // DT_SYMTAB has no length of its own: as far as the hash table and the relocations reach.
  Status read() {
    auto table = image.value(DT_SYMTAB);
    if (!table || image.strings_size == 0) return Done{};
    if (image.strings_size > kMostNames) return broken_symbols(where, "its names take more than 512 MiB");
    names.resize(image.strings_size);
    if (!image.reader.read(image.strings, std::as_writable_bytes(std::span(names)))) {
      return broken_symbols(where, "it changed while it was read");
    }
    const auto gnu = image.value(DT_GNU_HASH), sysv = image.value(DT_HASH);
    const bool hashed = gnu ? read_gnu_hash(*gnu) : !sysv || read_sysv_hash(*sysv);
    if (!hashed) return broken_symbols(where, "its table of hashes points outside the file or does not end");
    std::vector<bool> named;
    if (!read_relocations(named)) return outside("relocations");
    const auto last = std::find(named.rbegin(), named.rend(), true);
    const std::uint64_t hashes = symbols.hashed_ + (symbols.gnu_ && symbols.hashed_ > 0 ? symbols.first_ : 0);
    const std::uint64_t count = std::max<std::uint64_t>(hashes, static_cast<std::uint64_t>(named.rend() - last));
    if (Status symbols_read = read_symbols(*table, count, named); !symbols_read) return symbols_read;
    const auto versions = image.value(DT_VERSYM);
    if (versions && !read_version_ids(*versions)) {
      return broken_symbols(where, "its table of versions points outside the file");
    }
    read_definitions();
    read_needs();
    return Done{};
  }
};

Result<DynamicSymbols> DynamicSymbols::read(const DynamicImage& image, const std::string& where) {
  DynamicSymbolsReader reader{image, where};
  const Status done = reader.read();
  if (!done) return done.error();
  return std::move(reader.symbols);
}

Result<DynamicSymbols> DynamicSymbols::read(const FileReader& reader, const std::string& where) {
  auto image = read_dynamic_image(reader, where);
  if (!image) return image.error();
  return read(*image, where);
}

}  // namespace varve
