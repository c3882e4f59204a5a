#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// How the number of a table, in which it stands behind no name, is read: a clause with the flag that does so and, where
// the table changes its units with the size of the number, with what makes the program write them alike. "" where no
// table is known, or where its flag would find other than one number.
std::string suggested_table(const std::vector<std::string>& lines);

}  // namespace varve
