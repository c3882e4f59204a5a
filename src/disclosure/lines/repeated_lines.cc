#include "disclosure/lines/repeated_lines.h"

#include "base/text.h"

namespace varve {

namespace {
constexpr std::int64_t kFirstLine = 5000;  // behind those in which readers look for what people say
constexpr std::int64_t kLeastRun = 64;     // lines that nobody took: no list of a reader is open
constexpr std::size_t kLongestShape = 512;
constexpr std::size_t kMostShapes = 2000;

// The line with every number the same.
void write_shape(const TextLine& line, std::string& shape) {
  shape.resize(line.text.size() + 1);
  char* end = shape.data();
  *end++ = line.is_quoted ? '>' : ' ';
  bool in_number = false;
  for (const char c : line.text) {
    const bool is_in = is_digit(c);
    *end = is_in ? '0' : c;
    end += is_in && in_number ? 0 : 1;
    in_number = is_in;
  }
  shape.resize(static_cast<std::size_t>(end - shape.data()));
}
}  // namespace

bool RepeatedLines::knows(const TextLine& line) {
  shape_.clear();
  if (line.number < kFirstLine || passed_over_ < kLeastRun || line.text.size() > kLongestShape) return false;
  write_shape(line, shape_);
  return shapes_.contains(shape_);
}

void RepeatedLines::was_nobodys() {
  ++passed_over_;
  if (shape_.empty()) return;
  if (shapes_.size() >= kMostShapes) shapes_.clear();  // what comes now is like what came just now
  shapes_.insert(shape_);
}

}  // namespace varve
