#pragma once
#include <cstdint>
#include <string_view>

#include "disclosure/people/spoken_products.h"

namespace varve {

// The title of an issue that says what fails, "vLLM crashes on RTX 5090 under Ubuntu 24.04": whoever reports it has
// that GPU, system and release. None that asks for something, and none of what cannot be installed.
void tell_title(std::string_view title, std::int64_t line, SpokenMachine& spoken);

}  // namespace varve
