#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// The words of the one program that a line of the shell starts, without its quotes and without a leading `exec`.
// Nothing where the shell would do more than start it: several programs, other descriptors, variables, patterns.
std::optional<std::vector<std::string>> simple_command(std::string_view line);

// The command itself, or what stands in "sh -c LINE".
std::optional<std::vector<std::string>> simple_command(const std::vector<std::string>& command);

}  // namespace varve
