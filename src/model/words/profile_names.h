#pragma once
#include <optional>
#include <string_view>

#include "model/kernels/profile.h"

namespace varve {

// The enumerations of profiles read back from documents; nothing for a word that is not in the table.
std::optional<Named> named_from(std::string_view text);
std::optional<WitnessKind> witness_from(std::string_view text);
std::optional<Quantity> quantity_from(std::string_view text);
std::optional<Activity> activity_from(std::string_view text);
std::optional<Part> part_from(std::string_view text);

}  // namespace varve
