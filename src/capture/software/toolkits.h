#pragma once
#include "capture/subject/subject.h"

namespace varve {

// Adds a toolkit to the stack as a document shows it: home directories shortened, the compiler's version read from its
// bytes where no file beside it says it.
void add_toolkit(const Subject& subject, Toolkit toolkit, Stack& stack);

}  // namespace varve
