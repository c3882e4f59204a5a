#include "kernels/trace/decimal_time.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

std::optional<std::int64_t> ns_from_decimal(std::string_view text, int exponent) {
  const std::size_t mark = text.find_first_of("eE");
  std::int64_t power = exponent;
  if (mark != std::string_view::npos) {
    std::string_view written = text.substr(mark + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    const auto shift = parse_integer(written);
    if (!shift || *shift < -1000 || *shift > 1000) return std::nullopt;
    power += *shift;
    text = text.substr(0, mark);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  // Digits that count, with `power` the place of the last of them.
  std::int64_t value = 0;
  std::size_t digits = 0;
  bool rounds_up = false;
  const auto ends_at = static_cast<std::int64_t>(point) + power;  // digits in front of the nanosecond's point
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    if (!is_digit(text[i])) return std::nullopt;
    const auto place = static_cast<std::int64_t>(digits++);
    if (place == ends_at) rounds_up = text[i] >= '5';
    if (place >= ends_at) continue;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text[i] - '0', &value)) {
      return std::nullopt;
    }
  }
  if (digits == 0) return std::nullopt;
  for (auto place = static_cast<std::int64_t>(digits); place < ends_at && value != 0; ++place) {
    if (__builtin_mul_overflow(value, 10, &value)) return std::nullopt;
  }
  if (rounds_up && __builtin_add_overflow(value, 1, &value)) return std::nullopt;
  return value;
}

}  // namespace varve
