#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/coverage.h"

namespace varve {

// "4x A100", "2 x RTX 4090", "8*H100", "RTX 4090 x2", "P100*4": how many, and the rest.
std::pair<std::int64_t, std::string_view> counted(std::string_view text);

bool is_brand(std::string_view name);  // whether it begins as names of products do

// Up to a bracket, one of print too: names of products are of ASCII.
std::string_view plain_product(std::string_view text);

// What a written name stands for; nothing for words that are none.
std::optional<ComputeCapability> written_product(std::string_view text);

// "3090", "2080ti", "2070 Super 8GB": a number that only cards of GeForce have, with the word that it goes with before
// it: "RTX 3090". Empty: none such, or one that other cards have too ("4000").
std::string numbered_geforce(std::string_view text);

// "NVIDIA GeForce RTX 3080", and nothing else on the line: each word begins with a capital or a number.
bool is_bare_product(std::string_view text);

}  // namespace varve
