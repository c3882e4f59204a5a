#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace varve {

// Why a fact is unknown of which a text says two things: neither counts.
constexpr const char* kTwoMachines = "the text names two, perhaps of two machines";

// A stretch of a text that was recognised.
struct TextPart {
  std::string kind;                  // "nvidia-smi", "pip list"
  std::int64_t first = 0, last = 0;  // lines, from 1
};

// Two places of a text that say different things of one: the first counts.
struct TextConflict {
  std::string id;            // of the fact, or "GPU 1"
  std::string first, other;  // what they say; empty for a variable that is not kept
  std::int64_t first_line = 0, other_line = 0;
};

// What a text does not tell, and what would.
struct TextQuestion {
  std::string what;     // "which driver the kernel runs"
  std::string command;  // "nvidia-smi"
};

// What was read of a text that describes a machine.
struct TextAccount {
  std::int64_t lines = 0, bytes = 0;
  bool is_cut = false;          // it goes on behind what was read
  std::vector<TextPart> parts;  // in their order
  std::vector<TextConflict> conflicts;
  std::vector<TextQuestion> unstated;
  std::vector<std::string> others;  // stacks of other makers that it speaks of: "ROCm 6.2"
};

}  // namespace varve
