#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "disclosure/lines/declared.h"
#include "disclosure/lines/text_line.h"
#include "disclosure/people/written_keys.h"

namespace varve {

// A key of what people write, with its value.
struct WrittenPair {
  std::string_view key, value;
  std::string_view line;  // in which it stands
  TextPlace place;
};

// What is a fact of the machine by its key alone: toolkit, kernel, system, WSL, C library, Jetson. Whether the value is
// one; nothing: the meaning is another (GPUs, the driver, packages).
std::optional<bool> take_written_fact(WrittenMeaning meaning, const WrittenPair& pair, Declared& declared);

// "Ubuntu server 24.04", and nothing else on the line; as a numbered item where the heading above is of a machine.
// A system whose name and release stand on two lines: "Distribution: Ubuntu", "Distribution version: 22.04".
class SystemOfTwoLines {
 public:
  // Whether the pair, whose key is as it was written, is the second of them.
  bool take(std::string_view written_key, const WrittenPair& pair, Declared& declared);

 private:
  std::string key_, name_;
  std::int64_t line_ = 0;
};

bool take_written_system(const TextLine& line, const char* reader, bool is_of_machine, Declared& declared);

}  // namespace varve
