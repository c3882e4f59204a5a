#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "disclosure/lines/spoken_machine.h"

namespace varve {

// Words of a sentence that somebody wrote, and what stands in them.
using SpokenWords = std::vector<std::string_view>;

bool is_mark_behind(std::string_view word);  // "3090," ends what is written of a GPU

struct SpokenProduct {
  std::string name;
  std::size_t words = 0;
  std::int64_t count = 1;  // "P100*4"
};
// The product that begins at a word, in as many words as it has: "RTX", "3090", "Ti".
std::optional<SpokenProduct> spoken_product_at(const SpokenWords& words, std::size_t at);
// "2080ti", "2060 6GB GPU": a number alone is one where a word of graphics stands with it, or `is_of_gpu`.
std::optional<SpokenProduct> numbered_product_at(const SpokenWords& words, std::size_t at, bool is_of_gpu);
// "NVIDIA GeForce RTX 3090 Laptop GPU" and "rtx3090" are one, "A100-SXM4-40GB" and "A100" too.
std::string plain_name(const std::string& product);

// "535.104.05" and "v384.66": a branch of three digits and something behind it; else empty.
std::string_view driver_number(std::string_view word);
// A package of a GPU stack, a program of one, or Python, as it is installed: "torch" of "PyTorch"; else empty.
std::string spoken_package(std::string_view word);

// Whether one of the marks stands in a text in lower case.
template <std::size_t N>
bool says_any(std::string_view text, const std::array<std::string_view, N>& marks) {
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; });
}

// One more sentence that tells it: of two products, or numbers, several are told.
void tell_spoken(SpokenMachine::Told& told, std::string_view value, std::int64_t line, std::int64_t count = 1);

// The same of a system: "Ubuntu 20.04" and "Ubuntu 20.04.2" are one.
void tell_system(SpokenMachine::Told& told, const std::string& value, std::int64_t line);
// Another GPU beside the first; said again, it is no third.
void tell_beside(SpokenMachine& spoken, const std::string& model, std::int64_t count);

}  // namespace varve
