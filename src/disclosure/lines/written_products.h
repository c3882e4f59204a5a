#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "model/coverage.h"

namespace varve {

// "4x A100", "2 x RTX 4090", "8*H100", "RTX 4090 x2": how many, and the rest.
std::pair<std::int64_t, std::string_view> counted(std::string_view text);

bool is_brand(std::string_view name);  // whether it begins as names of products do

// Up to a bracket, one of print too: names of products are of ASCII.
std::string_view plain_product(std::string_view text);

// What a written name stands for; nothing for words that are none.
std::optional<ComputeCapability> written_product(std::string_view text);

// "NVIDIA GeForce RTX 3080", and nothing else on the line: each word begins with a capital or a number.
bool is_bare_product(std::string_view text);

}  // namespace varve
