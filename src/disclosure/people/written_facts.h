#pragma once
#include <optional>
#include <string_view>

#include "disclosure/lines/declared.h"
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

}  // namespace varve
