#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace varve {

// The kind of event that a line of the kernel's log tells of NVIDIA's driver or of the modules under it: "Xid 79",
// "NVRM: RmInitAdapter failed". Nothing for any other line. Only the kinds that are listed are ever kept, never a line:
// a log names users, hosts and disks.
std::optional<std::string> kernel_event(std::string_view line);

}  // namespace varve
