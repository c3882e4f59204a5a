#pragma once
#include <string>
#include <string_view>

namespace varve {

// What can be read of a mangled C++ name that a demangler does not take: one cut off by the tool that wrote it, one
// with types newer than the demangler (std::bfloat16_t "DF16b", template parameters declared in place "Tn"). Written by
// the grammar of the Itanium C++ ABI, section 5.1 (Mangling), as far as it goes: the qualified name and its template
// arguments, of functions that are no templates the parameters too. Where reading stops stands "…" with 8 digits of the
// symbol's SHA-256, so that different functions keep different names. Empty when not even one identifier was found.
// Bounded in depth, steps and size whatever the text says.
std::string read_mangled_name(std::string_view symbol);

}  // namespace varve
