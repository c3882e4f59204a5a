#pragma once
#include <string>
#include <string_view>

namespace varve {

// How the number of a program that wrote no metric could be read from what it printed: a clause with the flag that does
// so, where that is a known result or one line alone says how much was done a second. "" where neither is.
std::string suggested_source(std::string_view printed);

}  // namespace varve
