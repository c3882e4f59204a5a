#pragma once
#include "base/json.h"
#include "model/json/json_fields.h"
#include "model/run_record.h"

namespace varve {

// What the machine did around and while a unit ran, and what the user's own checks of a unit found.
Json conditions_to_json(const UnitConditions& conditions);
UnitConditions conditions_from(const Fields& fields);
Json outputs_to_json(const std::vector<OutputCheck>& outputs);
OutputCheck output_check_from(const Fields& fields);
Json canaries_to_json(const std::vector<Canary>& canaries);
Canary canary_from(const Fields& fields);
Json card_to_json(const std::vector<CardLine>& card);
CardLine card_line_from(const Fields& fields);

}  // namespace varve
