#pragma once
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

#include "stats/descriptive.h"

// What reading a text line by line is measured against: counting its lines, and asking RE2 of each.
namespace varve::bench {

// Of this thread on a processor: what else the machine does meanwhile does not count.
inline double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double seconds_of(Work work) {
  const double start = processor_seconds();
  work();
  return processor_seconds() - start;
}

// By memchr, which looks at every byte.
inline std::size_t count_lines(std::string_view text) {
  std::size_t lines = 0;
  for (const char* at = text.data(); at != nullptr; ++lines) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(text.data() + text.size() - at)));
    if (at != nullptr) ++at;
  }
  return lines;
}

inline std::size_t lines_with(std::string_view text, const RE2& pattern) {
  std::size_t hits = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (RE2::PartialMatch(re2::StringPiece(text.data() + at, end - at), pattern)) ++hits;
    at = end + 1;
  }
  return hits;
}

}  // namespace varve::bench
