#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace varve {

// The words of an enumeration in documents: one table serves both directions.
template <class Enum, std::size_t N>
struct EnumNames {
  std::array<std::pair<Enum, std::string_view>, N> rows;

  constexpr std::string_view name(Enum value) const {
    for (const auto& [key, text] : rows) {
      if (key == value) return text;
    }
    return "unknown";
  }
  constexpr std::optional<Enum> value(std::string_view text) const {
    for (const auto& [key, word] : rows) {
      if (word == text) return key;
    }
    return std::nullopt;
  }
};

template <class Enum, class... Rows>
EnumNames(std::pair<Enum, std::string_view>, Rows...) -> EnumNames<Enum, 1 + sizeof...(Rows)>;

// "kernel_driver" as people write it.
inline std::string spaced(std::string_view word) {
  std::string text(word);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace varve
