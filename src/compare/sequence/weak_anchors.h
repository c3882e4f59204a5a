#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "compare/sequence/align.h"

namespace varve {

// Of the runs that two sequences of these sizes have in common those that anchor something. Up to four tokens do not
// that stand between a place where one side alone has three times as many or more, and another where the other side has
// some: they were met again by chance, and without them one exchange is one. Only runs that `may_be_weak` are dropped.
std::vector<CommonRun> without_weak_anchors(const std::vector<CommonRun>& runs, std::size_t a_size, std::size_t b_size,
                                            const std::function<bool(const CommonRun&)>& may_be_weak);

}  // namespace varve
