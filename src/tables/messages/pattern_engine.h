#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tables/messages/error_patterns.h"

namespace varve {

// Makes the patterns ready: one automaton that says which of them stand in a text at all, and one each, compiled when
// it is first needed, that says where. `where` names the table in errors. Error: a pattern that RE2 does not take.
Result<std::shared_ptr<const CompiledPatterns>> compile_patterns(const std::vector<ErrorPattern>& rows,
                                                                 const Knowledge& knowledge, const std::string& where);

}  // namespace varve
