#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace varve {

// The name of a function of Rust in the mangling that looks like C++ ("_ZN3app4sort17h0123456789abcdefE"), as a person
// wrote it: "app::sort". Its hash is left out, which each compiler and release of a crate makes anew. Nothing: it is
// none. Names that begin with "_R" (the newer mangling) are not read.
std::optional<std::string> rust_name(std::string_view symbol);

}  // namespace varve
