#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// The modules that a Python file imports whenever it is imported itself, as far as its text tells; nothing is run. In
// the order of the text, each once: "torch._C"; relative ones begin with their dots (".lib"). "from a import b, c" is
// "a", "a.b" and "a.c", since b may be a module. Left out is what may not be imported: below def and class, under
// TYPE_CHECKING or one branch of an if alone, and in a try whose handler goes on without it. At most 4096.
// Grammar: The Python Language Reference, 7.11 and 8.
std::vector<std::string> imports_at_once(std::string_view source);
// The same, and what is tried and done without where it fails.
std::vector<std::string> imports_tried(std::string_view source);

}  // namespace varve
