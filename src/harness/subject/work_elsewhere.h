#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve {

// Where the program stands in a command, behind programs that only change how the next one runs (nice, taskset) with
// their arguments, as far as these look like such.
std::optional<std::size_t> head_of_command(const std::vector<std::string>& command);

// The program in a command that hands the work to a daemon, so that it runs in no child of ours: "srun", "docker";
// empty: none is known to. Seen as the program itself, behind programs that only change how the next one runs (nice,
// taskset), and at the heads of the commands of a shell's line.
std::string hands_work_on(const std::vector<std::string>& command);

// What was seen of the units of such variants is of the client: libraries and profiles are taken out, and a finding
// says what the other numbers are of.
void settle_work_elsewhere(Run& run);

}  // namespace varve
