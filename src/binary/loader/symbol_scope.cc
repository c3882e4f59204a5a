#include "binary/loader/symbol_scope.h"

#include <algorithm>

#include "binary/elf/symbol_hash.h"

namespace varve {
namespace {

constexpr int kMostChainSteps = 65'536;                        // of a damaged table whose chain runs in a circle
constexpr std::uint64_t kMostEffort = std::uint64_t{1} << 31;  // of one file in its scope: some seconds

bool is_same(const SymbolVersion& one, const SymbolVersion& other) {
  return one.hash == other.hash && one.name == other.name;
}

}  // namespace

DynamicSymbols::Sought::Sought(std::string_view name)
    : text(name), gnu(gnu_symbol_hash(name)), own(own_symbol_hash(name)) {}

const SymbolVersion* DynamicSymbols::version_of(std::uint32_t index) const {
  if (!has_versions_ || index >= symbols_.size()) return nullptr;
  const std::size_t id = symbols_[index].version & 0x7fff;
  return id < versions_.size() && versions_[id].hash != 0 ? &versions_[id] : nullptr;
}

bool DynamicSymbols::matches(std::uint32_t index, std::uint32_t own_hash, const SymbolVersion* version, int& versioned,
                             std::uint32_t& newest) const {
  if (index >= symbols_.size()) return false;
  const Symbol& row = symbols_[index];
  if (!row.defines || row.name != own_hash) return false;
  if (!has_versions_) return true;
  const std::uint16_t id = row.version;
  if (version == nullptr) {
    if ((id & 0x7fff) < 3) return true;  // without a version, or of the base or first one
    if ((id & 0x8000) == 0 && versioned++ == 0) newest = index;
    return false;
  }
  const SymbolVersion* own = version_of(index);
  if (own != nullptr && is_same(*own, *version)) return true;
  return !version->hidden && own == nullptr && (id & 0x8000) == 0;
}

std::optional<std::uint32_t> DynamicSymbols::find(const Sought& name, const SymbolVersion* version,
                                                  std::uint64_t& effort) const {
  const std::uint32_t hash = name.gnu;
  ++effort;
  if (buckets_.empty()) return std::nullopt;
  int versioned = 0;
  std::uint32_t newest = 0, found = 0;
  bool is_found = false;
  if (gnu_) {
    if (!bloom_.empty()) {
      const std::uint64_t word = bloom_[(hash / 64) & (bloom_.size() - 1)];
      if (((word >> (hash % 64)) & (word >> ((hash >> shift_) % 64)) & 1) == 0) return std::nullopt;
    }
    const std::uint32_t bucket = buckets_[hash % buckets_.size()];
    if (bucket < first_) return std::nullopt;
    for (std::size_t at = bucket - first_; at < chains_.size() && !is_found; ++at) {
      const auto index = static_cast<std::uint32_t>(at + first_);
      if (at - (bucket - first_) >= kMostChainSteps) break;
      ++effort;
      if (((chains_[at] ^ hash) >> 1) == 0 && matches(index, name.own, version, versioned, newest)) {
        is_found = true;
        found = index;
      }
      if ((chains_[at] & 1) != 0) break;
    }
  } else {
    std::uint32_t index = buckets_[sysv_symbol_hash(name.text) % buckets_.size()];
    for (int step = 0; index != 0 && index < chains_.size() && step < kMostChainSteps && !is_found; ++step) {
      ++effort;
      if (matches(index, name.own, version, versioned, newest)) {
        is_found = true;
        found = index;
      }
      index = chains_[index];
    }
  }
  if (!is_found) {
    if (versioned != 1) return std::nullopt;
    found = newest;
  }
  // The loader goes on to the next file when what it found is not for others.
  if (!symbols_[found].for_others) return std::nullopt;
  return found;
}

bool DynamicSymbols::defines(std::string_view name, const SymbolVersion* version) const {
  std::uint64_t effort = 0;
  return find(Sought(name), version, effort).has_value();
}

std::size_t DynamicSymbols::bytes() const {
  return names_.size() + symbols_.size() * sizeof(Symbol) + (buckets_.size() + chains_.size()) * sizeof(std::uint32_t) +
         wanted_.size() * sizeof(Wanted) + bloom_.size() * sizeof(std::uint64_t);
}

bool DynamicSymbols::offers_version(const SymbolVersion& version) const {
  if (offered_.empty()) return true;
  return std::any_of(offered_.begin(), offered_.end(),
                     [&](const SymbolVersion& offered) { return is_same(offered, version); });
}

std::vector<UnboundSymbol> unbound_symbols(const DynamicSymbols& symbols, std::span<const DynamicSymbols* const> scope,
                                           const std::function<const DynamicSymbols*(const std::string&)>& loaded,
                                           std::size_t most) {
  std::vector<UnboundSymbol> unbound;
  std::vector<const SymbolVersion*> missing;
  for (const DynamicSymbols::Need& need : symbols.needs_) {
    if (need.weak) continue;
    const DynamicSymbols* file = loaded(need.version.file);
    if (file == nullptr || file->offers_version(need.version)) continue;
    if (unbound.size() < most) unbound.push_back({"", need.version.name, need.version.file});
    missing.push_back(&need.version);
  }
  std::uint64_t effort = 0;
  for (const DynamicSymbols::Wanted& wanted : symbols.wanted_) {
    if (effort > kMostEffort) break;
    const SymbolVersion* version = symbols.version_of(wanted.symbol);
    const bool told = version != nullptr && std::any_of(missing.begin(), missing.end(), [&](const auto* one) {
                        return is_same(*one, *version) && one->file == version->file;
                      });
    if (told) continue;
    const std::string_view name = std::string_view(symbols.names_).substr(wanted.name, wanted.length);
    const DynamicSymbols::Sought sought(name);
    effort += name.size() / 16;
    const auto binds = [&](const DynamicSymbols* file) { return file->find(sought, version, effort).has_value(); };
    const auto found = std::find_if(scope.begin(), scope.end(), binds);
    // A file that had versions when it was linked against and now has none at all, needing none either: glibc stops the
    // whole process there ("Inconsistency detected by ld.so", check_match).
    const bool fatal =
        found != scope.end() && version != nullptr && !(*found)->has_versions_ && loaded(version->file) == *found;
    if (found != scope.end() && !fatal) continue;
    if (unbound.size() >= most) break;
    unbound.push_back({std::string(name), version ? version->name : "", version ? version->file : ""});
  }
  return unbound;
}

}  // namespace varve
