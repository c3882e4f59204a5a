#pragma once
#include "capture/subject/subject.h"

namespace varve {

// Adds a toolkit to the stack as a document shows it: home directories shortened, the compiler's version read from its
// bytes where no file beside it says it.
void add_toolkit(const Subject& subject, Toolkit toolkit, Stack& stack);

// The toolkit that something names first, as builds with these variables look for one, with what a document shows of
// it. Nothing: none is named.
std::optional<Toolkit> active_toolkit(const Files& files, const std::map<std::string, std::string>& environment,
                                      const std::string& home);

}  // namespace varve
