#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace varve {

// The name of a function of Rust in the mangling that looks like C++ ("_ZN3app4sort17h0123456789abcdefE"), as a person
// wrote it: "app::sort". Its hash is left out, which each compiler and release of a crate makes anew. Nothing: it is
// none.
std::optional<std::string> rust_name(std::string_view symbol);

// The same in the newer mangling, which tells types too: "core::slice::sort::<u32>". Nothing: it is none, longer than
// 16 KiB, or deeper than 100.
std::optional<std::string> rust_path(std::string_view symbol);

}  // namespace varve
