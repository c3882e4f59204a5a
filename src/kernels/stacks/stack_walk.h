#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "binary/frames/code_file.h"

namespace varve {

// A place in the code of a file; `file` is nullptr where no file's code is mapped.
struct FrameCode {
  CodeFile* file = nullptr;
  std::uint64_t address = 0;  // virtual address of the file
};

// How the callers of a frame became known.
enum class FoundBy : std::uint8_t {
  sample,   // it is where the sample was taken
  unwound,  // the unwind table of the frame below says where its return address is
  scanned,  // the frame below has none: the first word above that can be its return address
  guessed,  // the same, and the call before it is indirect: it may lead anywhere
};

struct WalkedFrame {
  CodeFile* file = nullptr;  // never nullptr
  const CodeFile::Function* function = nullptr;
  FoundBy found = FoundBy::sample;
};

struct WalkedStack {
  std::vector<WalkedFrame> frames;  // innermost first
  bool whole = false;               // the last is where the thread began
};

// Who called whom, from the registers and the copied stack of one thread. A function with an unwind table is unwound by
// it. Above one without, the stack is scanned for the first word that points just behind a call which may have led
// there, and whose own function, where it has an unwind table, has a caller in the stack that called it. Words that
// earlier calls left behind lead back to a function that is on the stack already: such a loop is left out where it
// began with a guess, and with it a recursion that looks the same. `find` says what is at an address of the process. At
// most 128 frames.
WalkedStack walk_stack(const FrameRegisters& registers, const StackBytes& stack,
                       const std::function<FrameCode(std::uint64_t)>& find);

}  // namespace varve
