#pragma once
#include <string_view>

namespace varve {

// The clause of a sentence that tells what somebody has, where the others ask, deny or tell of what was tried: the
// first one, "I have a GTX 1650, …", or the last, "…, I'm running Ubuntu 22.04 on WSL2". Empty: there is none.
std::string_view own_clause(std::string_view sentence);

}  // namespace varve
