#pragma once
#include <string>
#include <string_view>

namespace varve {

// A person's or a program's text fit for a document: secrets and home directories taken out, valid UTF-8, no control
// characters.
std::string redact_line(std::string_view text, std::string_view home);

}  // namespace varve
