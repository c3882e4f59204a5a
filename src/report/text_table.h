#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/text_style.h"

namespace varve {

enum class Tone { plain, bold, dim, side_a, side_b, good, bad, caution };

// The text in a tone, when the style has colours.
std::string paint(std::string_view text, Tone tone, const TextStyle& style);

// The text broken at blanks (a word that is too long: anywhere) into lines of at most `width` columns, at least one.
std::vector<std::string> wrap_text(std::string_view text, std::size_t width);

// The text on one line of at most `columns` (at least 3), with "…" for what does not fit: in the middle, or at the end.
std::string without_middle(std::string_view text, std::size_t columns);
std::string without_end(std::string_view text, std::size_t columns);

// A paragraph, each line indented by `indent` blanks.
std::string paragraph(std::string_view text, std::size_t indent, Tone tone, const TextStyle& style);

struct Cell {
  std::string text;  // printable() is applied by the table
  Tone tone = Tone::plain;
};

struct Column {
  std::string title;
  bool right = false;  // numbers stand at the right
};

// Columns side by side, two blanks between, as wide as their content. When that is more than the style's width the
// widest columns give way and their cells continue on the next line.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns, std::size_t indent = 2)
      : columns_(std::move(columns)), indent_(indent) {}

  void add(std::vector<Cell> row);
  std::string render(const TextStyle& style) const;

 private:
  std::optional<std::size_t> column_to_narrow(const std::vector<std::size_t>& widths) const;
  std::vector<std::size_t> widths(const TextStyle& style) const;
  std::string line(const std::vector<Cell>& row, const std::vector<std::size_t>& widths, const TextStyle& style) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  std::size_t indent_;
};

}  // namespace varve
