#pragma once
#include <cstddef>
#include <functional>

namespace varve {

// Calls `act` with every number below `count`, on this thread and on one more for each further processor, up to four in
// all; returns when all calls have. Which number meets which thread is not known: calls must not depend on one another.
void for_each_at_once(std::size_t count, const std::function<void(std::size_t)>& act);

}  // namespace varve
