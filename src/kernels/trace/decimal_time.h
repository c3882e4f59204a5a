#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace varve {

// A time as decimal digits, in nanoseconds: `text` ("1795914769599.771973", "9.05e-05") times ten to the power of
// `exponent`: 6 for milliseconds. Never through a double, which has no room for a date in nanoseconds; what is below a
// nanosecond is rounded, a half upwards. Nothing: no number, a negative one, or more than fits.
std::optional<std::int64_t> ns_from_decimal(std::string_view text, int exponent);

}  // namespace varve
