#pragma once
// The one third-party header that headers may include: forward declarations only (docs/adr/0002).
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace varve {

using Json = nlohmann::json;

// The text as JSON, or an Error with the byte position. Depth is capped at 64, size at 1 GiB; `where` names the
// source for the message, `doing` what it was needed for. Bytes that are not UTF-8 are an error.
Result<Json> parse_json(std::string_view text, const std::string& doing, const std::string& where);

// RFC 8785 (JSON Canonicalization Scheme): sorted keys, shortest numbers as ECMAScript prints them, no white space.
// Two documents with equal content have equal bytes. Asserts that no number is infinite or NaN (JSON has none).
std::string canonical_json(const Json& value);

// Two-space indentation, keys sorted, a line end at the end: what Varve writes to disk.
std::string pretty_json(const Json& value);

}  // namespace varve
