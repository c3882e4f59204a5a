#pragma once
#include <sys/types.h>

namespace varve {

// Whether any process of the group still lives. One that has ended and was not yet collected by its parent (in many
// containers nobody does) does not count, although kill(2) still reaches it. Without a group this costs one system
// call; with one, a look at every process of the machine until a living member is found.
bool group_lives(pid_t group);

}  // namespace varve
