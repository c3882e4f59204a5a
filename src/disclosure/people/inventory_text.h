#pragma once
#include <string_view>

#include "disclosure/lines/spoken_machine.h"
#include "disclosure/lines/text_line.h"

namespace varve {

// A sentence that lists what somebody's machine has, piece by piece, behind words that say that it is theirs or that a
// machine is described ("My environment is …", "Software env: …"). Without such words it counts where a GPU or a
// driver stands among the pieces and nothing else does. Whatever doubts, wants or compares says nothing.
void note_inventory(std::string_view sentence, const TextLine& line, SpokenMachine& spoken);

}  // namespace varve
