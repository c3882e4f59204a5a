#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve {

// Small questions that several readers ask of a line.

// "Nvidia driver version : 550" → {"Nvidia driver version", "550"}, cut at the first colon; blanks around both are left
// out. Nothing without a colon.
std::optional<std::pair<std::string_view, std::string_view>> key_and_value(std::string_view line);

// Whether `mark` stands in it.
bool has(std::string_view text, std::string_view mark);
bool is_among(std::string_view word, std::span<const std::string_view> words);
std::string_view bare_word(std::string_view word);  // without the marks around it
// What stands behind `mark`, up to the end of the line; nothing where it does not stand there.
std::optional<std::string_view> behind(std::string_view line, std::string_view mark);
// Up to the first of the characters in `ends`.
std::string_view up_to(std::string_view text, std::string_view ends);

// The digits and dots at its start: "12.4" of "12.4, V12.4.131"; without a dot at the end.
std::string_view leading_version(std::string_view text);
bool is_package_name(std::string_view text);     // letters, digits, ". _ -"; begins with a letter, digit or "_"
bool is_package_version(std::string_view text);  // begins with a digit, or "v" and a digit; no blanks
bool is_variable_name(std::string_view text);    // capitals, digits and "_" as variables are called

// Pieces of a line between at least two blanks or a tab.
std::vector<std::string_view> columns_of(std::string_view line);

// The number at its start.
std::optional<std::int64_t> leading_number(std::string_view text);

// A path as it may be kept: one of the system's own as it is, of any other the file's name alone.
std::string kept_path(std::string_view path);

}  // namespace varve
