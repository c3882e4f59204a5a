#include "model/kernels/kernel.h"

#include <cassert>
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

KernelId KernelTable::intern(Kernel kernel) {
  assert(kernels_.size() < UINT32_MAX);
  const auto [at, inserted] = ids_.try_emplace(kernel.key, KernelId{static_cast<std::uint32_t>(kernels_.size())});
  if (inserted) {
    kernels_.push_back(std::move(kernel));
    return at->second;
  }
  Kernel& known = kernels_[static_cast<std::size_t>(at->second)];
  if (kernel < known) known = std::move(kernel);
  return at->second;
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
