#include "model/kernels/kernel.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <utility>

namespace varve {

namespace {
// Where the parenthesis that closes at `close` opens; npos when none does.
std::size_t opening_of(const std::string& text, std::size_t close) {
  int depth = 0;
  for (std::size_t at = close + 1; at-- > 0;) {
    if (text[at] == ')') ++depth;
    if (text[at] == '(' && --depth == 0) return at;
  }
  return std::string::npos;
}

// Demanglers write the type that is returned before a function made from a template: "long fill<int>" is "fill<int>".
std::string without_returned_type(const std::string& name) {
  for (const char* with_brackets : {"operator<", "operator>", "operator-", "operator "}) {
    if (name.find(with_brackets) != std::string::npos) return name;
  }
  int depth = 0;
  for (std::size_t at = name.ends_with('>') ? name.size() : 0; at-- > 0;) {
    depth += name[at] == '>' || name[at] == ')' ? 1 : name[at] == '<' || name[at] == '(' ? -1 : 0;
    const bool ends_type = depth == 0 && name[at] == ' ' && name.compare(at, 8, " const::") != 0;
    if (ends_type) return name.substr(at + 1);
  }
  return name;
}
}  // namespace

std::size_t KernelTable::hash_of(const KernelKey& key) {
  constexpr std::size_t kOdd = 0x9E3779B97F4A7C15U;
  const std::hash<std::string_view> hash;
  const std::size_t all = (hash(key.name) * kOdd + hash(key.library)) * kOdd + hash(key.build_id);
  return all ^ all >> 32U;
}

KernelId KernelTable::find(const KernelKey& key, std::size_t hash) const {
  if (slots_.empty()) return kNoKernel;
  for (std::size_t at = hash & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    const std::size_t number = slots_[at] - 1;
    if (hashes_[number] == hash && kernels_[number].key == key) return KernelId{static_cast<std::uint32_t>(number)};
  }
  return kNoKernel;
}

void KernelTable::place(std::size_t number) {
  std::size_t at = hashes_[number] & (slots_.size() - 1);
  while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = static_cast<std::uint32_t>(number + 1);
}

void KernelTable::add(Kernel kernel, std::size_t hash) {
  constexpr std::size_t kFewestSlots = 16;
  kernels_.push_back(std::move(kernel));
  hashes_.push_back(hash);
  if (hashes_.size() * 2 <= slots_.size()) return place(hashes_.size() - 1);
  slots_.assign(std::max(kFewestSlots, slots_.size() * 2), 0);
  for (std::size_t number = 0; number < hashes_.size(); ++number) place(number);
}

KernelId KernelTable::intern(Kernel kernel) {
  assert(kernels_.size() < UINT32_MAX);
  const std::size_t hash = hash_of(kernel.key);
  const KernelId id = find(kernel.key, hash);
  if (id == kNoKernel) {
    add(std::move(kernel), hash);
    return KernelId{static_cast<std::uint32_t>(kernels_.size() - 1)};
  }
  Kernel& known = kernels_[static_cast<std::size_t>(id)];
  if (kernel < known) known = std::move(kernel);
  return id;
}

KernelIdMap KernelTable::intern_all(const KernelTable& other) {
  KernelIdMap ids;
  ids.reserve(other.size());
  for (const Kernel& kernel : other.kernels_) ids.push_back(intern(kernel));
  return ids;
}

std::string short_name(const std::string& kernel_name) {
  static const std::string anonymous = "(anonymous namespace)::";
  std::string name = kernel_name;
  if (const std::size_t clone = name.find(" [clone "); clone != std::string::npos) name.resize(clone);
  for (std::size_t at; (at = name.find(anonymous)) != std::string::npos;) name.erase(at, anonymous.size());
  if (name.ends_with(" const")) name.resize(name.size() - 6);
  if (!name.ends_with(')')) return name.empty() ? kernel_name : name;
  const std::size_t open = opening_of(name, name.size() - 1);
  return open == std::string::npos || open == 0 ? kernel_name : without_returned_type(name.substr(0, open));
}

}  // namespace varve
