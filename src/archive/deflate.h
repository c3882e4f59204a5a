#pragma once
#include <string>
#include <string_view>

namespace varve {

// The text as a gzip file (RFC 1952) without a name and a time in it: the same text gives the same bytes.
std::string gzip_of(std::string_view text);

}  // namespace varve
