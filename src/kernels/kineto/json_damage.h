#pragma once
#include <cstddef>
#include <string_view>

namespace varve {

// Second looks at JSON text that may be damaged.

enum class Begins { no, yes, unknown };  // unknown: the text ends before that can be told

// Whether the brace at `place` begins an event: its first key is "ph", or the one that events of this trace begin with
// (`first_key`, with its quotes) while a comma or a bracket stands before the brace.
Begins begins_event(std::string_view text, std::size_t place, std::string_view first_key);

// What is wrong with the byte at `place` inside a string: a control character, a backslash that begins no escape, a
// byte that is no UTF-8. Empty: nothing, or the text ends before that can be told.
std::string_view flaw_of_string(std::string_view text, std::size_t place);

// The size of the value that the text begins with; the size of the text when its end is not in it. A value is whole
// only when something follows it. `is_broken`: a string in it does not end where it should, the size is where.
std::size_t value_size(std::string_view text, bool& is_broken);

}  // namespace varve
