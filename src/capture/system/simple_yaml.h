#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace varve {

// YAML as programs write it: mappings and lists in blocks, texts plain or in quotes on one line, empty {} and [], also
// short lists in brackets; every scalar is a text. Nothing: it uses more of YAML than that (anchors, tags, texts over
// several lines). Error: it is no YAML, with the line; `where` names the source.
Result<std::optional<Json>> parse_simple_yaml(std::string_view text, const std::string& where);

}  // namespace varve
