#include "kernels/databases/cuda_names.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace varve {

namespace {
template <std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, std::int64_t number) {
  return names[number > 0 && static_cast<std::size_t>(number) < N ? static_cast<std::size_t>(number) : 0];
}

std::string_view cuda_memory_name(std::int64_t kind) {
  constexpr std::array<std::string_view, 8> kKinds = {"Unknown", "Pageable", "Pinned",        "Device",
                                                      "Array",   "Managed",  "Device Static", "Managed Static"};
  return name_at(kKinds, kind);
}
}  // namespace

std::string cuda_copy_name(std::int64_t kind, std::int64_t from, std::int64_t to) {
  constexpr std::array<std::string_view, 14> kKinds = {"Unknown", "HtoD",         "DtoH",         "HtoA",        "AtoH",
                                                       "AtoA",    "AtoD",         "DtoA",         "DtoD",        "HtoH",
                                                       "PtoP",    "unified HtoD", "unified DtoH", "unified DtoD"};
  const std::string_view source = cuda_memory_name(from), target = cuda_memory_name(to);
  if (source == cuda_memory_name(0) && target == source) return fmt::format("Memcpy {}", name_at(kKinds, kind));
  return fmt::format("Memcpy {} ({} -> {})", name_at(kKinds, kind), source, target);
}

std::string cuda_fill_name(std::int64_t memory) { return fmt::format("Memset ({})", cuda_memory_name(memory)); }

std::string cuda_version_text(std::int64_t number) {
  if (number < 1000 || number > 1'000'000) return {};
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

}  // namespace varve
