#pragma once
#include <string>
#include <string_view>

namespace varve {

// Empty when the page is well-formed like XML: tags balance, attributes are quoted, every & starts one of the five
// entities that Varve writes. Otherwise what is wrong, with the text where it is.
std::string why_not_well_formed(std::string_view page);

}  // namespace varve
