#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "binary/elf/dynamic_section_image.h"
#include "world/file_reader.h"

namespace varve {

// A version that a file gives to its symbols (.gnu.version_d) or wants of another file (.gnu.version_r); the "Symbol
// Versioning" chapter of the LSB. A hash of 0 stands for "none".
struct SymbolVersion {
  std::string name;
  std::string file;  // whose version is wanted: "libcudnn_graph.so.9"; empty: one of its own
  std::uint32_t hash = 0;
  bool hidden = false;  // a reference that takes no unversioned definition
};

// What a file wants that nothing gives it: a symbol, or with an empty name a whole version of another file.
struct UnboundSymbol {
  std::string name;
  std::string version, file;  // file: whose version it is; both empty: any version
};

// The symbols that a file exports and those that its relocations want of others, as the loader sees them: from the
// segments alone, all read once. Of the file's names only those that it wants are kept: frameworks define 100 000 of
// 100 bytes each.
class DynamicSymbols {
 public:
  // Error: as read_dynamic_image; tables outside the file; more than 16 million symbols, or names of over 512 MiB. A
  // statically linked file has no symbols.
  static Result<DynamicSymbols> read(const FileReader& reader, const std::string& where);
  static Result<DynamicSymbols> read(const DynamicImage& image, const std::string& where);

  // Whether the loader, having come to this file, would bind a reference to `name` here. do_lookup_x() and
  // check_match() of glibc 2.36 (elf/dl-lookup.c): local and hidden definitions do not count, IFUNC, TLS, common and
  // unique ones do; a wanted version must be the definition's, or the file has none; without a wanted one the base or
  // the first version counts, else the only one that is not hidden. nullptr as version: any.
  bool defines(std::string_view name, const SymbolVersion* version) const;

  // Whether the file tells of a version by this name, or has no versions at all (then the loader asks no further).
  bool offers_version(const SymbolVersion& version) const;

  bool exports_anything() const { return hashed_ > 0; }
  std::size_t bytes() const;  // what it takes in memory, roughly

 private:
  friend struct DynamicSymbolsReader;
  friend std::vector<UnboundSymbol> unbound_symbols(const DynamicSymbols&, std::span<const DynamicSymbols* const>,
                                                    const std::function<const DynamicSymbols*(const std::string&)>&,
                                                    std::size_t);

  // A name as it is looked for. Two that are not the same share `gnu` and `own` once in 2^63, and in a file that has
  // the old table of hashes alone `own` once in 2^32: whoever made such a file by intent could as well give it the
  // name.
  struct Sought {
    explicit Sought(std::string_view name);
    std::string_view text;
    std::uint32_t gnu = 0, own = 0;
  };

  // One row of the table against a reference: whether it is it. `versioned` counts definitions of later versions.
  bool matches(std::uint32_t index, std::uint32_t own_hash, const SymbolVersion* version, int& versioned,
               std::uint32_t& newest) const;
  // Adds what it took to `effort`: steps along chains.
  std::optional<std::uint32_t> find(const Sought& name, const SymbolVersion* version, std::uint64_t& effort) const;
  const SymbolVersion* version_of(std::uint32_t index) const;

  // What counts of a row of DT_SYMTAB, and its row of DT_VERSYM: a third of their size, and frameworks have 100 000.
  struct Symbol {
    std::uint32_t name = 0;       // its own hash; 0 where it defines nothing
    std::uint16_t version = 0;    // the id; 0 where the file has no versions
    bool defines : 1 = false;     // something that a reference can mean,
    bool for_others : 1 = false;  // also one of another file
  };
  static_assert(sizeof(Symbol) == 8);

  std::vector<Symbol> symbols_;
  bool has_versions_ = false;            // whether there is a DT_VERSYM
  std::vector<SymbolVersion> versions_;  // by id; those of DT_VERDEF and DT_VERNEED
  struct Need {
    SymbolVersion version;
    bool weak = false;
  };
  std::vector<Need> needs_;             // of DT_VERNEED, in the file's order
  std::vector<SymbolVersion> offered_;  // of DT_VERDEF, the base version too
  struct Wanted {
    std::uint32_t symbol = 0, name = 0, length = 0;  // which row, and where its name stands in names_
  };
  std::vector<Wanted> wanted_;
  std::string names_;  // of what is wanted, one behind the other
  // DT_GNU_HASH, else DT_HASH: `chains_` begins with the symbol first_.
  bool gnu_ = true;
  std::vector<std::uint64_t> bloom_;
  std::vector<std::uint32_t> buckets_, chains_;
  std::uint32_t first_ = 0, shift_ = 0;
  std::size_t hashed_ = 0;
};

// What the loader, binding at once (RTLD_NOW), would not find for `symbols` in its scope: files in the order in which
// they are searched. First the versions that its DT_VERNEED wants of files that are loaded and do not have them
// (_dl_check_map_versions: an error even under lazy binding), then the symbols; those of a version that is missing as a
// whole are not repeated. `loaded` gives the file of a name that DT_VERNEED uses; nullptr: it is not loaded. At most
// `most` rows; tables made to take minutes (chains in circles) are left where they do.
std::vector<UnboundSymbol> unbound_symbols(const DynamicSymbols& symbols, std::span<const DynamicSymbols* const> scope,
                                           const std::function<const DynamicSymbols*(const std::string&)>& loaded,
                                           std::size_t most = 100'000);

}  // namespace varve
