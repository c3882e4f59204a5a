#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace varve::inject {

// Text in an array that never overflows: what does not fit is cut.
class ShortText {
 public:
  ShortText(char* into, std::size_t size) : into_(into), size_(size) { into_[0] = '\0'; }

  ShortText& add(const char* text) { return add(text, std::strlen(text)); }
  ShortText& add(const char* text, std::size_t length) {
    const std::size_t room = size_ - 1 - used_;
    if (length > room) length = room, fits_ = false;
    std::memcpy(into_ + used_, text, length);
    used_ += length;
    into_[used_] = '\0';
    return *this;
  }
  ShortText& add(std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do digits[--at] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    return add(digits + at, sizeof digits - at);
  }
  bool fits() const { return fits_; }

 private:
  char* into_;
  std::size_t size_, used_ = 0;
  bool fits_ = true;
};

inline bool starts_with(const char* text, const char* beginning) {
  return std::strncmp(text, beginning, std::strlen(beginning)) == 0;
}

// What stands behind the last slash.
inline const char* last_part(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

}  // namespace varve::inject
