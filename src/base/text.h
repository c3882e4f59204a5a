#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }  // in any locale
std::string_view trim(std::string_view text);                  // without blanks, tabs and line ends on both sides
std::string file_name(std::string_view path);                  // what stands behind the last slash
// Pieces between separators; an empty text has no pieces, "a,,b" has three.
std::vector<std::string_view> split(std::string_view text, char separator);
std::vector<std::string_view> split_words(std::string_view text);  // pieces between runs of white space
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// "a, b and 3 more": the first `most` of the texts and how many there are besides.
std::string and_more(const std::vector<std::string>& texts, std::size_t most);
std::string to_lower(std::string_view text);

// The whole text as a number, or nothing: "12" yes, "12x", "" and what does not fit no.
std::optional<std::int64_t> parse_integer(std::string_view text, int base = 10);
std::optional<double> parse_number(std::string_view text);

// The text with every byte that is not valid UTF-8 (RFC 3629) replaced by U+FFFD, cut to at most `cap` bytes at a
// character boundary. Foreign text passes here before it enters a document.
std::string clean_utf8(std::string_view text, std::size_t cap = 4096);

// Columns a terminal needs for it: code points, which is right for the text Varve prints.
std::size_t display_width(std::string_view text);

// The candidate with the smallest edit distance (Levenshtein 1966), if it is at most a third of the word's length.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace varve
