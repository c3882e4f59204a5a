#include "base/units.h"

#include <fmt/format.h>

#include <cmath>

namespace varve {

namespace {
// A minus sign (U+2212) where the digits begin with a hyphen.
std::string with_minus(const std::string& digits) { return digits[0] == '-' ? "−" + digits.substr(1) : digits; }

// `value` with `digits` significant digits, never in exponent form for the sizes Varve prints.
std::string significant(double value, int digits) {
  if (value == 0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  return with_minus(fmt::format("{:.{}f}", value, std::max(0, digits - 1 - magnitude)));
}

// Thousands apart by a thin gap (U+202F), as ISO 80000-1 writes numbers.
std::string group_thousands(std::string digits) {
  const std::size_t end = digits.find('.') == std::string::npos ? digits.size() : digits.find('.');
  const std::size_t begin = digits.starts_with("−") ? std::string_view("−").size() : 0;
  if (end - begin <= 4) return digits;
  for (std::size_t at = end; at > begin + 3;) {
    at -= 3;
    digits.insert(at, "\u202f");
  }
  return digits;
}
}  // namespace

std::string format_number(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "not a number" : (value > 0 ? "∞" : "−∞");
  if (value == 0) return "0";
  const double size = std::fabs(value);
  if (size < 1e-4 || size >= 1e15) return with_minus(fmt::format("{:.3g}", value));
  return group_thousands(significant(value, 4));
}

std::string format_seconds(double seconds) {
  const double size = std::fabs(seconds);
  if (size == 0) return "0 s";
  if (size < 1e-6) return significant(seconds * 1e9, 3) + " ns";
  if (size < 1e-3) return significant(seconds * 1e6, 3) + " µs";
  if (size < 1) return significant(seconds * 1e3, 3) + " ms";
  if (size < 120) return significant(seconds, 3) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (size < 7200) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : significant(value, 3) + " " + kUnits[unit];
}

std::string format_quantity(double value, const std::string& unit) {
  if (unit == "s") return format_seconds(value);
  if (unit == "bytes" && value >= 0) return format_bytes(static_cast<std::uint64_t>(value));
  return unit.empty() ? format_number(value) : format_number(value) + " " + unit;
}

std::string format_percent(double fraction) {
  const double percent = fraction * 100;
  return with_minus(fmt::format("{:.{}f}", percent, std::fabs(percent) >= 9.95 ? 0 : 1)) + " %";
}

std::string format_change(double ratio) {
  const std::string text = format_percent(ratio - 1);
  return ratio >= 1 ? "+" + text : text;
}

}  // namespace varve
