#pragma once
#include <string>
#include <string_view>

namespace varve {

// Foreign text made fit to be shown on one line: valid UTF-8 in which control characters (escape sequences, line ends)
// and the marks that reverse the direction of writing (Unicode UAX 9, explicit formatting) have become U+FFFD. Tabs
// and line ends become blanks.
std::string printable(std::string_view text);

// Whether a word is a number that the next word belongs to: "95" before "%", "(12.5" before "ms)".
bool is_number_word(std::string_view word);

}  // namespace varve
