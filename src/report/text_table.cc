#include "report/text_table.h"

#include <algorithm>

#include "base/text.h"
#include "report/printable.h"

namespace varve {

namespace {
constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // a column of numbers does not give way below this
constexpr std::size_t kNarrowestText = 14;

std::string_view escape_for(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::bold:
      return "\x1b[1m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::side_a:
      return "\x1b[34m";
    case Tone::side_b:
      return "\x1b[33m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::caution:
      return "\x1b[35m";
  }
  return "";
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Bytes that the first `width` characters take.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t at = 0, characters = 0;
  while (at < text.size()) {
    if (starts_character(text[at]) && characters++ == width) break;
    ++at;
  }
  return at;
}

// The words of a text, a number together with the one behind it ("95 %", "12 ms") where both fit into a line.
std::vector<std::string_view> bound_words(std::string_view text, std::size_t width) {
  std::vector<std::string_view> words;
  bool is_number = false;  // the last one
  for (const std::string_view word : split_words(text)) {
    if (is_number) {
      const std::string_view before = words.back();
      const std::string_view both(before.data(), static_cast<std::size_t>(word.data() + word.size() - before.data()));
      const bool side_by_side = both.size() == before.size() + 1 + word.size();
      is_number = false;
      if (side_by_side && display_width(both) <= width) {
        words.back() = both;
        continue;
      }
    }
    words.push_back(word);
    is_number = is_number_word(word);
  }
  return words;
}

void strip_end(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}
}  // namespace

std::string paint(std::string_view text, Tone tone, const TextStyle& style) {
  if (!style.colour || tone == Tone::plain || text.empty()) return std::string(text);
  return std::string(escape_for(tone)) + std::string(text) + "\x1b[0m";
}

std::vector<std::string> wrap_text(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  for (std::string_view word : bound_words(text, width)) {
    std::size_t size = display_width(word);
    if (used > 0 && used + 1 + size <= width) {
      lines.back() += ' ';
      lines.back() += word;
      used += 1 + size;
      continue;
    }
    if (used > 0) lines.emplace_back();
    while (size > width) {
      const std::size_t cut = bytes_of(word, width);
      lines.back() = std::string(word.substr(0, cut));
      lines.emplace_back();
      word.remove_prefix(cut);
      size -= width;
    }
    lines.back() = std::string(word);
    used = size;
  }
  return lines;
}

namespace {
// The characters from number `first` to before `last`.
std::string characters(std::string_view text, std::size_t first, std::size_t last) {
  std::string part;
  std::size_t seen = 0;
  for (const char byte : text) {
    seen += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
    if (seen > first && seen <= last) part += byte;
  }
  return part;
}
}  // namespace

std::string without_middle(std::string_view text, std::size_t columns) {
  const std::size_t all = display_width(text);
  if (all <= columns) return std::string(text);
  const std::size_t tail = columns / 2;
  return characters(text, 0, columns - tail - 1) + "…" + characters(text, all - tail, all);
}

std::string without_end(std::string_view text, std::size_t columns) {
  return display_width(text) <= columns ? std::string(text) : characters(text, 0, columns - 1) + "…";
}

std::string paragraph(std::string_view text, std::size_t indent, Tone tone, const TextStyle& style) {
  const auto width = static_cast<std::size_t>(std::max(style.width, 20));
  std::string out;
  for (const std::string& line : wrap_text(printable(text), width - std::min(indent, width / 2))) {
    out += std::string(indent, ' ') + paint(line, tone, style) + "\n";
  }
  return out;
}

void TextTable::add(std::vector<Cell> row) {
  row.resize(columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

// The widest column of text; of numbers only when the texts have given what they can.
std::optional<std::size_t> TextTable::column_to_narrow(const std::vector<std::size_t>& widths) const {
  for (const bool numbers : {false, true}) {
    std::optional<std::size_t> widest;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (columns_[i].right != numbers || widths[i] <= (numbers ? kNarrowest : kNarrowestText)) continue;
      if (!widest || widths[i] > widths[*widest]) widest = i;
    }
    if (widest) return widest;
  }
  return std::nullopt;
}

std::vector<std::size_t> TextTable::widths(const TextStyle& style) const {
  std::vector<std::size_t> widths;
  std::size_t total = indent_;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
    total += width + (i > 0 ? kGap : 0);
  }
  const auto limit = static_cast<std::size_t>(std::max(style.width, 20));
  while (total > limit) {
    const std::optional<std::size_t> widest = column_to_narrow(widths);
    if (!widest) break;
    --widths[*widest];
    --total;
  }
  return widths;
}

std::string TextTable::line(const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                            const TextStyle& style) const {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells.push_back(wrap_text(row[i].text, widths[i]));
    height = std::max(height, cells.back().size());
  }
  std::string out;
  for (std::size_t k = 0; k < height; ++k) {
    std::string text(indent_, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string piece = k < cells[i].size() ? cells[i][k] : "";
      const std::string padding(widths[i] - std::min(widths[i], display_width(piece)), ' ');
      if (i > 0) text += std::string(kGap, ' ');
      const std::string shown = paint(piece, row[i].tone, style);
      text += columns_[i].right ? padding + shown : shown + padding;
    }
    strip_end(text);
    out += text + "\n";
  }
  return out;
}

std::string TextTable::render(const TextStyle& style) const {
  const std::vector<std::size_t> columns = widths(style);
  std::string out;
  std::vector<Cell> heads;
  bool titled = false;
  for (const Column& column : columns_) {
    heads.push_back({column.title, Tone::dim});
    titled = titled || !column.title.empty();
  }
  if (titled) out += line(heads, columns, style);
  for (const auto& row : rows_) out += line(row, columns, style);
  return out;
}

}  // namespace varve
