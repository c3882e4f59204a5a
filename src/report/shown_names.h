#pragma once
#include <map>
#include <string>
#include <vector>

namespace varve {

// Names of kernels that stand in one table, each on `columns` columns and no two alike (display_names()).
using ShownNames = std::map<std::string, std::string>;
ShownNames shown_names(const std::vector<std::string>& kernel_names, std::size_t columns);

// The name as the table shows it; one that the table lacks by itself.
std::string shown_name(const ShownNames& names, const std::string& kernel_name, std::size_t columns);

}  // namespace varve
