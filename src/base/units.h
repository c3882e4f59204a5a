#pragma once
#include <cstdint>
#include <string>

namespace varve {

// Quantities as a person reads them, three to four significant digits.
std::string format_seconds(double seconds);                          // "1.25 s", "820 µs", "3 min 20 s"
std::string format_bytes(std::uint64_t bytes);                       // "1.5 GiB" (powers of 1024)
std::string format_number(double value);                             // "12 340", "1.234", "0.00123"
std::string format_quantity(double value, const std::string& unit);  // seconds, bytes or a number and its unit
std::string format_percent(double fraction);                         // 0.0134 -> "1.3 %", 0.4 -> "40 %"
std::string format_change(double ratio);                             // 1.08 -> "+8.0 %", 0.5 -> "−50 %"

}  // namespace varve
